"""The explorer of networks that do not classify one image: slices, two inputs, few tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convgraph as cg

pytestmark = pytest.mark.exhaustive

# Each cell's middle in pixels of the screen, as a pointer meets it, asked which cell it is.
ASKED = """
const explorer = document.querySelector('.ex').explorer, found = [];
const panel = explorer[arguments[0]], box = panel.canvas.getBoundingClientRect();
const grid = arguments[0] === 'grid', side = grid ? panel.side : panel.scale;
const tall = grid ? panel.tall : panel.scale * panel.tall;
for (let y = 0; y < panel.tiles.rows; y++) for (let x = 0; x < panel.tiles.columns; x++) {
  const event = { clientX: box.left + (panel.left || 0) + (x + 0.5) * side,
    clientY: box.top + (panel.top || 0) + (y + 0.5) * tall };
  const at = grid ? panel.cellAt(event) : panel.pixelAt(event);
  if (at) found.push(at.join());
}
return found;
"""
AT_CELL = """
const explorer = document.querySelector('.ex').explorer;
explorer.hover = { kind: 'cell', row: arguments[0], channel: null, place: arguments[1] };
explorer.show();
const found = explorer.answers.about(explorer.point());
const source = explorer.network.rows[explorer.source];
return Array.from(everywhere(inSpace(source, found.get(explorer.source))), (v) => v > 0);
"""


def opened(browser: Any, tmp_path: Path, net: cg.Network) -> Any:
    browser.get_log("browser")
    browser.get(cg.report(net).save(tmp_path / "page.html").as_uri())
    return browser


def said(page: Any) -> str:
    return str(page.find_element("css selector", ".ex-caption").text)


def test_slices_lie_like_tiles_and_each_cell_is_met_once(chromium: Any, tmp_path: Path) -> None:
    net = (cg.Conv((3, 3, 3), 2, padding=1) >> cg.MaxPool((1, 2, 2))).on((1, 7, 6, 10))
    page = opened(chromium, tmp_path, net)
    for width in (390, 820, 1440):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.execute_async_script("setTimeout(arguments[0], 100)")
        for panel, (deep, high, wide) in (("image", (7, 6, 10)), ("grid", (7, 3, 5))):
            found = page.execute_script(ASKED, panel)
            assert sorted(found) == sorted(
                f"{y},{x}" for y in range(deep * high) for x in range(wide)
            )
        across = page.execute_script(
            "const { image, grid } = document.querySelector('.ex').explorer;"
            "return [image.tiles.across, grid.tiles.across]"
        )
        beside = page.execute_script(
            "return ['.ex-list', '.ex-image', '.ex-tensor'].map((each) =>"
            "document.querySelector(each).getBoundingClientRect().left)"
        )
        assert len(set(beside)) == {390: 1, 820: 2, 1440: 3}[width]
        assert across == [2, 2]
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for place in ((0, 0, 0), (3, 1, 4), (6, 2, 2)):
        seen = page.execute_script(AT_CELL, len(net.rows) - 1, place)
        units = [net.outputs[0].unit((c, *place)) for c in range(2)]
        assert seen == cg.receptive_field(net, units).mask().ravel().tolist()
        z, y, x = (i + 1 for i in place)
        assert f"at slice {z}, row {y}, column {x}, all channels sees {sum(seen)} of" in said(page)
    assert page.get_log("browser") == []


def test_of_several_inputs_each_is_named(chromium: Any, tmp_path: Path) -> None:
    a, b = cg.Input((1, 9, 9), name="left"), cg.Input((1, 9, 9), name="right")
    both = cg.Add()(cg.Conv((3, 3), padding=1)(a), cg.Conv((5, 5), padding=2)(b))
    net = cg.Network([a, b], both)
    page = opened(chromium, tmp_path, net)
    page.execute_script(AT_CELL, len(net.rows) - 1, (4, 4))
    assert (
        "sees 9 of the 81 pixels of left: rows 4 to 6 and columns 4 to 6; of right 25 of 81."
        in (said(page))
    )
    page.execute_script(AT_CELL, 1, (4, 4))
    assert "right is an input beside left" in said(page)
    assert page.get_log("browser") == []


def test_a_short_list_is_open_and_names_tell_controls_apart(chromium: Any, tmp_path: Path) -> None:
    net = (cg.Conv((3, 3), 2, padding=1) >> cg.ReLU() >> cg.MaxPool((2, 2))).on((1, 8, 8))
    page = opened(chromium, tmp_path, net)
    rows = {
        item.get_attribute("data-row") for item in page.find_elements("css selector", ".ex-item")
    }
    assert len(rows) == len(net.rows)
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = [(n["role"]["value"], n.get("name", {}).get("value")) for n in nodes if not n["ignored"]]
    named = [each for each in told if each[0] in ("slider", "button", "application", "figure")]
    assert all(name for _, name in named)
    assert len({*named}) == len(named)
    assert ("slider", "Shift right") in named
    live = [
        node
        for node in nodes
        for each in node.get("properties", ())
        if each["name"] == "live" and each["value"]["value"] == "polite"
    ]
    assert len({*(node.get("backendDOMNodeId") for node in live)}) >= 1
    outputs = page.find_elements("css selector", ".ex output")
    assert [each.get_attribute("aria-live") for each in outputs] == ["off", "off"]


def test_a_page_opens_where_cells_lie_on_the_image_and_colours_no_others(
    chromium: Any, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [  # patches become tokens: what was two axes of space is one beside the features
        helper.make_node("Conv", ["x", "w"], ["patches"], strides=[4, 4]),
        helper.make_node("Reshape", ["patches", "shape"], ["tokens"]),
        helper.make_node("Relu", ["tokens"], ["y"]),
    ]
    held = [onnx.helper.make_tensor("shape", onnx.TensorProto.INT64, [4], [1, 1, 8, 64])]
    stated = [
        helper.make_tensor_value_info("x", number, [1, 3, 32, 32]),
        helper.make_tensor_value_info("w", number, [8, 3, 4, 4]),
    ]
    output = helper.make_tensor_value_info("y", number, None)
    graph = helper.make_graph(nodes, "tokens", stated, [output], held)
    net = cg.from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    page = opened(chromium, tmp_path, net)
    assert said(page).startswith("patches at row 5, column 5")
    coloured = page.execute_script(
        "const explorer = document.querySelector('.ex').explorer;"
        "return explorer.network.rows.map((_, i) => Boolean(explorer.base(i)))"
    )
    assert coloured == [True, True, False, False]
    assert page.get_log("browser") == []


def test_arrow_keys_go_on_from_slice_to_slice(chromium: Any, tmp_path: Path) -> None:
    """From the last row of a slice down to the first of the next, and back."""
    from selenium.webdriver import Keys

    net = cg.Conv((3, 3, 3), 2, padding=1).on((1, 3, 4, 5))
    page = opened(chromium, tmp_path, net)
    page.execute_script(
        "const explorer = document.querySelector('.ex').explorer;"
        "explorer.state.cell = [0, 3, 4]; explorer.show();"
    )
    canvas = page.find_element("css selector", ".ex-tensor canvas")
    place = "return document.querySelector('.ex').explorer.state.cell"
    found = []
    for key in (Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ARROW_LEFT):
        canvas.send_keys(key)
        found.append(page.execute_script(place))
    assert found == [[1, 0, 4], [0, 3, 4], [1, 3, 0], [0, 3, 4]]
    for _ in range(20):
        canvas.send_keys(Keys.ARROW_DOWN)
    assert page.execute_script(place) == [2, 3, 4]
    page.execute_script(
        "const explorer = document.querySelector('.ex').explorer;"
        "explorer.state.cell = [0, 1, 2]; explorer.show();"
    )
    assert "the field reaches into the padding by 1 slice before" in said(page)
