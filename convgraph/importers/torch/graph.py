"""PyTorch modules as networks, through torch.export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.importers.builder import EXACTLY
from convgraph.importers.input_axes import stated_axes, with_batch
from convgraph.importers.torch.export import given_program, program_of, unwrapped
from convgraph.importers.torch.inlined import decomposed
from convgraph.importers.torch.open_sizes import (
    caveat_at,
    confirm_at,
    open_symbols,
    same_program,
    trials,
    with_values,
)
from convgraph.importers.torch.operators import OPERATORS
from convgraph.importers.torch.translation import Translation, input_shapes
from convgraph.importers.walk import confirm, network_of

__all__ = ["from_torch"]


def from_torch(
    module: Any,
    input_shape: Any = None,
    strict: bool = False,
    batch: bool | None = None,
    axes: Any = None,
) -> Network:
    """Read a PyTorch module as a network of rows, wirings and tyings, as it acts at inference.

    A row is named for the module that computes it, or as `torch.export` names the operation;
    parameter arrays have the module's own names. Buffers, and what the module computes from no
    input (a grid of positions, a mask), are arrays too, but no parameters. A weight that it
    computes from parameters by moving, masking, scaling or adding them keeps their names; one that
    is computed otherwise, as by `weight_norm`, is an array of its own, and a caveat says so. What
    counts are the module's own parameters.

    Of a module of which a part depends on values, as a detector's boxes do, what comes before is
    read: its outermost parts that are complete by then, a backbone and the heads of its proposals.

    The module's `forward` is called once on tensors without numbers, of which each call is
    recorded, and once on random ones: what was recorded has to give the same numbers, bit by bit.
    Where it does not, where a call cannot be recorded, or that run would take longer than
    `torch.export` does, that traces the module. What it gives is held against the module, too,
    unless that takes longer, and may differ by rounding alone. Parameters, buffers and attributes
    are put back. A module that draws numbers is read as of one run.

    Parameters
    ----------
    module
        A `torch.nn.Module`; its mode of training is left as it was. Or a program that
        `torch.export` made, which needs no shape. Of a `.pt2` file `torch.export.load` makes one;
        it runs what code is in the file, and so is for whoever trusts its author to call.
    input_shape
        The shape of the input, with or without the batch; a list of shapes for several inputs, or
        a dict of them by name; a tensor instead of a shape where whole numbers are asked for, as
        by an embedding. A size may be an integer symbol of sympy, where no operation of the module
        states a size: it is read at four sizes, and has to be the same program at all, which a
        caveat says.
    strict
        Whether to refuse operators that are not known; see `from_onnx`.
    batch
        Whether the shapes begin with a batch. If nobody says so, the first layer with a window
        tells by its number of axes; where the module does not take that, the other way is tried.
        The network's `notes`, and a report, say what was taken to be so.
    axes
        Instead: what the axes of the input are, as a letter for each: N for the batch, C for the
        channels, and any other for those of time or space, as in "NHWC", "NTC" or "TCHW"; a list or
        a dict for several inputs. The shape may leave N out. If nobody says so, the first
        convolution or pool on the input tells which are channels, or else the first one behind
        the batch counts them. Rows of inputs stand channels first; where the module takes them
        otherwise, a row behind them, such as `x/NHWC`, has them as it does.

    Returns
    -------
    Network
        With the module's parameters as `weights`, and `caveats` as in `from_onnx`.

    Raises
    ------
    ConvgraphError
        If the module cannot be exported for that shape, if what `torch.export` makes of it computes
        other numbers than it does, or if PyTorch is not installed.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> from_torch(torch.nn.Conv2d(3, 8, 3), (3, 8, 8)).outputs[0].shape  # doctest: +SKIP
    (8, 6, 6)
    """
    try:
        import torch
    except ImportError:
        raise ConvgraphError(
            "torch: reading a module needs PyTorch: pip install 'convgraph[torch]'"
        ) from None
    if batch is not None and not isinstance(batch, bool):
        raise ConvgraphError(f"batch={batch!r}: True, False, or None where the module may tell")
    if axes is not None and batch is not None:
        raise ConvgraphError(f"batch={batch!r}, axes={axes!r}: axes= says what is the batch, too")
    if axes is not None and input_shape is not None:
        input_shape, batch = whole_shapes(torch, input_shape, axes), True
    symbols = open_symbols(input_shape)
    if symbols:
        return _of_open_sizes(torch, module, input_shape, symbols, batch, strict, axes)
    translation, shapes, caveat, note = _translated(torch, module, input_shape, batch, strict)
    inputs = dict(zip(translation.inputs, shapes, strict=True))
    network = _network(translation, inputs, strict, caveat, axes)
    network.notes = (*((note,) if note else ()), *network.notes)
    confirm(network, translation.shapes, "PyTorch")
    return network


def whole_shapes(torch: Any, given: Any, axes: Any) -> Any:
    """What is given for the inputs, each with the batch of one that its letters have."""
    several = isinstance(given, Mapping) or (
        isinstance(given, list | tuple)
        and any(isinstance(each, list | tuple | torch.Tensor) for each in given)
    )
    if not several:
        return _whole(torch, given, axes)
    names = list(given) if isinstance(given, Mapping) else list(range(len(given)))
    each = axes if isinstance(axes, Mapping) else {}
    if isinstance(axes, list | tuple) and len(axes) == len(names):
        each = dict(zip(names, axes, strict=True))
    made = {name: _whole(torch, given[name], each.get(name)) for name in names}
    return made if isinstance(given, Mapping) else list(made.values())


def _whole(torch: Any, given: Any, axes: Any) -> Any:
    if axes is None:
        return given
    if isinstance(given, torch.Tensor):
        return given.reshape(with_batch(axes, tuple(given.shape)))
    return with_batch(axes, tuple(given) if isinstance(given, list | tuple) else (given,))


def _translated(
    torch: Any, module: Any, input_shape: Any, batch: bool | None, strict: bool
) -> tuple[Translation, list[tuple[int, ...]], str, str]:
    """The nodes of a module, the shapes of its inputs, and a caveat and a note, or nothing."""
    program, caveat, note = given_program(torch, module, input_shape), "", ""
    if program is None:
        module = unwrapped(torch, module)
        shapes, program, caveat, note = program_of(torch, module, input_shape, batch)
        if caveat and strict:
            raise ConvgraphError(f"{caveat}{EXACTLY}")
    else:
        module, shapes = None, input_shapes(program)
        if program.graph_signature.input_tokens:
            raise ConvgraphError(
                "module: its program checks values in an order of its own; "
                "export it without decompositions"
            )
    translation = Translation(torch, module, program)
    if translation.unread:
        again = decomposed(torch, program, translation.unread, OPERATORS)
        translation = Translation(torch, module, again) if again else translation
    return translation, shapes, caveat, note


def _network(
    translation: Translation,
    inputs: dict[str, tuple[Size, ...]],
    strict: bool,
    caveat: str,
    axes: Any,
) -> Network:
    network = network_of(
        translation.nodes,
        inputs,
        translation.known,
        translation.outputs,
        translation.shapes.get,
        strict,
        stated=True,
        axes=stated_axes(axes, inputs),
    )
    modules = {row.name: translation.module(row.name) for row in network.rows}
    network.modules = {row: module for row, module in modules.items() if module}
    network.caveats += (caveat,) if caveat else ()
    return network


def _of_open_sizes(
    torch: Any,
    module: Any,
    given: Any,
    symbols: Sequence[sp.Symbol],
    batch: bool | None,
    strict: bool,
    axes: Any,
) -> Network:
    """A module at four sizes; what is the same at all is said with symbols."""
    values = trials(given, symbols)
    unseen = caveat_at(given, values)
    if strict:
        raise ConvgraphError(f"{unseen}{EXACTLY}")
    made = [_translated(torch, module, with_values(given, at), batch, strict) for at in values]
    # One of the programs, with symbols for its sizes, is right if all four are the same but for
    # numbers, and if its rows then have the sizes that were seen.
    (one, shapes, caveat, _), *others = made
    for other, *_ in others:
        same_program([one.nodes, other.nodes], [one.known, other.known], given)
    if caveat or any(node.domain for node in one.nodes):
        raise ConvgraphError(f"input_shape={given}: give numbers; not all of the module is read")
    several = isinstance(given, Mapping) or any(isinstance(each, list | tuple) for each in given)
    stated = list(given.values()) if isinstance(given, Mapping) else given if several else [given]
    whole = [
        (1,) * (len(shape) - len(tuple(own))) + tuple(own)
        for shape, own in zip(shapes, stated, strict=True)
    ]
    try:
        network = _network(one, dict(zip(one.inputs, whole, strict=True)), strict, caveat, axes)
    except ConvgraphError as error:
        raise ConvgraphError(f"input_shape={given}: give numbers; {error}") from error.__cause__
    confirm_at(network, [each.shapes.get for each, *_ in made], values)
    network.caveats += (unseen,)
    return network
