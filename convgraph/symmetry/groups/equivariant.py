"""The layer with the most parameters that a group allows: one parameter for each orbit on pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.checks import as_array, as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.tying import Explicit, Tying
from convgraph.core.wiring import Listed, Wiring
from convgraph.layers.arguments import as_letter
from convgraph.layers.spec import Spec
from convgraph.layers.tied import Tied
from convgraph.symmetry.groups.group import Group
from convgraph.symmetry.groups.group_actions import Action, Powers, read_actions
from convgraph.symmetry.groups.orbits import orbits, pair_orbits

__all__ = ["equivariant_layer"]


def equivariant_layer(
    generators: Any,
    inputs: Powers = None,
    outputs: Powers = None,
    wiring: Any = None,
    bias: bool = False,
    shape: int | Sequence[int] | None = None,
    letter: str | None = None,
) -> Network:
    """The layer with the most parameters that is equivariant to a group.

    A linear map commutes with a group of permutations exactly if its matrix is constant on each
    orbit of the group on (output, input) pairs: so each orbit gets one parameter.

    Parameters
    ----------
    generators
        A `Group`; a symmetry group that `symmetry_group` found; a sympy PermutationGroup; or a list
        of permutations (zero-based lists, or cycles as text, counted from one). A permutation acts
        on inputs and outputs alike; a tuple of two gives each its own. Only generators are held:
        the group may be of any size.
    inputs, outputs
        A tensor power of the group's action, or a tuple of powers for their direct sum: 0 is one
        unit that nothing moves, 1 (the default) the units themselves, 2 their pairs, and
        `(1, 1, 1)` three channels.
    wiring
        The connections that there may be: a spec or a network of one layer, or a boolean array
        (outputs x inputs). Connections are tied where a generator takes one into another, so that
        an orbit through which the wiring cuts falls into several parameters.
    bias
        Whether outputs get a bias, tied over the orbits on outputs.
    shape
        The shape of the units on which generators act, where it is not one axis.
    letter
        The name of the parameter array.

    Returns
    -------
    Network
        One layer, on which every other question can be asked; `.layers[0].spec` composes with other
        specs.

    Raises
    ------
    ConvgraphError
        If a generator is no bijection, or does not fit the others, the shape or the wiring.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.equivariant_layer([[1, 2, 3, 0]]).matrix()  # the shift of a circle
    Matrix([
    [w_1, w_2, w_3, w_4],
    [w_4, w_1, w_2, w_3],
    [w_3, w_4, w_1, w_2],
    [w_2, w_3, w_4, w_1]])
    >>> cg.equivariant_layer(cg.Group.symmetric(3), bias=True).expressions()["s1"]
    b_1 + w_1*x1 + w_2*x2 + w_2*x3
    >>> cg.equivariant_layer(cg.Group.symmetric(5), inputs=2, outputs=2).labels
    Labels(w[15])

    References
    ----------
    Ravanbakhsh, Schneider and Poczos, Equivariance through parameter-sharing (2017);
    Maron, Ben-Hamu, Shamir and Lipman, Invariant and equivariant graph networks (2019).
    """
    as_flag("bias", bias)
    as_letter(letter)
    on_inputs, on_outputs = read_actions(generators, shape)
    on_inputs, on_outputs = on_inputs.to("inputs", inputs), on_outputs.to("outputs", outputs)
    pairs = list(zip(on_inputs.permutations, on_outputs.permutations, strict=True))
    n, m = on_inputs.degree, on_outputs.degree
    mask = None if wiring is None else _mask(wiring, on_inputs, on_outputs)
    count, which = pair_orbits(n, m, pairs, mask)
    biases: tuple[Wiring, Tying] | None = None
    if bias:
        kinds, kind = orbits(m, on_outputs.permutations)
        own = f"b{letter}" if letter else ""
        ones = Listed(1, m, np.arange(m + 1), np.zeros(m, np.int32))
        biases = ones, Explicit(kind, Array(own, (kinds,)))
    return Tied(
        f"equivariant_layer({_title(generators)})",
        on_inputs.shape,
        on_outputs.shape,
        _wiring(n, m, mask),
        Explicit(which, Array(letter or "", (count,))),
        biases,
        (on_inputs.channels, on_outputs.channels),
    ).network()


def _title(generators: Any) -> str:
    if isinstance(generators, Group) and generators.name:
        return generators.name
    return f"{len(list(getattr(generators, 'generators', generators)))} generators"


def _wiring(inputs: int, outputs: int, mask: NDArray[np.bool_] | None) -> Listed:
    if mask is None:
        start = np.arange(0, inputs * outputs + 1, inputs, dtype=np.int64)
        return Listed(inputs, outputs, start, np.tile(np.arange(inputs, dtype=np.int32), outputs))
    grid = mask.reshape(outputs, inputs)
    start = np.concatenate([[0], np.cumsum(grid.sum(axis=1))])
    return Listed(inputs, outputs, start, np.nonzero(grid)[1].astype(np.int32))


def _mask(wiring: Any, on_inputs: Action, on_outputs: Action) -> NDArray[np.bool_]:
    """The connections that there may be, as a mask over (output, input) pairs."""
    n, m = on_inputs.degree, on_outputs.degree
    if isinstance(wiring, Spec):
        wiring = wiring.on(on_inputs.shape)
    if isinstance(wiring, Network):
        sizes = [int(row.size) for row in wiring.rows]
        if len(wiring.layers) != 1 or len(sizes) != 2:
            raise ConvgraphError(f"wiring={wiring}: a network of one layer with one input")
        if sizes != [n, m]:
            raise ConvgraphError(
                f"wiring={wiring}: the generators act on {n} inputs and {m} outputs"
            )
        mask = np.zeros((m, n), bool)
        mask[wiring.edges.target - n, wiring.edges.source] = True
        return mask.ravel()
    mask = as_array(wiring)
    if mask.dtype.kind not in "biu" or mask.shape != (m, n):
        raise ConvgraphError(
            f"wiring of shape {mask.shape}: a spec, a network of one layer, or a boolean array of "
            f"shape {(m, n)}, outputs x inputs"
        )
    return mask.astype(bool).ravel()
