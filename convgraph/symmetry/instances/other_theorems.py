"""Instances of the two other theorems: the converse of equivariance, strides as downsampling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.network.functional import bound
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.instances.claimed_outputs import Claimed, Instance
from convgraph.symmetry.instances.exact_values import draw, is_small, values
from convgraph.symmetry.instances.integer_formulas import whole
from convgraph.symmetry.instances.symbol_values import at_numbers, choices, free_symbols
from convgraph.symmetry.statements.dense import dense

__all__ = ["converse", "downsampling"]

ENOUGH = 3  # numbers for symbols: the smallest, and two others for each


def converse(statement: Any) -> Iterator[Instance]:
    """Maps that commute with shifts, made by taking the mean over all shifts of a circle.

    On m outputs and s m inputs, the sum of M[i - t, a - s t] over all t commutes with shifts of the
    input by s, and every map that does is made so.
    """
    stride = sympified(statement.spec)
    claim = statement.claim
    (x,) = (e for e in claim.right.atoms(AppliedUndef) if e.func.__name__ == "x")
    (w,) = (e for e in claim.right.atoms(AppliedUndef) if e.func.__name__ == "w")
    (i,), (j,) = claim.variables, w.args
    for at in list(choices(stride.free_symbols))[:ENOUGH]:
        s = int(whole(stride, at))
        for m in (1, 2, 5):
            n = s * m
            drawn = draw((m, n), m)
            shifted = [np.roll(drawn, (t, s * t), (0, 1)) for t in range(m)]
            matrix, values_in = np.sum(shifted, axis=0), draw((n,), m + 1)
            taps, positions = np.arange(n)[None, :], np.arange(m)[:, None]
            read = np.broadcast_to(whole(x.args[0], {**at, i: positions, j: taps}), (m, n)) % n
            claimed = (matrix[0][None, :] * values_in[read]).sum(axis=1)
            if (matrix @ values_in != claimed).any():
                raise ConvgraphError(f"instances: with {at}, on a circle of {n}, {claim} is false")
            yield Instance({**{k.name: v for k, v in at.items()}, "m": m}, (n,), m)


def downsampling(statement: Any) -> Iterator[Instance]:
    """The layer with its stride, and the layer with stride 1 and the same padding."""
    tried = 0
    for at in choices(free_symbols((statement.spec, statement.channels))):
        found = list(_downsampled(statement, at))
        yield from found
        tried += bool(found)
        if tried == ENOUGH:
            return


def _downsampled(statement: Any, at: dict[sp.Symbol, int]) -> Iterator[Instance]:
    tried = 0
    for size in range(1, 40):
        try:
            spec = at_numbers(statement.spec, at)
            channels = at_numbers(statement.channels, at)
            space = tuple(size + a for a in range(spec.rank))
            strided = bound(spec, space, channels)
            every = bound(dense(spec, _paddings(strided)), space, channels)
        except ConvgraphError:  # numbers that do not go together, or too small an input
            continue
        shape = strided.inputs[0].numbers()
        axes = [a >= len(shape) - spec.rank for a in range(len(shape))]
        claimed = Claimed(statement.claim, strided, axes, at, every)
        if not claimed.count or not is_small(every):
            continue
        inputs = [draw(shape, size)]
        (y,), (z,) = values(strided, inputs), values(every, inputs)
        if (claimed.mask & (y != z[claimed.sources])).any():
            raise ConvgraphError(f"instances: at {at}, on an input of {shape}, this is false")
        yield Instance({k.name: v for k, v in at.items()}, shape, claimed.count)
        tried += 1
        if tried == 2:
            return


def _paddings(network: Network) -> tuple[tuple[int, int], ...]:
    """Before and behind each axis of space, as much as the windows of a layer reach."""
    (layer,) = network.layers
    (joint,) = layer.joints
    return tuple(
        axis.used_padding
        for _, axis, read, _ in axes_of(joint, layer.target)
        if axis.sliding is not None and read is not None and read >= joint.source.channels
    )
