"""The page of an animation in headless Chromium: it plays, stops, and goes step by step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    film = cg.animate(cg.Conv(3, padding="same").on(5), seconds=0.1)
    chromium.get(film.save(tmp_path / "page.html").as_uri())
    yield chromium
    assert chromium.get_log("browser") == []


def shown(browser: Any) -> int:
    """The number of the frame that is seen, which is the only one."""
    (at,) = browser.execute_script(
        "return [...document.querySelectorAll('.mo-frame')]"
        ".flatMap((f, i) => (f.getAttribute('visibility') === 'visible' ? [i] : []))"
    )
    return int(at)


def button(browser: Any, name: str) -> Any:
    return browser.find_element("css selector", f"[value={name}]")


def test_it_plays_and_goes_on_from_the_end(page: Any) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    seen: list[int] = []

    def ended(browser: Any) -> bool:
        """Whether the first frame is shown again after the last one."""
        at = shown(browser)
        if seen[-1:] != [at]:
            seen.append(at)
        return 6 in seen and at == 0

    WebDriverWait(page, 10, poll_frequency=0.02).until(ended)
    assert set(seen) <= set(range(7))
    assert len(set(seen)) > 2  # frames between the two as well


def test_it_stops_and_goes_step_by_step_with_buttons_and_keys(page: Any) -> None:
    button(page, "play").click()
    assert button(page, "play").text == "play"
    at = shown(page)
    button(page, "next").click()
    assert shown(page) == (at + 1) % 7
    button(page, "next").send_keys("\ue012")  # arrow to the left
    assert shown(page) == at
    button(page, "back").send_keys("\ue011")  # home
    assert shown(page) == 0
    said = page.find_element("css selector", ".mo-said").get_attribute("textContent")
    assert said == "Conv(3, padding='same') on 5"


def test_keys_need_no_focus_and_a_caption_stands_below_the_film_at_any_width(page: Any) -> None:
    button(page, "play").click()
    page.execute_script("document.activeElement.blur()")
    at = shown(page)
    page.find_element("css selector", "body").send_keys("\ue014")  # arrow to the right
    assert shown(page) == (at + 1) % 7
    caption = page.find_element("css selector", ".mo-caption")
    size = {"width": 390, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    assert caption.is_displayed()
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert caption.is_displayed()
    said = page.find_element("css selector", ".mo-said").get_attribute("textContent")
    assert caption.text == said
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_is_dark_where_asked_and_fits_a_narrow_page(page: Any) -> None:
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    section = page.find_element("css selector", ".mo")
    assert section.value_of_css_property("background-color") == "rgba(21, 23, 27, 1)"
    size = {"width": 390, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.scrollingElement.scrollWidth") <= 390
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_keys_with_modifiers_are_the_browsers_and_the_page_numbers_its_frames(page: Any) -> None:
    button(page, "play").click()
    button(page, "next").click()
    at = shown(page)
    taken = page.execute_script(
        "return ['altKey', 'ctrlKey', 'metaKey', 'shiftKey', 'none'].map((key) =>"
        " !document.querySelector('[value=next]').dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'ArrowLeft', bubbles: true, cancelable: true, [key]: true})))"
    )
    assert taken == [False] * 4 + [True]
    assert shown(page) == (at - 1) % 7
    number = page.find_element("css selector", ".mo-number").text
    assert number == f"{shown(page) + 1}/7"


def test_first_and_last_have_buttons_and_keys(page: Any) -> None:
    button(page, "play").click()
    button(page, "last").click()
    assert shown(page) == 6
    button(page, "first").click()
    assert shown(page) == 0
    button(page, "first").send_keys("\ue010")  # end
    assert shown(page) == 6
    slider = page.find_element("css selector", "input[type=range]")
    slider.send_keys("\ue011")  # home, which is the slider's own
    assert shown(page) == 0
    slider.send_keys("\ue014")
    assert shown(page) == 1
    assert slider.get_attribute("aria-valuetext").startswith("2 of 7: ")


def test_the_speed_is_chosen_and_has_keys(page: Any) -> None:
    speed = page.find_element("css selector", "select")
    assert speed.accessible_name == "Speed"
    assert speed.get_attribute("value") == "1"
    body = page.find_element("css selector", "body")
    said = page.find_element("css selector", ".mo-said")
    body.send_keys("+")
    assert speed.get_attribute("value") == "2"
    assert said.get_attribute("textContent") == "speed 2\u00d7"
    body.send_keys("---------")
    assert speed.get_attribute("value") == "0.25"
    button(page, "play").click()  # it stops
    at = shown(page)
    speed.send_keys("\ue015")  # an arrow is the list's own, and no step
    assert speed.get_attribute("value") == "0.5"
    assert shown(page) == at


def test_every_control_has_a_name_and_the_buttons_do_not_move(page: Any) -> None:
    controls = page.find_elements("css selector", ".mo-bar button, .mo-bar input, .mo-bar select")
    assert [each.accessible_name for each in controls] == [
        "first", "back", controls[2].text, "next", "last", "Frame", "Speed",
    ]  # fmt: skip
    size = {"width": 390, "height": 700, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    button(page, "last").click()
    places = set()
    for _ in range(7):
        button(page, "next").click()
        places.add(tuple(button(page, "next").rect.values()))
        for each in controls:
            assert each.rect["x"] >= 0
            assert each.rect["x"] + each.rect["width"] <= 390
    assert len(places) == 1
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_it_waits_to_be_played_where_less_motion_is_asked_for(page: Any) -> None:
    less = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", less)
    page.refresh()
    assert button(page, "play").text == "play"
    assert shown(page) == 0
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
