"""Tied weights: how many connections share each parameter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.arrays import Array, Loose
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.sympified import sympified
from convgraph.core.tables import Table, counted
from convgraph.core.tying import Learned
from convgraph.core.wiring import Product
from convgraph.interactions.connections import simplest
from convgraph.sharing.digits import uses_array, uses_at
from convgraph.sharing.listed_uses import listed_uses
from convgraph.sharing.uses import Uses, uses

__all__ = ["BorderLoss", "TiedArray", "TiedWeights", "tied_weights"]


@dataclass(frozen=True)
class BorderLoss:
    """Why the entries at one position of a kernel's axis are used less than others.

    Attributes
    ----------
    row
        The row that the kernel computes.
    axis, tap
        The axis of the parameter array and the zero-based position on it.
    before, behind
        At how many positions along that axis the tap falls before the border, and behind it.
    """

    row: str
    axis: int
    tap: int
    before: Size
    behind: Size


@dataclass(frozen=True, eq=False, repr=False)
class TiedArray:
    """One parameter array, and how often each of its entries is used.

    Attributes
    ----------
    letter, shape
        The array's name and shape; the name is empty for parameters that are in no array.
    places
        The layers that use it, each with the joint that does.
    """

    network: Network
    letter: str
    shape: tuple[Size, ...]
    places: tuple[tuple[Layer, Joint], ...]

    @property
    def size(self) -> Size:
        """The number of entries."""
        return product(self.shape)

    @cached_property
    def total(self) -> Size:
        """How many connections (and biases) carry any of the entries."""
        total: Size = sum(self._listed.values())
        for _, joint in self.places:
            total = total + joint.wiring.connections
        return simplest(total)

    @property
    def factor(self) -> sp.Expr:
        """The sharing factor: how often an entry is used on average, exactly."""
        return _ratio(self.total, self.size)

    @property
    def losses(self) -> tuple[BorderLoss, ...]:
        """Why some entries are used less than others: what the border cuts off, tap by tap."""
        return tuple(loss for layer, joint in self.places for loss in _losses(layer, joint))

    @cached_property
    def uses(self) -> NDArray[np.int64]:
        """How often each entry is used, as an array of the array's shape."""
        if self.network.symbolic:
            raise ConvgraphError(
                f"shape={self.shape} of array {self.letter!r}: an array of uses needs numbers; "
                "ask uses_of(index), or bind the network to sizes without symbols"
            )
        shape = tuple(int(size) for size in self.shape)
        total = np.zeros(shape, np.int64)
        for flat, count in self._listed.items():
            total.flat[flat] = count
        for _, joint in self.places:
            assert isinstance(joint.wiring, Product)
            assert isinstance(joint.tying, Learned)
            total = total + uses_array(joint.wiring, joint.tying)
        return total

    def uses_of(self, *index: Size) -> Size:
        """How often the entry at a zero-based index is used; sizes and index may be symbols.

        >>> import sympy, convgraph as cg
        >>> n, j = sympy.symbols("n j", integer=True, positive=True)
        >>> w = cg.tied_weights(cg.Conv(3, padding="same").on(n))["w"]
        >>> [w.uses_of(0, 0, j) for j in range(3)]
        [n - 1, n, n - 1]
        """
        if len(index) != len(self.shape):
            raise ConvgraphError(
                f"index={index}: array {self.letter!r} has the {len(self.shape)} axes {self.shape}"
            )
        for i, size in zip(index, self.shape, strict=True):
            if (isinstance(i, int) and i < 0) or sympified(i >= size) is sp.true:
                raise ConvgraphError(
                    f"index={index}: array {self.letter!r} has the shape {self.shape}"
                )
        if self._listed:
            return int(self.uses[tuple(int(i) for i in index)])
        total: Size = 0
        for _, joint in self.places:
            assert isinstance(joint.wiring, Product)
            assert isinstance(joint.tying, Learned)
            total = total + uses_at(joint.wiring, joint.tying, index)
        return simplest(total)

    def classes(self) -> Iterator[Uses]:
        """The classes of tied connections: for each entry in turn, where it is used."""
        array = self._array
        return (uses(self.network, array.symbol(i)) for i in range(len(array)))

    @property
    def _array(self) -> Array | Loose:
        return next(a for a in self.network.labels.arrays if a.letter == self.letter)

    @cached_property
    def _listed(self) -> dict[int, int]:
        """How often entries are used by labels that are listed one by one, by flat position."""
        found = {} if self.network.symbolic else listed_uses(self.network, self.letter or None)
        places = ((self._array.find(name), count) for name, count in found.items())
        return {flat: count for flat, count in places if flat is not None}

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        names = ("letter", "shape", "size", "total", "factor", "losses")
        facts = {name: getattr(self, name) for name in names}
        facts["losses"] = [vars(loss) for loss in self.losses]
        return plain(facts)

    def __repr__(self) -> str:
        name = self.letter or "others"
        sizes = f"{name}{list(self.shape)}"
        loses = any(_losses(*place, ends=True) for place in self.places)
        lost = ", fewer at the border" if loses else ""
        return f"{sizes}: {counted(self.total)} uses, {self.factor} per parameter{lost}"


@dataclass(frozen=True, repr=False)
class TiedWeights:
    """The parameter arrays of a network, by letter, and how often their entries are used."""

    arrays: tuple[TiedArray, ...]

    @property
    def total(self) -> Size:
        """The uses of all parameters together."""
        total: Size = 0
        for array in self.arrays:
            total = total + array.total
        return simplest(total)

    @property
    def factor(self) -> sp.Expr:
        """How often a parameter is used on average, exactly; 0 where there are none."""
        size: Size = 0
        for array in self.arrays:
            size = size + array.size
        return sp.S.Zero if size == 0 else _ratio(self.total, size)

    def __getitem__(self, letter: str) -> TiedArray:
        for array in self.arrays:
            if array.letter == letter:
                return array
        known = [array.letter for array in self.arrays]
        raise ConvgraphError(f"letter={letter!r}: no parameter array{nearest(letter, known)}")

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        facts = plain({"total": self.total, "factor": self.factor})
        return {**facts, "arrays": [array.to_dict() for array in self.arrays]}

    def _repr_html_(self) -> str:
        rows = [
            (
                array.letter or "others",
                " x ".join(map(str, array.shape)),
                *map(counted, (array.size, array.total, array.factor)),
                ", ".join(dict.fromkeys(place.target.name for place, _ in array.places)),
                "yes" if array.losses else "",
            )
            for array in self.arrays
        ]
        numbers = ("parameters", "uses", "uses per parameter")
        columns = ("array", "shape", *numbers, "rows", "fewer at the border")
        title = f"{counted(self.total)} uses, {self.factor} per parameter"
        return Table(title, columns, rows, numbers).html()

    def __repr__(self) -> str:
        return f"TiedWeights({'; '.join(map(repr, self.arrays)) or 'no parameters'})"


def tied_weights(network: Network) -> TiedWeights:
    """How many connections share each parameter.

    A connection to a bias counts as a use of it. Layers of one letter share an array, whose uses
    add up. Counted on the axes, so that the number of edges does not matter; an array of uses is
    made when it is asked for, and with symbolic sizes the uses of an entry are a closed form.

    Parameters
    ----------
    network
        A bound network.

    Returns
    -------
    TiedWeights
        By letter, arrays with `uses`, `uses_of(index)`, `total`, `factor` (the mean uses of a
        parameter), `losses` (what the border cuts off) and `classes()`.

    Examples
    --------
    >>> import convgraph as cg
    >>> tied = cg.tied_weights(cg.Conv(3, padding="same").on(5))
    >>> tied
    TiedWeights(w[1, 1, 3]: 13 uses, 13/3 per parameter, fewer at the border)
    >>> tied["w"].uses.ravel()
    array([4, 5, 4])
    >>> tied["w"].losses[0]
    BorderLoss(row='s', axis=2, tap=0, before=1, behind=0)
    >>> cg.tied_weights(cg.Dense(5).on(5)).factor
    1

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.2 and figure 9.5.
    """
    check_network(network)
    places: dict[str, list[tuple[Layer, Joint]]] = {}
    shapes: dict[str, tuple[Size, ...]] = {}
    for layer in network.layers:
        for joint in layer.all_joints:
            if isinstance(joint.tying, Learned):
                letter = joint.tying.letter or ""
                places.setdefault(letter, []).append((layer, joint))
                shapes.setdefault(letter, joint.tying.shape)
    if not network.symbolic:
        shapes = {array.letter: array.shape for array in network.labels.arrays}
    return TiedWeights(
        tuple(
            TiedArray(network, letter, shape, tuple(places.get(letter, [])))
            for letter, shape in shapes.items()
        )
    )


def _losses(layer: Layer, joint: Joint, ends: bool = False) -> list[BorderLoss]:
    """What the border cuts off, tap by tap; `ends`: of the first and the last, which lose most."""
    if not isinstance(joint.wiring, Product) or not isinstance(joint.tying, Learned):
        return []
    found = []
    for number, digit in enumerate(joint.tying.digits):
        axis = joint.wiring.axes[digit.axis]
        window = axis.window
        if digit.kind != "tap" or window is None or is_symbolic(digit.size):
            continue
        last = int(digit.size) - 1
        memory.require("taps", 2 if ends else last + 1, 300)
        for tap in {0, last} if ends else range(last + 1):
            before, behind = window.missing_of(tap)
            if before != 0 or behind != 0:
                at = last - tap if digit.flipped else tap
                found.append(BorderLoss(layer.target.name, number, at, before, behind))
    return sorted(found, key=lambda loss: (loss.axis, loss.tap))


def _ratio(uses: Size, size: Size) -> sp.Expr:
    ratio = sympified(uses) / size
    return ratio if ratio.has(sp.Sum) else sp.cancel(ratio)
