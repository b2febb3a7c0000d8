"""The explorer in headless Chromium: pointer, keyboard, links, a photograph, dark and narrow."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.onnx_light import light

pytestmark = pytest.mark.exhaustive


def png(rows: Any) -> Any:
    """A picture of these pixels as PNG, in base64."""

    def chunk(kind: Any, content: Any) -> Any:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    lines = b"".join(b"\0" + bytes(v for pixel in row for v in pixel) for row in rows)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def small() -> Any:
    spec = cg.Conv((3, 3), 2, padding="same") >> cg.ReLU() >> cg.Conv((3, 3), 2, dilation=2)
    return spec.on((1, 9, 9))


class Page:
    """Somebody in front of the explorer."""

    def __init__(self, browser: Any, address: Any) -> None:
        from selenium.webdriver import ActionChains, Keys

        self.browser, self.keys = browser, Keys
        self.actions = lambda: ActionChains(browser)
        browser.get("about:blank")
        browser.get(address)

    def one(self, selector: Any) -> Any:
        return self.browser.find_element("css selector", selector)

    def run(self, code: Any, *given: Any) -> Any:
        return self.browser.execute_script(
            "const explorer = document.querySelector('.ex').explorer;" + code, *given
        )

    def until(self, condition: Any) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 20).until(lambda _: condition())

    @property
    def said(self) -> Any:
        return self.one(".ex-caption").text

    @property
    def link(self) -> Any:
        return self.browser.execute_script("return location.hash")

    def cell(self, row: Any, column: Any) -> None:
        """Move the pointer to a cell of the tensor that is shown."""
        side, tall = self.run("return [explorer.grid.side, explorer.grid.tall]")
        canvas = self.one(".ex-tensor canvas")
        width, height = canvas.size["width"], canvas.size["height"]
        x, y = (column + 0.5) * side - width / 2, (row + 0.5) * tall - height / 2
        self.actions().move_to_element_with_offset(canvas, round(x), round(y)).perform()
        self.settle()

    def settle(self) -> None:
        """When all that was asked is answered and drawn."""
        self.browser.execute_async_script(
            "const done = arguments[0];"
            "const busy = () => document.querySelector('.ex')?.explorer?.answers.busy;"
            "const look = () => requestAnimationFrame(() => requestAnimationFrame("
            "() => (busy() ? look() : requestAnimationFrame(() => requestAnimationFrame(done)))));"
            "look();"
        )

    def press(self, *keys: Any) -> None:
        self.actions().send_keys(*keys).perform()
        self.settle()

    def emulate(self, width: Any, dark: Any = False) -> None:
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.settle()


@pytest.fixture(scope="module")
def address(tmp_path_factory: Any) -> Any:
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    return cg.report(small()).save(path).as_uri()


@pytest.fixture
def page(chromium: Any, address: Any) -> Iterator[Any]:
    yield Page(chromium, address)
    assert chromium.get_log("browser") == []


def test_pointing_at_a_cell_says_what_it_sees(page: Any) -> None:
    net = small()
    last = net.outputs[0].name
    page.run("explorer.choose(explorer.network.rows.length - 1)")
    page.cell(2, 1)
    field = cg.receptive_field(net, [f"{last}{c},3,2" for c in (1, 2)])
    assert (
        f"{last} at row 3, column 2, all channels sees {len(field)} of the 81 pixels" in page.said
    )
    assert "in between are not seen" in page.said or len(field) == 49
    assert "of the paths" not in page.said  # 95% of them start in all of these


@pytest.mark.parametrize("rank", [1, 3])
def test_inputs_of_one_and_of_three_axes_are_explored(
    chromium: Any, tmp_path: Path, rank: int
) -> None:
    path = tmp_path / "page.html"
    cg.report(cg.Conv((3,) * rank, padding=1).on((5,) * rank)).save(path)
    chromium.get_log("browser")
    page = Page(chromium, path.as_uri())
    seen = "27" if rank == 3 else "3"
    page.until(lambda: f"sees {seen} " in page.said)
    outline = page.run(
        "const source = explorer.network.rows[explorer.source];"
        "const found = explorer.answers.about(explorer.point());"
        "return explorer.outline(inSpace(source, found.get(explorer.source)))"
    )
    slices = [[5 * n + 1, 1, 5 * n + 4, 4] for n in (1, 2, 3)]
    assert outline == ([[0, 1, 1, 4]] if rank == 1 else slices)
    assert chromium.get_log("browser") == []


def test_a_click_stays_and_a_link_opens_it(page: Any, chromium: Any, address: Any) -> None:
    page.run("explorer.choose(explorer.network.rows.length - 1)")
    page.cell(1, 3)
    page.actions().click().perform()
    page.settle()
    link, said = page.link, page.said
    assert link.endswith("&cell=2,4")
    again = Page(chromium, address + link)
    assert again.said == said
    assert again.link == link


def test_pointing_at_a_pixel_says_what_it_affects(page: Any) -> None:
    net = small()
    page.one(".ex-image canvas").click()
    reached = cg.projective_field(net, "x1,5,5", "h2")
    assert f"affects {len(reached)} of the {net.row('h2').size} units of h2" in page.said
    page.one(".ex-image canvas").send_keys(page.keys.ARROW_UP)
    page.settle()
    assert "row 4, column 5 affects" in page.said


def test_the_keyboard_alone_suffices(page: Any) -> None:
    tree = page.browser.find_elements("css selector", ".ex-item")
    tree[-1].send_keys(page.keys.ARROW_UP)
    page.settle()
    assert page.browser.switch_to.active_element == tree[-2]
    tree[-1].click()
    canvas = page.one(".ex-tensor canvas")
    page.browser.execute_script("arguments[0].focus()", canvas)
    page.press(page.keys.ARROW_RIGHT)
    before = page.said
    page.press(page.keys.ARROW_RIGHT)
    assert page.said != before
    page.press(page.keys.PAGE_UP)
    assert ", channel 1" in page.said
    page.press(page.keys.ESCAPE)
    assert "cell=" not in page.link


def test_two_cells_are_compared(page: Any) -> None:
    page.run("explorer.choose(explorer.network.rows.length - 1)")
    page.cell(0, 0)
    page.actions().click().perform()
    page.one(".ex-keep").click()
    page.cell(0, 2)
    assert page.said.startswith("Kept: ")
    assert "% of all together" in page.said


def test_the_sliders_say_what_moves_along(page: Any) -> None:
    net = small()
    last = net.outputs[0]
    page.run("explorer.choose(explorer.network.rows.length - 1)")
    slider = page.one(".ex-shift input")
    page.browser.execute_script("arguments[0].focus()", slider)
    page.press(page.keys.ARROW_RIGHT)
    verdict = cg.check_equivariance(net, cg.Shift((1, 0)))
    cells = verdict.exact.mask().all(axis=0).sum()
    assert f"{cells} of {int(last.size) // 2} cells do so exactly" in page.said
    assert page.link.endswith("&shift=1,0")


def test_parameters_say_how_often_they_are_used(page: Any) -> None:
    net = small()
    page.run("explorer.choose(1)")
    page.one(".ex-array summary").click()
    page.until(lambda: page.browser.find_elements("css selector", ".ex-uses"))  # told by an event
    shown = [int(cell.text) for cell in page.browser.find_elements("css selector", ".ex-uses td")]
    letter = net.layers[0].arrays[0].letter
    named = [str(p) for p in net.parameters if str(p).startswith(letter)][:9]
    assert shown == [cg.uses(net, name).count for name in named]


def test_a_photograph_is_shown_and_what_is_none_is_told(page: Any) -> None:
    drop = """
const [encoded, type, done] = arguments;
const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
const data = new DataTransfer();
data.items.add(new File([bytes], "own.png", { type }));
const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
document.querySelector(".ex-image").dispatchEvent(event);
setTimeout(done, 500);
"""
    page.browser.execute_async_script(drop, png([[(255, 0, 0)] * 9] * 9), "image/png")
    assert "own.png" in page.one(".ex-image figcaption").text
    assert page.run("return Array.from(explorer.picture.pixels.slice(0, 3))") == [255, 0, 0]
    page.browser.execute_async_script(drop, base64.b64encode(b"text").decode(), "text/plain")
    assert "is no image that this browser reads" in page.said


def test_findings_are_places(chromium: Any, tmp_path: Path) -> None:
    net = (cg.Conv((1, 1), 2, stride=2) >> cg.ReLU()).on((1, 8, 8))
    page = Page(chromium, cg.report(net).save(tmp_path / "page.html").as_uri())
    button = next(
        b
        for b in page.browser.find_elements("css selector", ".ex-rule button")
        if "seen by no" in b.text
    )
    button.click()
    page.settle()
    witness = cg.findings(net).of("unread-input")[0].witness
    shown = page.run(
        "const found = explorer.answers.about(explorer.point());"
        "const seen = everywhere(inSpace(explorer.network.rows[0], found.get(0)));"
        "return Array.from(seen, (v) => v > 0)"
    )
    assert np.array_equal(np.array(shown).reshape(8, 8), witness.mask().reshape(8, 8))


def test_a_finding_is_told_until_something_else_is_asked_and_a_link_opens_it(
    chromium: Any, tmp_path: Path
) -> None:
    net = (cg.Conv((3, 3), 2, stride=2, padding=1) >> cg.MaxPool((2, 2))).on((1, 8, 8))
    found = cg.findings(net)
    address = cg.report(net).save(tmp_path / "page.html").as_uri()
    page = Page(chromium, address)
    button = page.browser.find_elements("css selector", ".ex-rule button")[-1]
    button.click()
    page.settle()
    told = page.said
    stride = found.of("stride-without-blur")[-1]
    assert told.startswith(f"{stride.message}. {stride.reason} The input moves by ")
    assert "none of its cells move along exactly" in told
    page.cell(0, 0)
    assert " sees " in page.said
    page.actions().move_to_element(page.one("h1")).perform()
    page.settle()
    assert page.said == told
    assert button.get_attribute("aria-pressed") == "true"
    page = Page(chromium, address + page.link)
    page.settle()
    assert page.said == told
    page.one(".ex-rule button").click()
    page.press(page.keys.ESCAPE)
    assert "finding=" not in page.link
    assert "shift=" not in page.link
    assert not page.browser.find_elements("css selector", ".ex-rule [aria-pressed=true]")
    number = next(i for i, each in enumerate(found, 1) if each.rule == "uneven-padding")
    page = Page(chromium, f"{address}#finding={number}")
    legend = page.browser.find_elements("css selector", ".ex-legend li")
    assert legend[0].text == ""
    assert "what the finding is about" in [each.text for each in legend]
    assert "no tensor nought" in Page(chromium, address + "#tensor=nought").said
    assert "no cell 5,1 of h on" in Page(chromium, address + "#tensor=h&cell=5,1").said
    assert "no channel 3 of h on" in Page(chromium, address + "#tensor=h&channel=3").said
    assert "no pixel 9,9 on" in Page(chromium, address + "#tensor=h&pixel=9,9").said
    assert "There is no" not in Page(chromium, address + "#tensor=h&channel=2&cell=4,1").said


def test_branches_that_look_elsewhere_are_held_against_each_other(
    chromium: Any, tmp_path: Path
) -> None:
    x = cg.Input((1, 9, 9))
    one, other = (cg.Conv((3, 3), padding=pads)(x) for pads in (1, ((2, 0), (2, 0))))
    net = cg.Network(x, cg.Add()(one, other), names=["x", "a", "b", "sum"])
    address = cg.report(net).save(tmp_path / "page.html").as_uri()
    page = Page(chromium, address)
    number = [each.rule for each in cg.findings(net)].index("misaligned-merge")
    page.browser.find_elements("css selector", ".ex-rule button")[number].click()
    page.settle()
    fields = [cg.receptive_field(net, f"{row}1,5,5") for row in "ab"]
    both, either = (len(set(fields[0]) & set(fields[1])), len(set(fields[0]) | set(fields[1])))
    assert f"Both: {both}, {round(100 * both / either)}% of all together." in page.said
    assert "The middles of these two fields (+) are 1 row and 1 column apart." in page.said
    again = Page(chromium, address + page.link)
    assert "Both: " in again.said
    page.one(".ex-stage canvas").click()
    page.settle()
    assert "Kept" not in page.said


def test_branches_behind_an_upsampling_are_shown_where_they_differ(
    chromium: Any, tmp_path: Path
) -> None:
    """Of two neighbours behind it one lies where the other branch looks, and one a cell behind."""
    x = cg.Input((1, 16, 16))
    up = cg.Upsample(2)(cg.Conv((1, 1), stride=2)(x))
    net = cg.Network(x, cg.Add()(up, cg.Conv((1, 1))(x)))
    page = Page(chromium, cg.report(net).save(tmp_path / "page.html").as_uri())
    number = [each.rule for each in cg.findings(net)].index("misaligned-merge")
    page.browser.find_elements("css selector", ".ex-rule button")[number].click()
    page.settle()
    assert "The middles of these two fields (+) are 1 row and 1 column apart." in page.said
    assert page.run("return explorer.one('.ex-bar').getBoundingClientRect().top >= 0")


def test_a_page_that_is_shown_later_is_laid_out_then(chromium: Any, tmp_path: Path) -> None:
    cg.report(small()).save(tmp_path / "page.html")
    host = tmp_path / "host.html"
    host.write_text('<iframe src="page.html" width=700 height=500 style="display: none"></iframe>')
    page = Page(chromium, host.as_uri())
    frame = page.one("iframe")
    page.browser.execute_script("arguments[0].style.display = ''", frame)
    page.browser.switch_to.frame(frame)
    page.until(lambda: " sees " in page.said)
    assert page.run("return explorer.grid.columns") > 1
    page.browser.switch_to.default_content()
    assert chromium.get_log("browser") == []


def test_what_is_kept_is_compared_with_nothing_but_others(page: Any) -> None:
    page.run("explorer.choose(explorer.network.rows.length - 1)")
    page.cell(1, 1)
    page.actions().click().perform()
    page.one(".ex-keep").click()
    assert "point at another to compare" in page.said
    assert "Beside it" not in page.said


def test_on_paper_the_pictures_of_all_tensors_are_there(page: Any) -> None:
    blank = "return explorer.tree.visible.filter(({ canvas }) => !canvas.tones).length"
    page.run("explorer.one('.ex-tree').style.maxHeight = '40px'; explorer.tree.render()")
    assert page.run(blank) > 0
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run(blank) == 0


def test_it_fits_narrow_and_wide_and_is_dark_where_asked(page: Any) -> None:
    for width in (390, 900, 1600):
        for dark in (False, True):
            page.emulate(width, dark)
            wide = page.run("return document.scrollingElement.scrollWidth")
            assert wide <= width
            paper = page.run(
                "return getComputedStyle(document.querySelector('.ex')).backgroundColor"
            )
            assert (paper == "rgb(255, 255, 255)") != dark
    page.emulate(1000)
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_screen_readers_get_roles_names_and_news(page: Any) -> None:
    assert page.one(".ex-tree").get_attribute("role") == "tree"
    assert page.one(".ex-item").get_attribute("role") == "treeitem"
    assert page.one(".ex-caption").get_attribute("aria-live") == "polite"
    for canvas in page.browser.find_elements("css selector", ".ex-stage canvas"):
        assert canvas.get_attribute("aria-label")


def test_search_finds_a_tensor_of_a_real_network(chromium: Any, tmp_path: Path) -> None:
    net = cg.from_onnx(light("resnet50"))
    page = Page(
        chromium, cg.report(net).save(tmp_path / "page.html").as_uri() + "#tensor=r57&cell=4,5"
    )
    field = cg.receptive_field(net, "r57:1,4,5")
    box = field.bounds[1:]
    pixels = len(field) // 3
    assert (
        f"sees {pixels:,} of the 50,176 pixels: rows {box[0][0] + 1} to {box[0][1] + 1}"
        in page.said
    )
    assert "Along each axis 95% of the paths start in rows " in page.said
    page.one(".ex-search").send_keys("maxpool")
    page.settle()
    assert [
        e.text.split("\n")[0] for e in page.browser.find_elements("css selector", ".ex-item")
    ] == ["r3"]
    search = page.one(".ex-search")
    search.clear()
    search.send_keys("relu r1")
    page.settle()
    found = [
        row.name
        for row in cg.report(net).rows
        if "r1" in row.name.lower() and "relu" in f"{row.name} {row.kind}".lower()
    ]
    items = page.browser.find_elements("css selector", ".ex-item b")
    assert [item.text for item in items] == found
    search.send_keys(page.keys.ARROW_DOWN)
    page.settle()
    assert page.link.startswith(f"#tensor={found[0]}")
    search.send_keys(page.keys.ESCAPE)
    assert search.get_attribute("value") == ""
    assert page.link.startswith(f"#tensor={found[0]}")
    assert chromium.get_log("browser") == []


def test_what_an_address_names_and_the_page_has_not_is_said(chromium: Any, address: Any) -> None:
    for link, said in (
        ("#finding=99", "There is no finding 99 on this page."),
        ("#shift=999,0", "There is no shift by 999,0 on this page."),
        ("#tensor=%zz", "There is no tensor %zz on this page."),
        ("#tensor=h2&channel=7", "There is no channel 7 of h2 on this page."),
        ("#tensor=h2&cell=3.5,2", "There is no cell 3.5,2 on this page."),
    ):
        page = Page(chromium, address + link)
        page.settle()
        assert page.said.startswith(said)


def test_a_tensor_that_is_named_alone_shows_what_its_middle_sees(
    chromium: Any, address: Any
) -> None:
    page = Page(chromium, address + "#tensor=h1")
    page.settle()
    assert page.said.startswith("h1 at row 5, column 5, all channels sees 9 of the 81 pixels")


def test_a_shift_leaves_in_the_legend_what_is_on_the_page(page: Any) -> None:
    page.cell(2, 2)
    page.run("explorer.state.cell = [2, 2]; explorer.hover = null;")
    page.run("explorer.state.moved = [1, 0]; explorer.show();")
    items = page.browser.find_elements("css selector", ".ex-legend li")
    shown = {" ".join(item.text.split()) for item in items if item.is_displayed()}
    assert {"what is asked about", "cells that see padding"} <= shown
    assert {"moves along exactly", "does not (crossed)"} <= shown
    assert "cells that carry it" not in shown


def test_two_fields_are_not_shown_by_their_paths_and_clear_ends_the_view(page: Any) -> None:
    effective = page.one(".ex-view button[value=effective]")
    effective.click()
    page.run("explorer.state.cell = [1, 1]; explorer.hover = null; explorer.show();")
    assert "few to many paths" in page.one(".ex-legend").text
    page.run("explorer.buttons.keep(); explorer.state.cell = [4, 4]; explorer.show();")
    assert not effective.is_enabled()
    assert effective.get_attribute("aria-pressed") == "false"
    page.one(".ex-clear").click()
    page.settle()
    assert effective.is_enabled()
    assert effective.get_attribute("aria-pressed") == "false"
    assert "view=" not in page.link


def test_small_cells_are_crossed_and_folded(chromium: Any, tmp_path: Any) -> None:
    spec = cg.Conv((3, 3), padding="same")
    path = cg.report(spec.on((1, 200, 200))).save(tmp_path / "large.html")
    page = Page(chromium, path.as_uri())
    page.emulate(1440)
    counted = "let n = 0; const grid = explorer.grid, old = grid.{0}.bind(grid);"
    counted += (
        "grid.{0} = (...given) => {{ n++; return old(...given); }}; explorer.show(); return n"
    )
    assert page.run("return explorer.grid.side") < 8
    assert page.run(counted.format("corners")) == 1
    page.run("explorer.state.moved = [1, 0]; explorer.show();")
    assert page.run(counted.format("crossed")) == 2
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_pixel_beside_a_field_is_told_by_what_it_affects(page: Any) -> None:
    page.run("explorer.buttons.keep(); explorer.places.leave();")
    page.run("explorer.state.cell = null; explorer.state.pixel = [0, 0]; explorer.show();")
    page.settle()
    assert page.said.startswith("Kept: ")
    assert " affects " in page.said
    assert "% of all together" not in page.said
    page.one(".ex-clear").click()


def test_a_number_that_is_no_channel_is_marked_and_the_page_goes_on(page: Any) -> None:
    for number in ("1.5", "0", "999"):
        page.run("explorer.choose(explorer.network.rows.length - 1);")
        page.run(
            "const input = document.querySelector('.ex-channel input');"
            f"input.value = '{number}'; input.dispatchEvent(new Event('input'));"
            "if (explorer.state.channel !== null) throw explorer.state.channel;"
            "if (input.ariaInvalid !== 'true') throw input.ariaInvalid;"
            "input.dispatchEvent(new Event('change'));"
            "if (input.value) throw input.value;"
        )
