"""Pages that answer are light or dark as the page around them says, in headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.book.sizes_page import sizes_page

pytestmark = pytest.mark.exhaustive

NET = cg.Conv((3, 3), padding="same").on((5, 5))
PAGES = {
    "figure": lambda path: cg.draw(cg.Conv(3).on(5)).save(path),
    "explorer": lambda path: cg.report(NET).save(path),
    "film": lambda path: cg.animate(NET).save(path),
    "sizes": lambda path: path.write_text(sizes_page("9.8"), encoding="utf-8"),
}
# Whether the paper is bright.
PAPER = """
const paper = getComputedStyle(document.querySelector(".mo, .ex") || document.body);
return Number(paper.backgroundColor.match(/\\d+/)[0]) > 128 ? "light" : "dark";"""


@pytest.fixture
def browser(chromium: Any) -> Any:
    def system(scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    chromium.system = system
    yield chromium
    system("light")


@pytest.mark.parametrize("kind", PAGES)
def test_a_frame_follows_the_page_around_it(browser: Any, tmp_path: Path, kind: str) -> None:
    PAGES[kind](tmp_path / "inner.html")
    host = tmp_path / "host.html"
    host.write_text('<iframe src="inner.html" width="900" height="600"></iframe>', "utf-8")
    browser.system("light")
    browser.get(host.as_uri())

    def tell(message: Any) -> str:
        browser.switch_to.default_content()
        script = "document.querySelector('iframe').contentWindow.postMessage(arguments[0], '*')"
        browser.execute_script(script, message)
        browser.switch_to.frame(0)
        return str(browser.execute_script(PAPER))

    assert tell({"colorScheme": "dark"}) == "dark"
    assert tell({"colorScheme": "light"}) == "light"
    browser.system("dark")
    assert tell(None) == "light"  # what is no wish changes nothing
    assert tell({"colorScheme": "<img>"}) == "dark"  # and no such word leaves it to the system
    assert tell({"colorScheme": "constructor"}) == "dark"
    browser.switch_to.default_content()
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("kind", PAGES)
def test_an_address_says_how_a_page_is_to_look(browser: Any, tmp_path: Path, kind: str) -> None:
    PAGES[kind](tmp_path / "inner.html")
    address = (tmp_path / "inner.html").as_uri()
    browser.system("light")
    seen = []
    for query in ("", "?color-scheme=dark", "?color-scheme=light", "?color-scheme=%00"):
        browser.get(f"{address}{query}")
        seen.append(browser.execute_script(PAPER))
    assert seen == ["light", "dark", "light", "light"]
    assert browser.get_log("browser") == []


# -- the site --------------------------------------------------------------------------------------

SCRIPT = Path(__file__).parents[1] / "docs" / "static" / "site.js"


def test_frames_and_links_of_the_site_follow_its_switch(browser: Any, tmp_path: Path) -> None:
    PAGES["figure"](tmp_path / "inner.html")
    host = tmp_path / "host.html"
    host.write_text(
        '<body data-theme="dark"><iframe class="live" src="inner.html"></iframe>'
        f'<a class="live" href="inner.html#x1">live</a><script src="{SCRIPT.as_uri()}"></script>',
        "utf-8",
    )
    browser.system("light")
    browser.get(host.as_uri())

    def seen() -> tuple[str, str]:
        link = browser.find_element("css selector", "a").get_attribute("href")
        browser.switch_to.frame(0)
        paper = browser.execute_script(PAPER)
        browser.switch_to.default_content()
        return str(paper), link.rpartition("/")[2]

    assert seen() == ("dark", "inner.html?color-scheme=dark#x1")
    browser.execute_script("document.body.dataset.theme = 'light'")
    assert seen() == ("light", "inner.html?color-scheme=light#x1")
    browser.execute_script("document.body.dataset.theme = 'auto'")
    browser.system("dark")
    assert seen() == ("dark", "inner.html#x1")


def test_old_addresses_of_the_reference_lead_to_the_rooms(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "room.html").write_text("<p>Here.</p>", "utf-8")
    page = tmp_path / "made" / "api.html"
    page.write_text(
        '<table><tr><td><span id="convgraph.Network"></span>'
        '<a href="room.html#convgraph.Network">Network</a></td></tr></table>'
        f'<script src="{SCRIPT.as_uri()}"></script>',
        "utf-8",
    )
    for name in ("convgraph.Network", "convgraph.Network.evaluate"):
        browser.get("about:blank")
        browser.get(f"{page.as_uri()}#{name}")
        assert browser.current_url.endswith(f"/made/room.html#{name}")
