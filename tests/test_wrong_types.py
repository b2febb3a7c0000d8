"""Every public callable refuses an argument of a wrong kind by a ConvgraphError, or takes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from tests.onnx_models import model, node

STACK = (cg.Conv(3, padding="same", letter="w") >> cg.ReLU()).on(5)
LINEAR = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
POOLED = cg.MaxPool(2, stride=1).on(5)
PICTURE = cg.Conv((3, 3), padding="same").on((4, 4))
RING = cg.Conv(3, padding="same", padding_mode="circular").on(6)
A, B = cg.Input(3), cg.Input(3)
LABELLED = nx.DiGraph()
LABELLED.add_edge("a", "b", parameter="w")
TIED = nx.Graph()
TIED.add_edge("a", "b", label="w")
ONNX = model([node("Relu", ["x"], ["y"])], {"x": (1, 1, 5)}, {"y": None})

WRONG = {
    "None": None,
    "digit": "3",
    "empty": "",
    "fraction": 1.5,
    "nan": float("nan"),
    "infinity": float("inf"),
    "object": object(),
    "list": [],
    "dict": {},
    "tuple": (),
    "minus": -1,
    "zero": 0,
    "huge": 10**30,
    "class": int,
    "bytes": b"x",
    "complex": 2 + 3j,
    "pair": ("a", 1),
    "mixed": {1: object()},
    "nested": [None, [1]],
    "array": np.array([1.5, np.nan]),
    "function": lambda: 0,
    "network": LINEAR,
    "spec": cg.ReLU(),
    "layer": STACK.layers[0],
    "row": STACK.rows[0],
    "tensor": A,
    "symbol": sp.Symbol("loose"),
    "number": sp.oo,
    "shift": cg.Shift(1),
    "set": {"x1"},
    "generator": (n for n in ("a", None)),
}

SPECS: dict[str, dict[str, Any]] = {
    "Activation": {"name": "phi"},
    "Concat": {"axis": 0},
    "Crop": {"cropping": 1},
    "Dense": {"units": 2},
    "LeakyReLU": {},
    "Pad": {"padding": 1},
    "Residual": {"spec": cg.ReLU()},
    "Upsample": {"factor": 2},
}
OTHERS: dict[str, dict[str, Any]] = {
    "Flip": {},
    "Group": {"generators": [[1, 2, 0]]},
    "Input": {"shape": 3},
    "Network": {"inputs": A, "outputs": cg.ReLU()(A)},
    "Permute": {"permutation": [1, 0]},
    "PermuteChannels": {"permutation": (1, 0)},
    "Rotate90": {},
    "Scale": {"factor": 2},
    "Shift": {"amount": 1},
    "Theme": {"name": "mine"},
    "animate": {"network": RING},
    "check_equivariance": {"network": STACK, "g": cg.Shift(1)},
    "closed_forms": {"network": LINEAR},
    "compare": {"a": STACK, "b": LINEAR},
    "draw": {"network": STACK},
    "draw_grid": {"network": PICTURE},
    "draw_matrix": {"network": LINEAR},
    "draw_image": {"values": [[0, 1], [1, 0]]},
    "draw_boxes": {"heading": "One", "items": ["Input", ("Layer", ["Pooling"])]},
    "equivariant_layer": {"generators": [[1, 2, 0]]},
    "findings": {"network": STACK},
    "from_networkx": {"graph": LABELLED},
    "from_onnx": {"model": ONNX},
    "invariance": {"network": POOLED, "g": cg.Shift(1)},
    "path_counts": {"network": STACK, "unit": "g1"},
    "projective_field": {"network": STACK, "unit": "x1"},
    "prove": {"spec": cg.Conv(3), "transformation": cg.Shift(1)},
    "prove_converse": {},
    "prove_downsampling": {"spec": cg.Conv(3, stride=2)},
    "receptive_field": {"network": STACK, "unit": "g1"},
    "receptive_fields": {"network": STACK},
    "recompute": {"network": STACK, "changed": ["x1"]},
    "refines": {"fine": RING, "coarse": RING},
    "report": {"network": STACK},
    "same_tying": {"a": RING, "b": RING},
    "same_wiring": {"a": RING, "b": RING},
    "shift_lattice": {"network": STACK},
    "stream": {"network": STACK},
    "symmetry_group": {"network": RING},
    "tied_from_matrix": {"matrix": [[1, 2], [2, 1]]},
    "tied_from_networkx": {"graph": TIED},
    "tiles": {"network": STACK, "tile": 3},
    "trace": {"function": lambda x: x, "x": 3},
    "uses": {"network": STACK, "parameter": "w_1"},
    "constrained_dense": {"network": RING},
    "cost": {"network": LINEAR},
    "effective_kernel": {"network": LINEAR},
    "gradients": {"network": LINEAR},
    "sparsity": {"network": LINEAR},
    "tied_weights": {"network": LINEAR},
}
SPECS |= {
    name: {"kernel": 3}
    for name in cg.__all__
    if isinstance(getattr(cg, name), type)
    and "kernel" in inspect.signature(getattr(cg, name)).parameters
}
CALLS = SPECS | OTHERS
ELSEWHERE = {  # what needs a package that may not be there, and what takes nothing
    *("from_jax", "from_keras", "from_torch", "plot_growth", "plot_matrix", "plot_paths"),
    *("plot_sparsity", "plot_uses", "ConvgraphError", "Proof", "Parallel", "rules"),
    *("Add", "Flatten", "GlobalAvgPool", "GlobalMaxPool", "Multiply", "ReLU"),
}


CALLED = {  # of what the caller's own function raises nothing is to be hidden
    ("Tiling.run", "function"),
    ("draw", "edges"),
    ("draw", "units"),
    ("draw_grid", "units"),
    ("trace", "function"),
}


def parameters(function: Callable[..., Any]) -> list[str]:
    """The arguments that a function takes by name."""
    found = inspect.signature(function).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in found if p.kind not in variadic and not p.name.startswith("_")]


def fallen(
    function: Callable[..., Any], given: dict[str, Any], where: str
) -> Iterator[tuple[str, str]]:
    """What a function raises that is no ConvgraphError, of one wrong argument at a time."""
    for argument in parameters(function):
        for kind, wrong in WRONG.items():
            if callable(wrong) and (where, argument) in CALLED:
                continue
            try:
                function(**{**given, argument: wrong})
            except cg.ConvgraphError as error:
                if len(str(error)) > 500 or isinstance(error.__cause__, MemoryError):
                    yield f"{where}({argument}={kind})", f"a message: {str(error)[:80]}"
            except Exception as error:
                yield f"{where}({argument}={kind})", f"{type(error).__name__}: {error}"[:100]


def test_every_public_name_is_tried() -> None:
    assert {*CALLS, *ELSEWHERE} == {*cg.__all__}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_refused_by_name(name: str) -> None:
    assert getattr(cg, name)(**CALLS[name]) is not None
    assert dict(fallen(getattr(cg, name), CALLS[name], name)) == {}


METHODS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "Spec.on": (lambda: cg.Conv(3).on, {"shape": 5}),
    "Network.evaluate": (lambda: STACK.evaluate, {"x": range(5), "parameters": {"w": [1, 2, 3]}}),
    "Network.expressions": (lambda: STACK.expressions, {}),
    "Network.find": (lambda: STACK.find, {"unit": "x1"}),
    "Network.layer": (lambda: STACK.layer, {"row": "g"}),
    "Network.row": (lambda: STACK.row, {"name": "g"}),
    "Transformation.__call__": (lambda: cg.Shift(1).__call__, {"values": range(3)}),
    "Figure.above": (lambda: cg.draw(STACK).above, {"other": cg.draw(STACK)}),
    "Figure.beside": (lambda: cg.draw(STACK).beside, {"other": cg.draw(STACK)}),
    "Figure.content": (lambda: cg.draw(STACK).content, {"format": "dot"}),
    "Figure.save": (lambda: cg.draw(STACK).save, {"path": "a.dot"}),
    "Figure.sized": (lambda: cg.draw(STACK).sized, {"width": "8cm"}),
    "Figure.svg": (lambda: cg.draw(cg.ReLU().on(1)).svg, {}),
    "Figure.titled": (lambda: cg.draw(STACK).titled, {"title": "a"}),
    "Animation.save": (lambda: cg.animate(RING).save, {"path": "a.svg"}),
    "Report.by_module": (lambda: cg.report(STACK).by_module, {}),
    "Report.effective_fields": (lambda: cg.report(STACK).effective_fields, {"row": "g"}),
    "Report.receptive_fields": (lambda: cg.report(STACK).receptive_fields, {}),
    "Report.row": (lambda: cg.report(STACK).row, {"name": "g"}),
    "Report.save": (lambda: cg.report(STACK).save, {"path": "a.csv"}),
    "Findings.at_least": (lambda: cg.findings(STACK).at_least, {"severity": "warning"}),
    "Findings.of": (lambda: cg.findings(STACK).of, {"rule": "unread"}),
    "NetworkComparison.of": (lambda: cg.compare(STACK, LINEAR).of, {"status": "changed"}),
    "NetworkComparison.row": (lambda: cg.compare(STACK, LINEAR).row, {"name": "g"}),
    "Tiling.draw": (lambda: cg.tiles(STACK, tile=3).draw, {}),
    "Tiling.memory": (lambda: cg.tiles(STACK, tile=3).memory, {}),
    "Tiling.run": (
        lambda: cg.tiles(STACK, tile=3).run,
        {"function": lambda tile: tile, "array": np.zeros(5)},
    ),
    "Tiling.witness": (lambda: cg.tiles(STACK, tile=3).witness, {}),
    "Stream.draw": (lambda: cg.stream(STACK).draw, {}),
    "Stream.outputs_after": (lambda: cg.stream(STACK).outputs_after, {"there": 3}),
    "Stream.run": (
        lambda: cg.stream(STACK).run,
        {"chunks": [np.zeros(3)], "parameters": {"w": [1, 2, 3]}},
    ),
    "Stream.schedule": (lambda: cg.stream(STACK).schedule, {}),
    "Stream.start": (lambda: cg.stream(STACK).start, {"parameters": {"w": [1, 2, 3]}}),
    "Run.step": (lambda: cg.stream(STACK).start({"w": [1, 2, 3]}).step, {"chunk": np.zeros(3)}),
    "Recomputation.run": (
        lambda: cg.recompute(cg.ReLU().on(3), ["x1"]).run,
        {"activations": {"x": np.zeros(3), "s": np.zeros(3)}, "new": np.zeros(3)},
    ),
    "Recomputation.start": (
        lambda: cg.recompute(STACK, ["x1"]).start,
        {"x": np.zeros(5), "parameters": {"w": [1, 2, 3]}},
    ),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_wrong_argument_of_a_method_is_refused_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "Tiling.memory":
        pytest.importorskip("torch")
    find, given = METHODS[name]
    method = find()
    method(**given)
    assert dict(fallen(method, given, name)) == {}
