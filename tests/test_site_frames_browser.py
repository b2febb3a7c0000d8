"""Frames of the site are as high as what is in them, in headless Chromium."""

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
    "sizes": lambda path: path.write_text(sizes_page("9.8"), encoding="utf-8"),
}
STATIC = Path(__file__).parents[1] / "docs" / "static"


def waiting(browser: Any) -> Any:
    """Twenty seconds for what a page does in its own time."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20)


def host(folder: Path, inner: str, wide: int) -> Path:
    page = folder / "host.html"
    page.write_text(
        f'<link rel="stylesheet" href="{(STATIC / "site.css").as_uri()}">'
        f'<body data-theme="light"><iframe class="live" src="{inner}" style="width: {wide}px">'
        f'</iframe><script src="{(STATIC / "site.js").as_uri()}"></script>',
        "utf-8",
    )
    return page


def height_of(browser: Any) -> int:
    """Of the frame, once it is as high as the page in it."""

    def fits(_: Any) -> int:
        browser.switch_to.default_content()
        frame = int(browser.execute_script("return document.querySelector('iframe').clientHeight"))
        browser.switch_to.frame(0)
        whole = browser.execute_script(
            "return Math.ceil(document.documentElement.getBoundingClientRect().height)"
        )
        return frame if frame == whole else 0

    return int(waiting(browser).until(fits))


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("wide", [330, 700])
def test_a_frame_is_as_high_as_its_page(
    chromium: Any, tmp_path: Path, kind: str, wide: int
) -> None:
    PAGES[kind](tmp_path / "inner.html")
    inner = "inner.html?part=explorer" if kind == "explorer" else "inner.html"
    chromium.get(host(tmp_path, inner, wide).as_uri())
    assert height_of(chromium) > 200
    if kind == "explorer":
        shown = "return [...document.querySelectorAll('.ex-panel, .rest, .ex-places')]" + (
            ".map((part) => [part.className.split(' ').at(-1), part.offsetHeight > 0])"
        )
        assert dict(chromium.execute_script(shown)) == {
            "ex-list": True,
            "ex-image": True,
            "ex-tensor": True,
            "rest": False,
            "ex-places": False,
        }
    chromium.switch_to.default_content()
    assert chromium.get_log("browser") == []


def test_a_frame_grows_with_its_page_and_shrinks_with_its_width_alone(
    chromium: Any, tmp_path: Path
) -> None:
    PAGES["figure"](tmp_path / "inner.html")
    chromium.get(host(tmp_path, "inner.html", 500).as_uri())
    before = height_of(chromium)
    line = "document.querySelector('.cg-caption').style.minHeight = '60em'"
    chromium.execute_script(line)
    more = height_of(chromium)
    assert more > before + 500
    chromium.execute_script("document.querySelector('.cg-caption').style.minHeight = ''")
    chromium.switch_to.default_content()
    high = "return document.querySelector('iframe').clientHeight"
    assert chromium.execute_script(high) == more
    chromium.execute_script("document.querySelector('iframe').style.width = '450px'")
    assert height_of(chromium) < more - 400


def test_who_does_not_ask_hears_nothing(chromium: Any, tmp_path: Path) -> None:
    PAGES["figure"](tmp_path / "inner.html")
    page = tmp_path / "host.html"
    page.write_text(
        "<script>var heard = []; addEventListener('message', ({ data }) => heard.push(data));"
        '</script><iframe src="inner.html"></iframe>',
        "utf-8",
    )
    chromium.get(page.as_uri())
    ask = """
const done = arguments[1];
document.querySelector("iframe").contentWindow.postMessage(arguments[0], "*");
setTimeout(() => done(heard), 300);"""
    assert chromium.execute_async_script(ask, {"colorScheme": "dark"}) == []
    heard = chromium.execute_async_script(ask, {"tellHeight": True})
    assert heard
    assert all(set(each) == {"height"} and each["height"] > 200 for each in heard)


def test_pictures_are_dimmed_in_the_dark_alone(chromium: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        f'<link rel="stylesheet" href="{(STATIC / "site.css").as_uri()}">'
        '<body data-theme="auto"><article><img alt=""></article>',
        "utf-8",
    )
    seen = {}
    for system in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": system}]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        chromium.get(page.as_uri())
        for theme in ("auto", "light", "dark"):
            chromium.execute_script(f"document.body.dataset.theme = '{theme}'")
            look = "return getComputedStyle(document.querySelector('img')).filter"
            seen[system, theme] = chromium.execute_script(look) != "none"
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert {case for case, dim in seen.items() if dim} == {
        ("light", "dark"),
        ("dark", "auto"),
        ("dark", "dark"),
    }


def test_long_pictures_are_not_made_smaller_than_half(chromium: Any, tmp_path: Path) -> None:
    net = cg.Conv(3, padding="same").on(30)
    cg.draw(net).save(tmp_path / "long.svg")
    cg.draw(cg.Conv(3).on(5)).save(tmp_path / "short.svg")
    page = tmp_path / "page.html"
    page.write_text(
        f'<link rel="stylesheet" href="{(STATIC / "site.css").as_uri()}">'
        '<style>img { max-width: 100% }</style><article style="width: 500px">'
        '<p><img src="long.svg" alt=""></p><p><img src="short.svg" alt=""></p></article>'
        f'<script src="{(STATIC / "site.js").as_uri()}"></script>',
        "utf-8",
    )
    chromium.get(page.as_uri())
    looked = """
return [...document.querySelectorAll("p")].map((row) =>
  [row.className, row.firstChild.offsetWidth / row.firstChild.naturalWidth > 0.49]);"""
    waiting(chromium).until(lambda _: chromium.execute_script(looked)[0][0])
    assert chromium.execute_script(looked) == [["long more", True], ["", True]]
    chromium.execute_script("document.querySelector('p').scrollLeft = 1e6")
    waiting(chromium).until(lambda _: chromium.execute_script(looked)[0] == ["long", True])
    assert chromium.execute_script("return document.documentElement.scrollWidth <= innerWidth")
