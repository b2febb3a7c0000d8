"""`convgraph analyze`: forms of output, exit statuses, and mistakes as one line."""

from __future__ import annotations

import csv
import io
import json
import re
from math import prod
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner, Result
from onnx import TensorProto, helper

from convgraph.cli import main


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Three layers on an image: a stride that pads unevenly, a nonlinearity, a convolution."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Conv", ["r", "v"], ["y"], pads=[1, 1, 1, 1]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "m", "m"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    kernels = [
        helper.make_tensor(name, TensorProto.FLOAT, shape, [0.0] * prod(shape))
        for name, shape in (("w", [4, 3, 3, 3]), ("v", [2, 4, 3, 3]))
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], kernels)
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["analyze", *map(str, arguments)], prog_name="convgraph")


def test_the_report_and_the_findings_are_printed(model: Path) -> None:
    result = run(model, "--input", "1x3x8x8")
    assert result.exit_code == 0
    assert re.search(r"^y +Conv +2 x 4 x 4 +7 +7 +2 +0 +3/2 ", result.output, re.M)
    assert (
        "warning uneven-padding\n  h reads padding unevenly: 1 before and 0 behind" in result.output
    )


def test_json_csv_and_markdown(model: Path) -> None:
    data = json.loads(run(model, "--input", "1x3x8x8", "--json").output)
    assert [row["name"] for row in data["rows"]] == ["x", "h", "r", "y"]
    assert {finding["rule"] for finding in data["findings"]} >= {"uneven-padding"}
    rows = list(csv.DictReader(io.StringIO(run(model, "--input", "1x3x8x8", "--csv").output)))
    assert rows[-1]["receptive_field_1"] == "7"
    assert rows[-1]["touches_padding"] == "15/16"
    markdown = run(model, "--input", "1x3x8x8", "--markdown").output
    assert "| y | Conv | 2 x 4 x 4 | 7 |" in markdown
    assert "### uneven-padding (warning)" in markdown


def test_the_exit_status_tells_whether_there_are_findings(model: Path) -> None:
    assert run(model, "--input", "1x3x8x8", "--fail-on", "warning").exit_code == 1
    assert run(model, "--input", "1x3x8x8", "--fail-on", "error").exit_code == 0
    assert run(model, "--input", "1x3x9x9", "--fail-on", "warning").exit_code == 0
    ignored = run(model, "--input", "1x3x8x8", "--fail-on", "warning", "--ignore", "uneven-padding")
    assert ignored.exit_code == 0
    chosen = run(model, "--input", "1x3x8x8", "--fail-on", "info", "--select", "checkerboard")
    assert chosen.exit_code == 0


def test_a_page_is_written_and_needs_nothing_else(model: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = run(model, "--input", "1x3x8x8", "--html", page)
    assert result.exit_code == 0
    assert "4 rows" in result.output
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert not re.search(r'(src|href)="(?!#)', text)
    assert "uneven-padding" in text


def test_one_tensor_and_one_unit(model: Path) -> None:
    tensor = run(model, "--input", "1x3x8x8", "--tensor", "y").output
    assert "receptive field: 7 x 7\n" in tensor
    assert "axis 1: " in tensor
    assert "everywhere" not in tensor
    unit = json.loads(run(model, "--input", "1x3x8x8", "--unit", "y1,1,1", "--json").output)
    assert unit["bounds"] == [[0, 2], [0, 3], [0, 3]]
    assert unit["sees"] == 48


def test_sizes_that_are_open_stay_symbols(model: Path) -> None:
    result = run(model)
    assert result.exit_code == 0
    assert re.search(r"^y +Conv +.* 7 +2 ", result.output, re.M)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "uneven-pading"], "did you mean uneven-padding"),
        (["--fail-on", "fatal"], "fail-on='fatal': a severity is one of info, warning, error"),
        (["--tensor", "hh"], "row='hh': no row of this network"),
        (["--unit", "y9,9,9"], "unit='y9,9,9': no unit of this network"),
        (["--input", "1x4x8x8"], "node="),
        (["--input", "a=1x3x8x8", "--input", "1x3x8x8"], "each is NAME=SHAPE"),
        (["--html", "nowhere/at/all.html"], "html='nowhere/at/all.html'"),
    ],
)
def test_mistakes_are_one_line_and_status_2(
    model: Path, arguments: list[str], message: str
) -> None:
    size = [] if "--input" in arguments else ["--input", "1x3x8x8"]
    result = run(model, *size, *arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert result.output.count("\n") == 1


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08\x07nothing of the kind")
    result = run(broken)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
