"""From the nodes of a model, in order, to a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.importers.builder import BUILDERS, EXACTLY, Body, Builder, Infer, Unread
from convgraph.importers.constants.computed_parameters import settle
from convgraph.importers.constants.folding import fold
from convgraph.importers.input_axes import (
    as_rows_have_them,
    channels_first,
    has_channels,
    note_of,
    seen_axes,
)
from convgraph.importers.node import Node
from convgraph.importers.operators import (  # noqa: F401 - each registers the operators of its family
    connections_only,
    contraction,
    elementwise,
    grid_sampling,
    indexing,
    joining,
    moving_units,
    normalisation,
    pointwise,
    products,
    quantisation,
    recurrences,
    reducing,
    reshaping,
    resizing,
    windows,
)
from convgraph.importers.operators.not_read import NOT_READ
from convgraph.importers.values import FAULTS, Known, Signal, Weights, row_shape

__all__ = ["build", "confirm", "needed_nodes", "network_of"]

Shape = tuple[Size, ...]
LEFT_OUT = "an input or an attribute that the operator needs is left out"


def network_of(
    nodes: Sequence[Node],
    inputs: Mapping[str, Shape],
    known: Mapping[str, Known],
    outputs: Sequence[str],
    hints: Callable[[str], Shape | None],
    strict: bool,
    stated: bool = False,
    infer: Infer | None = None,
    body: Body | None = None,
    axes: Mapping[str, str] | None = None,
) -> Network:
    """The network that a model's nodes make of its inputs.

    Parameters
    ----------
    nodes
        In an order in which each comes after those that it needs.
    inputs
        The shapes of the inputs, batch included.
    known
        The tensors that do not depend on the inputs.
    outputs
        The names of the outputs.
    hints
        Shapes that the model states, for operators that are not known.
    strict
        Whether an operator that is not known is refused.
    stated
        Whether the model tells parameters from other numbers.
    infer
        The shapes of a node's outputs by its operator's own rules, for one that is not known.
    body
        The nodes that a node stands for, for an operator that is not known.
    axes
        Letters for the axes of inputs, of which somebody said what they are.
    """
    said = dict(axes or {})
    needed, left_out = needed_nodes(nodes, outputs)
    used = {node.name for node in needed} - {""}  # several nodes may be what one was translated to
    left_out = [node for node in left_out if node.name not in used]

    def built() -> tuple[Builder, list[Row]]:
        builder = Builder(hints, strict, stated, infer, body)
        builder.values.update(known)
        starts = [
            _input_row(builder, name, shape, said.get(name)) for name, shape in inputs.items()
        ]
        for node in needed:
            build(builder, node)
        return builder, starts

    builder, starts = built()
    open_rows = [row for row in starts if row.name not in said]
    seen = seen_axes(open_rows, builder.windowed, builder.made)
    untold = [note_of(row, None) for row in open_rows if row.channels and row.name not in seen]
    seen = {name: letters for name, letters in seen.items() if not as_rows_have_them(letters)}
    if seen:  # a window tells of its input when all before it is built
        said.update(seen)
        builder, starts = built()
    notes = [note_of(row, seen[row.name]) for row in starts if row.name in seen]
    ends = []
    for name in dict.fromkeys(outputs):
        value = builder.values.get(name)
        if value is None:
            raise ConvgraphError(f"output={name!r}: no node computes it")
        signal = value if isinstance(value, Signal) else builder.constant_row(value)
        ends.append(signal.row)
    settle(builder)
    if left_out:
        few = ", ".join(repr(node.label) for node in left_out[:3])
        more = ", ..." if len(left_out) > 3 else ""
        builder.caveats.append(
            f"nodes={few}{more}: no output depends on them, so they are left out"
        )
    network = Network.of(
        builder.rows, builder.layers, starts, ends, Weights(builder.arrays), builder.caveats
    )
    network.notes = (*notes, *untold)
    return network


def _input_row(builder: Builder, name: str, shape: Shape, letters: str | None) -> Row:
    """The row of an input, channels first; behind it one as the model has it, if it differs."""
    if letters is None:
        row = builder.add_row(name, shape)
        builder.values[name] = Signal(row, shape)
        return row
    order = channels_first(letters, shape)
    turned = tuple(shape[a] for a in order)
    ordered = "".join(letters[a] for a in order)
    row = builder.add_row(name, turned, has_channels(ordered, turned))
    builder.values[name] = Signal(row, turned)
    if order != tuple(range(len(shape))):
        back = [order.index(a) for a in range(len(shape))]
        own = f"{name}/{letters}"
        build(builder, Node("Transpose", (name,), (own,), {"perm": back}))
        builder.values[name] = builder.values[own]
    return row


def confirm(network: Network, computed: Mapping[str, Shape | None], framework: str) -> None:
    """Hold the shapes of a network's rows against those that a framework computed."""
    for row in network.rows:
        shape = None if row in network.inputs else computed.get(row.name)
        if shape is not None and row.shape != row_shape(shape):
            raise ConvgraphError(
                f"row={row.name!r}: its shape was read as {row.shape}, and {framework} computes "
                f"{shape}; the importer has misread the operation"
            )


def needed_nodes(nodes: Sequence[Node], outputs: Sequence[str]) -> tuple[list[Node], list[Node]]:
    """The nodes on which the outputs depend, and the others."""
    wanted = set(outputs)
    needed: list[Node] = []
    left_out: list[Node] = []
    for node in reversed(nodes):
        if wanted.isdisjoint(node.outputs):
            left_out.append(node)
        else:
            if len(node.outputs) > 1:  # a mask or indices that nobody asks for need not be read
                names = node.outputs[:1] + tuple(n if n in wanted else "" for n in node.outputs[1:])
                node = replace(node, outputs=names)
            wanted.update(node.inputs)
            needed.append(node)
    return needed[::-1], left_out[::-1]


def build(builder: Builder, node: Node) -> None:
    """One node; what it gets wrong is said with its name."""
    values = builder.values
    try:
        for name in node.outputs:
            if name in values:
                raise ConvgraphError(f"output={name!r}: it is computed already")
        for name in node.inputs:
            if name and name not in values:
                raise ConvgraphError(
                    f"input={name!r}: no node before this one computes it; "
                    "nodes stand in order, without cycles"
                )
        if not node.domain and fold(builder, node):
            return
        build = BUILDERS.get(node.op) if not node.domain else None
        try:
            if build is None and not node.domain and _by_its_body(builder, node):
                return
            if build is None:
                why = "an operator that is not known"
                if builder.stated:  # a file says nothing of what this library cannot read
                    why = node.word("why", why)
                raise Unread(NOT_READ.get(node.op, why))
            build(builder, node)
        except Unread as reason:
            builder.unknown(node, str(reason), reason.shapes)
    except ConvgraphError as error:
        raise ConvgraphError(_about(node, str(error))) from None
    except AttributeError as e:
        if e.obj is not None:
            raise
        raise ConvgraphError(_about(node, LEFT_OUT)) from e
    except (*FAULTS, MemoryError) as e:
        # a model is data: a node that breaks its operator's rules is no fault of this library's
        left_out = isinstance(e, TypeError) and "NoneType" in str(e)
        why = LEFT_OUT if left_out else f"not as the operator asks: {e}"
        raise ConvgraphError(_about(node, why)) from e


def _by_its_body(builder: Builder, node: Node) -> bool:
    """Build the nodes that a node stands for; nothing is left of them if one cannot be built."""
    inner = None if builder.body is None else builder.body(node, builder.values)
    if inner is None:
        return False
    lists = {n: kept for n, kept in vars(builder).items() if isinstance(kept, list | dict | set)}
    before = {name: copy(kept) for name, kept in lists.items()}
    try:
        for each in needed_nodes(inner, [name for name in node.outputs if name])[0]:
            build(builder, each)
    except ConvgraphError as error:
        vars(builder).update(before)
        why = f"in its function, {str(error).removesuffix(EXACTLY)}"
        raise Unread("; ".join(filter(None, (NOT_READ.get(node.op), why)))) from error
    return True


def _about(node: Node, message: str) -> str:
    """A message with the node's name, in one line whatever a hostile model calls things."""
    if not message.startswith("node="):
        message = f"node={node.label[:80]!r} ({node.op[:40]}): {message}"
    line = " ".join(message.split())
    return line if len(line) <= 500 else f"{line[:497]}..."
