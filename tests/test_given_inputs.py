"""Inputs that a user gives a value once and for all, such as a sampling rate to branch on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from onnx import TensorProto, helper

from convgraph import ConvgraphError, from_onnx
from convgraph.cli import main
from tests.onnx_models import model, node

RATES = {8000: 3, 16000: 5}


def two_rates(rate: Any = None, shape: Any = ()) -> Any:
    """A model that convolves with a kernel of its own for each rate; maybe with the rate held."""
    value = helper.make_tensor_value_info
    branches = {
        name: helper.make_graph([node("Conv", ["x", f"w{size}"], ["z"])], name, [],
                                [value("z", TensorProto.FLOAT, None)])
        for name, size in zip(("then_branch", "else_branch"), (5, 3), strict=True)
    }  # fmt: skip
    nodes = [node("Equal", ["sr", "wide"], ["e"]), node("Reshape", ["e", "none"], ["c"]),
             node("If", ["c"], ["y"], **branches)]  # fmt: skip
    held: Any = {f"w{n}": np.arange(1, n + 1, dtype=np.float32)[None, None] for n in (3, 5)}
    held |= {"wide": np.array(16000), "none": np.zeros(0, np.int64)}
    if rate is not None:
        held["sr"] = np.full(shape, rate)
    made = model(nodes, {"x": (1, 1, 9)}, held=held)
    if rate is None:
        made.graph.input.append(value("sr", TensorProto.INT64, shape))
    return made


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("rate", RATES)
def test_a_given_input_is_one_that_the_model_holds(rate: int, shape: Any) -> None:
    net, same = from_onnx(two_rates(shape=shape), values={"sr": rate}), from_onnx(two_rates(rate))
    assert repr(net) == repr(same)
    assert [row.name for row in net.inputs] == ["x"]
    assert net.outputs[0].shape == (1, 10 - RATES[rate])
    x = np.arange(9.0)[None]
    assert net.evaluate(x).tolist() == same.evaluate(x).tolist()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rs": 16000}, r"values\['rs'\]: no such input; did you mean sr"),
        ({"sr": 1.5}, r"values\['sr'\]=1.5: the model takes numbers of type int64"),
        ({"sr": "16000"}, r"values\['sr'\]='16000': the model takes numbers"),
        ({"sr": [[1], [1, 2]]}, r"values\['sr'\]=.*: a number, or an array"),
        ({"sr": [1, 2]}, r"of shape \(2,\): the model takes one of \[\]"),
        ({"x": [1, 2]}, r"of shape \(2,\): the model takes one of \[1, 1, 9\]"),
        (16000, r"values=16000: a dict"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: Any, message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        from_onnx(two_rates(), values=values)


def test_the_command_line_gives_inputs(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(two_rates().SerializeToString())
    done = CliRunner().invoke(main, ["analyze", str(path), "--set", "sr=8000", "--csv"])
    assert done.exit_code == 0, done.output
    assert done.output == from_report(8000)
    for text in ("sr", "sr=", "=8000", "sr=eight", "sr=[1]"):
        refused = CliRunner().invoke(main, ["analyze", str(path), "--set", text])
        assert refused.exit_code == 2
        assert "such as sr=16000" in refused.stderr


def from_report(rate: int) -> str:
    from convgraph import report

    return report(from_onnx(two_rates(rate))).to_csv()
