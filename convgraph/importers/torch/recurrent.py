"""Recurrent layers of PyTorch in ONNX's terms: one node for each layer and direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from convgraph.importers.torch.call import Call

__all__ = ["OPS", "recurrent"]

KINDS = ("state", "cell")
OPS = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


def recurrent(c: Call) -> Any:
    """Layers on one another, each in one direction or in both."""
    each = 4 if c["has_biases"] else 2
    layers, both = c["num_layers"], 2 if c["bidirectional"] else 1
    parameters = c["params"]
    packed = c["batch_sizes"] is not None
    if packed or (c["train"] and c["dropout"]) or len(parameters) != layers * both * each:
        return False  # sequences of several lengths, or states that are projected
    op, starts = OPS[c.op], c["hx"] if isinstance(c["hx"], list | tuple) else [c["hx"]]
    source: Any = c["input"]
    ends: list[list[str]] = [[], []]
    for layer in range(layers):
        halves = []
        for side in range(both):
            number = layer * both + side
            own = parameters[number * each : (number + 1) * each]
            name = c.inner(f"layer {layer + 1}{' backward' if side else ''}")
            kinds = [
                kind if asked else "" for kind, asked in zip(KINDS, c.outputs[1:], strict=False)
            ]
            halves.append(_layer(c, op, source, own, starts, number, bool(side), name, kinds))
            for kept, kind in zip(ends, KINDS, strict=True):
                kept.append(f"{name}/{kind}")
        source = halves[0]
        if both == 2:
            source = c.emit("Concat", halves, {"axis": 2}, c.inner(f"layer {layer + 1} both"))
    states, *lasts = c.outputs
    if states:
        c.emit("Identity", [source], {}, states)
    for name, kept in zip(lasts, ends, strict=False):
        if name:
            c.emit("Concat", kept, {"axis": 0}, name)
    return None


def _layer(
    c: Call,
    op: str,
    source: Any,
    own: Any,
    starts: Any,
    number: int,
    backward: bool,
    name: str,
    lasts: list[str],
) -> str:
    """The states of one layer in one direction, and those of its last ones that are asked for."""
    kinds = ("input weights", "state weights", "bias")
    stacked = [
        c.emit("Unsqueeze", [tensor], {"axes": [0]}, f"{name}/{kind}")
        for tensor, kind in zip(own[:3], kinds, strict=False)
    ]
    stacked += [""] * (3 - len(stacked))
    first = int(bool(c["batch_first"]))
    begun = [_start(c, start, number, first, f"{name}/start {i}") for i, start in enumerate(starts)]
    attributes = {"direction": "reverse" if backward else "forward", "layout": first}
    if op == "GRU":
        attributes["linear_before_reset"] = 1
    names = [f"{name}/steps", *(kind and f"{name}/last {kind}" for kind in lasts)]
    begun += [""] * (2 - len(begun))
    c.emit_several(op, [source, *stacked, "", *begun, *own[3:]], attributes, names)
    for kind in filter(None, lasts):
        last = f"{name}/last {kind}"
        if first:
            c.emit("Transpose", [last], {"perm": [1, 0, 2]}, f"{name}/{kind}")
        else:
            c.emit("Identity", [last], {}, f"{name}/{kind}")
    return c.emit("Squeeze", [names[0]], {"axes": [1 + first]}, name)


def _start(c: Call, start: Any, number: int, first: int, name: str) -> str:
    """The state that a layer begins with; zeros are not said."""
    if c.translation.is_constant(start) and not np.any(c.translation.constant(start)):
        return ""
    cut = {"axes": [0], "starts": [number], "ends": [number + 1]}
    begun = c.emit("Slice", [start], cut, name)
    return c.emit("Transpose", [begun], {"perm": [1, 0, 2]}, f"{name}/turned") if first else begun
