"""Pages and films: how long writing them takes, and how long a page takes to answer."""

from __future__ import annotations

import runpy
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from harness import Result, benchmark, best, figure, seconds

import convgraph as cg

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
EXAMPLES = Path(__file__).parent.parent / "examples"
# Cells of every tensor in turn, as a pointer would ask for them, drawing included; of three rounds
# the best, as what else the machine does is not the page's.
ASKED = """
const explorer = document.querySelector('.ex').explorer, times = new Array(100).fill(Infinity);
const last = explorer.network.rows.length - 1;
for (let n = 0; n < 300; n++) {
  const i = n % 100, row = 1 + (i * 7) % last, { space } = divided(explorer.network.rows[row]);
  explorer.choose(row);
  explorer.hover = { kind: 'cell', row, channel: null, place: space.map((n) => (i * 13) % n) };
  const start = performance.now();
  explorer.show();
  times[i] = Math.min(times[i], performance.now() - start);
}
times.sort((a, b) => a - b);
return [times[50], times[95], times[99]];
"""
PAINTED = "return performance.getEntriesByName('first-contentful-paint')[0].startTime"


@benchmark("Pages: the explorer")
def explorer() -> Iterator[Result]:
    networks = {
        "ResNet-50": cg.from_onnx(LIGHT / "light_resnet50.onnx"),
        "the original U-Net, 572 x 572": runpy.run_path(str(EXAMPLES / "original_unet.py"))["net"],
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, network in networks.items():
            yield from _page(name, network, Path(folder) / "page.html")


def _page(name: str, network: cg.Network, path: Path) -> Iterator[Result]:
    writing = best(lambda: cg.report(network).save(path), 2)
    yield Result(f"{name}: its page, written", seconds(writing), "", "", "3 s")
    yield figure("the same: bytes", f"{path.stat().st_size:,}", "1,000,000")
    browser = _browser()
    if browser is None:
        yield figure("the same: in a browser", "no Chromium with its driver here")
        return
    browser.set_script_timeout(300)
    browser.get(path.as_uri())
    yield Result(
        "the same: first paint", seconds(browser.execute_script(PAINTED) / 1e3), "", "", "0.5 s"
    )
    middle, most, slowest = browser.execute_script(ASKED)
    yield Result("the same: an answer, drawn", seconds(middle / 1e3), "", "", "16 ms")
    yield Result("the same: 95 of 100 answers", seconds(most / 1e3), "", "", "16 ms")
    yield Result("the same: the slowest of 100", seconds(slowest / 1e3), "", "", "")
    browser.quit()


@benchmark("Pages: films")
def films() -> Iterator[Result]:
    film = cg.animate(cg.Conv((3, 3), padding=1).on((10, 10)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.gif"
        yield Result(
            f"{len(film.frames)} frames as GIF", seconds(best(lambda: film.save(path), 2)), "", "",
            "3 s",
        )  # fmt: skip
        page = Path(folder) / "sweep.html"
        film.save(page)
        yield figure("the same as a page: bytes", f"{page.stat().st_size:,}")


def _browser() -> Any:
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    try:
        from selenium import webdriver
    except ImportError:
        return None
    if not binary or not driver:
        return None
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
