"""Photographs of all kinds on the page: dropped, chosen and pasted; and files that are none."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from tests.test_explorer_browser import Page

pytestmark = pytest.mark.exhaustive

# A file as somebody gives it, and when it is shown or refused what is said and some pixels.
GIVEN = """
const [encoded, name, how, done] = arguments;
const explorer = document.querySelector(".ex").explorer, { picture } = explorer;
const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0)), data = new DataTransfer();
data.items.add(new File([bytes], name, { type: "image/png" }));
const [card, said] = [picture.name, explorer.one(".ex-caption").textContent];
if (how === "paste") {
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
} else if (how === "file") {
  const input = document.querySelector(".ex-file");
  input.files = data.files;
  input.dispatchEvent(new Event("change"));
} else {
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector(how).dispatchEvent(event);
  if (!event.defaultPrevented) done("the browser opens the file");
}
const at = (y, x) => [...picture.pixels.slice(4 * (y * 20 + x), 4 * (y * 20 + x) + 3)];
const look = () => (picture.name === card && explorer.one(".ex-caption").textContent === said ?
  setTimeout(look, 20) : requestAnimationFrame(() => done([document.querySelector(
    ".ex-image figcaption").textContent, explorer.one(".ex-caption").textContent,
    at(1, 1), at(1, 18), at(18, 1), at(18, 18)])));
look();
"""
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def encoded(image: Any, kind: str, **options: Any) -> str:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    chromium.get_log("browser")
    net = cg.Conv((3, 3), padding=1).on((3, 20, 20))
    yield Page(chromium, cg.report(net).save(tmp_path / "page.html").as_uri())
    assert chromium.get_log("browser") == []


def halves(pillow: Any, mode: str = "RGB", size: tuple[int, int] = (80, 80)) -> Any:
    """Red on the left and blue on the right."""
    image = pillow.new(mode, size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def near(found: Any, wanted: Any) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("how", [".ex-image canvas", ".ex-tensor", ".ex-list", "paste", "file"])
def test_a_photograph_comes_in_every_way(page: Any, how: str) -> None:
    pillow = pytest.importorskip("PIL.Image")
    wide = encoded(halves(pillow, size=(120, 80)), "PNG")
    head, _, *pixels = page.browser.execute_async_script(GIVEN, wide, "own.png", how)
    assert "own.png, of 120 × 80 the 80 × 80 in its middle" in head
    assert all(map(near, pixels, (RED, BLUE, RED, BLUE)))


def test_photographs_of_all_kinds_are_shown_as_they_look(page: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    turned, clear = pillow.Exif(), pillow.new("RGBA", (80, 80), (*RED, 0))
    turned[0x0112] = 6  # to be turned by a quarter, clockwise
    clear.paste((*GREEN, 255), (40, 0, 80, 80))
    moving = {"save_all": True, "append_images": [pillow.new("RGB", (80, 80), GREEN).convert("P")]}
    large = pillow.new("RGB", (9000, 9000), GREEN)
    for name, file, wanted in (
        ("turned", encoded(halves(pillow), "JPEG", exif=turned), (RED, RED, BLUE, BLUE)),
        ("clear", encoded(clear, "PNG"), (WHITE, GREEN, WHITE, GREEN)),
        ("moving", encoded(halves(pillow).convert("P"), "GIF", **moving), (RED, BLUE, RED, BLUE)),
        ("large", encoded(large, "PNG", compress_level=1), (GREEN,) * 4),
    ):
        head, _, *pixels = page.browser.execute_async_script(GIVEN, file, name, ".ex-image")
        assert name in head
        assert all(map(near, pixels, wanted)), name


def test_what_is_no_image_is_told_and_the_picture_stays(page: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    broken = base64.b64encode(base64.b64decode(encoded(halves(pillow), "PNG"))[:60]).decode()
    text = base64.b64encode(b"text").decode()
    for name, file in (("renamed.png", text), ("broken.png", broken), ("empty.png", "")):
        head, said, *_ = page.browser.execute_async_script(GIVEN, file, name, ".ex-image")
        assert said == f"{name} is no image that this browser reads."
        assert "test card" in head
