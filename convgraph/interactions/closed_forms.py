"""Closed forms: sizes, receptive fields, parameters and connections, symbols included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.named_row import input_row
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size, size_symbol
from convgraph.core.sympified import sympified
from convgraph.core.wiring import Product
from convgraph.interactions.axis_fields import AxisField
from convgraph.interactions.connections import (
    is_concat,
    layer_parameters,
    missing_connections,
    simplest,
)
from convgraph.layers.spec import Power, Spec

__all__ = ["ClosedForms", "DepthForm", "RowForm", "closed_forms"]


@dataclass(frozen=True, repr=False)
class RowForm:
    """The facts of one row, as numbers or sympy expressions.

    Attributes
    ----------
    row, shape
        Its name and sizes.
    fields
        Per axis of the input besides its channels, from where to where position i of the row sees;
        None where the row's axes are not those of the input (behind a Flatten).
    parameters, connections, missing
        Of the layer that computes the row; `missing` counts what the border cuts off.
    """

    row: str
    shape: tuple[Size, ...]
    fields: tuple[AxisField | None, ...]
    parameters: Size = 0
    connections: Size = 0
    missing: Size = 0

    @property
    def receptive_field(self) -> tuple[Size | None, ...]:
        """Per axis the size of the receptive field; None where not all units have the same."""
        return tuple(field and field.size for field in self.fields)

    @property
    def stride(self) -> tuple[Size | None, ...]:
        """Per axis the effective stride: by how much the field moves from unit to unit."""
        return tuple(None if field is None else field.stride for field in self.fields)

    @property
    def padding(self) -> tuple[Size | None, ...]:
        """Per axis the effective padding: how far the first unit's field reaches before 0."""
        return tuple(None if field is None else field.padding for field in self.fields)

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        names = ("row", "shape", "receptive_field", "stride", "padding")
        counts = ("parameters", "connections", "missing")
        return plain({name: getattr(self, name) for name in (*names, *counts)})

    def __repr__(self) -> str:
        facts = [
            f"{name.replace('_', ' ')} {_by_axis(getattr(self, name))}"
            for name in ("receptive_field", "stride", "padding")
        ]
        facts += [f"{getattr(self, name)} {name}" for name in ("parameters", "connections")]
        facts += [f"{self.missing} missing"] if self.missing != 0 else []
        return f"{self.row}[{_by_axis(self.shape)}]: {', '.join(facts)}"


@dataclass(frozen=True, repr=False)
class ClosedForms:
    """The facts of every row that depends on an input, in order of computation."""

    source: str
    rows: tuple[RowForm, ...]

    def __getitem__(self, row: str | int) -> RowForm:
        names = [form.row for form in self.rows]
        if isinstance(row, int) and -len(names) <= row < len(names):
            return self.rows[row]
        if row not in names:
            raise ConvgraphError(
                f"row={row!r}: no row that depends on {self.source!r}{nearest(str(row), names)}"
            )
        return self.rows[names.index(row)]

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        return {"source": self.source, "rows": [form.to_dict() for form in self.rows]}

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.rows))


def _by_axis(values: Sequence[Any]) -> str:
    return " x ".join("varies" if v is None else str(v) for v in values)


@dataclass(frozen=True, repr=False)
class DepthForm:
    """How fields grow with the depth of a spec that is repeated, per axis besides the channels.

    Attributes
    ----------
    spec, depth
        What is repeated, and the symbol for how often.
    receptive_field, stride, padding
        Of the last row, in the depth.
    """

    spec: Spec
    depth: Size
    receptive_field: tuple[Size, ...]
    stride: tuple[Size, ...]
    padding: tuple[Size, ...]

    def to_dict(self) -> dict[str, Any]:
        """The facts as plain data."""
        names = ("receptive_field", "stride", "padding")
        facts: dict[str, Any] = {name: getattr(self, name) for name in names}
        return plain({"spec": repr(self.spec), "depth": self.depth, **facts})

    def __repr__(self) -> str:
        facts = [
            f"{name.replace('_', ' ')} {_by_axis(getattr(self, name))}"
            for name in ("receptive_field", "stride", "padding")
        ]
        return f"{Power(self.spec, self.depth)!r}: {', '.join(facts)}"


@dataclass(frozen=True)
class _Seen:
    """What is known of one axis of the input at a row."""

    axis: int | None  # the row's axis along which the field moves; None: all units see the same
    field: AxisField | None  # None: the row's axes are not the input's
    whole: AxisField | None  # what all units of the row see together


@overload
def closed_forms(network: Network, row: str | None = None) -> ClosedForms:
    """The formulas of each row of a bound network."""


@overload
def closed_forms(network: Power) -> DepthForm:
    """The formulas of the last row of a repeated spec, in the depth."""


def closed_forms(network: Network | Power, row: str | None = None) -> ClosedForms | DepthForm:
    """Output sizes, receptive fields, strides, paddings, parameters and connections of all rows.

    All sizes, kernels, strides, paddings and dilations may be sympy symbols. Along a stack of
    windows the receptive field grows as r' = r + (k - 1) d j, the effective stride as j' = j s and
    the effective padding as p' = p + j p_l; branches of a graph are joined from the first end of
    all to the last. Fields are those of a network whose input goes on beyond its border;
    connections are counted with the border.

    Parameters
    ----------
    network
        A bound network; or `spec ** depth` with a symbol for the depth.
    row
        The input to look back to, where there are several.

    Returns
    -------
    ClosedForms
        For each row, by name or number, `shape`, `receptive_field`, `stride`, `padding`,
        `parameters`, `connections` and `missing`. Of `spec ** depth` a `DepthForm` with the
        `receptive_field`, `stride` and `padding` of the last row.

    Raises
    ------
    ConvgraphError
        If the network has several inputs and none is named, or if a repeated spec does not move
        by the same steps everywhere.

    Examples
    --------
    >>> import sympy, convgraph as cg
    >>> k, n = sympy.symbols("k n", integer=True, positive=True)
    >>> cg.closed_forms((cg.Conv(k) >> cg.Conv(3, stride=2)).on(n))["g"].receptive_field
    (k + 2,)
    >>> cg.closed_forms(cg.Conv(3, padding="same").on(n))["s"]
    s[n]: receptive field 3, stride 1, padding 1, 3 parameters, 3*n - 2 connections, 2 missing
    >>> depth = sympy.Symbol("L", integer=True, positive=True)
    >>> cg.closed_forms(cg.Conv(k) ** depth).receptive_field
    (L*(k - 1) + 1,)
    >>> cg.closed_forms((cg.Conv(3, padding=1) >> cg.MaxPool(2)) ** depth)
    (Conv(3, padding=1) >> MaxPool(2)) ** L: receptive field 3*2**L - 2, stride 2**L, padding 2**L - 1

    References
    ----------
    Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill
    (2019); Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """  # noqa: E501 - a result is one line
    if isinstance(network, Power):
        return _in_depth(network)
    start = input_row(network, row)
    seen: dict[str, list[_Seen]] = {start.name: [_start(a) for a in range(len(start.shape))]}
    forms = [_form(start, start, seen[start.name], None)]
    for layer in network.layers:
        joints = [joint for joint in layer.joints if joint.source.name in seen]
        if layer.target.name == start.name or not joints:
            continue
        branches = [_through(joint, layer, seen[joint.source.name]) for joint in joints]
        seen[layer.target.name] = [_merged(axis) for axis in zip(*branches, strict=True)]
        forms.append(_form(start, layer.target, seen[layer.target.name], layer))
    return ClosedForms(start.name, tuple(forms))


def _in_depth(power: Power) -> DepthForm:
    """The recurrences of a stack, solved: r' = r + (k - 1) j, p' = p + q j and j' = s j.

    k, q and s are the field, the padding and the stride of the spec once.
    """
    spec, depth = power.spec, power.depth
    sizes = tuple(size_symbol(f"n_{a}") for a in range(1, (spec.rank or 1) + 1))
    once = [
        _steady(spec, field, sizes) for field in closed_forms(_once(spec, sizes)).rows[-1].fields
    ]
    fields, strides, paddings = [], [], []
    before = sp.Dummy("l", integer=True, nonnegative=True)
    for size, stride, padding in once:
        steps = sp.simplify(sp.summation(stride**before, (before, 0, depth - 1)))
        fields.append(_plain(1 + (size - 1) * steps))
        strides.append(_plain(stride**depth))
        paddings.append(_plain(padding * steps))
    return DepthForm(spec, depth, tuple(fields), tuple(strides), tuple(paddings))


def _plain(value: sp.Expr) -> Size:
    return int(value) if value.is_Integer else value


def _once(spec: Spec, sizes: tuple[Size, ...]) -> Network:
    """The spec on one channel, or on as many as its groups may ask for."""
    try:
        return spec.on(sizes)
    except ConvgraphError:
        return spec.on((size_symbol("c"), *sizes))


def _steady(
    spec: Spec, field: AxisField | None, sizes: Sequence[Size]
) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The size, stride and padding of a field that has the same everywhere."""
    facts = () if field is None else (field.size, field.stride, field.padding)
    found = [sympified(fact) for fact in facts if fact is not None]
    if len(found) < 3 or any(not fact.free_symbols.isdisjoint(sizes) for fact in found):
        raise ConvgraphError(
            f"spec={spec!r}: what a unit sees depends on where it is or on the size of the input; "
            "a formula in the depth is for windows that move by the same step everywhere"
        )
    return found[0], found[1], found[2]


def _form(start: Row, row: Row, seen: Sequence[_Seen], layer: Layer | None) -> RowForm:
    space = seen[1:] if start.channels else seen
    fields = tuple(each.field for each in space)
    if layer is None:
        return RowForm(row.name, row.shape, fields)
    return RowForm(
        row.name,
        row.shape,
        fields,
        layer_parameters(layer),
        simplest(layer.connections),
        missing_connections(layer),
    )


def _start(axis: int) -> _Seen:
    return _Seen(axis, AxisField.start(), None)


def _through(joint: Joint, layer: Layer, seen: Sequence[_Seen]) -> list[_Seen]:
    """What a layer's row sees through one of its joints, for each axis of the input."""
    wiring, source, target = joint.wiring, joint.source, layer.target
    if not isinstance(wiring, Product):
        constant = (each.axis is None and each.field is not None for each in seen)
        unknown = _Seen(None, None, None)
        return [each if same else unknown for each, same in zip(seen, constant, strict=True)]
    read = _aligned(source.shape, wiring.in_view)
    written = {view: axis for axis, view in _aligned(target.shape, wiring.out_view).items()}
    everything = all(axis.full for axis in wiring.axes)
    result = []
    for each in seen:
        whole = _whole(each, source)
        if each.axis is None and each.field is not None:
            result.append(each)
        elif everything:
            result.append(_Seen(None, whole, whole))
        elif each.field is None or each.axis is None:
            result.append(_Seen(None, None, whole))
        elif each.axis not in read:
            single = source.shape[each.axis] == 1
            result.append(_Seen(None, each.field.at(0) if single else None, whole))
        else:
            view = wiring.order.index(read[each.axis])
            result.append(_along(wiring.axes[view], written.get(view), each.field, whole, layer))
    return result


def _along(
    axis: Axis, to: int | None, field: AxisField, whole: AxisField | None, layer: Layer
) -> _Seen:
    elsewhere = is_concat(layer) and axis.inputs != axis.outputs
    if elsewhere or (to is None and axis.outputs != 1):
        return _Seen(None, None, whole)
    behind = field.through(axis)
    return _Seen(to, behind, None) if to is not None else _Seen(None, behind.at(0), behind.at(0))


def _whole(seen: _Seen, row: Row) -> AxisField | None:
    """What all units of a row see together."""
    if seen.field is None or seen.axis is None:
        return seen.whole
    ends = seen.field.at(0).first, seen.field.at(row.shape[seen.axis] - 1).last
    return AxisField(*ends)


def _merged(branches: Sequence[_Seen]) -> _Seen:
    first = branches[0]
    if len(branches) == 1:
        return first
    fields = [b.field for b in branches if b.field is not None]
    wholes = [b.whole for b in branches if b.whole is not None]
    axes = {b.axis for b in branches if b.axis is not None}
    field = AxisField.of_branches(fields) if len(fields) == len(branches) else None
    whole = AxisField.of_branches(wholes) if len(wholes) == len(branches) else None
    if field is None or len(axes) > 1:
        return _Seen(None, None, whole)
    return _Seen(axes.pop() if axes else None, field, whole)


def _aligned(shape: Sequence[Size], view: Sequence[Size]) -> dict[int, int]:
    """Which axes of a row are single axes of a view of it, counted from either end."""
    pairs: dict[int, int] = {}
    for a in range(1, min(len(shape), len(view)) + 1):
        if shape[-a] != view[-a]:
            break
        pairs[len(shape) - a] = len(view) - a
    for a in range(min(len(shape), len(view))):
        if a in pairs or a in pairs.values() or shape[a] != view[a]:
            break
        pairs[a] = a
    return pairs
