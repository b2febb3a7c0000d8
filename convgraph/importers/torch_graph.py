"""PyTorch modules as networks, through torch.export."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.importers.builder import Builder
from convgraph.importers.folding import fold
from convgraph.importers.node import Node
from convgraph.importers.torch_constants import Constants
from convgraph.importers.torch_export import given_program, program_of, unwrapped
from convgraph.importers.torch_inlined import decomposed
from convgraph.importers.torch_names import Names, of_parametrisation
from convgraph.importers.torch_open_sizes import (
    caveat_at,
    confirm_at,
    open_symbols,
    same_program,
    trials,
    with_values,
)
from convgraph.importers.torch_operators import OPERATORS, Call
from convgraph.importers.torch_places import is_mutable
from convgraph.importers.values import Known, roots_of
from convgraph.importers.walk import confirm, network_of

__all__ = ["from_torch"]

NOISE = {"rand", "randn", "randint", "rand_like", "randn_like", "randint_like"}
NEWEST = 28  # the operator set in whose terms the nodes are written


def from_torch(
    module: Any, input_shape: Any = None, strict: bool = False, batch: bool | None = None
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

    Returns
    -------
    Network
        With the module's parameters as `weights`, and `caveats` as in `from_onnx`.

    Raises
    ------
    ConvgraphError
        If the module cannot be exported for that shape, or if PyTorch is not installed.

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
    symbols = open_symbols(input_shape)
    if symbols:
        return _of_open_sizes(torch, module, input_shape, symbols, batch, strict)
    translation, shapes, caveat = _translated(torch, module, input_shape, batch, strict)
    inputs = dict(zip(translation.inputs, shapes, strict=True))
    network = _network(translation, inputs, strict, caveat)
    confirm(network, translation.shapes, "PyTorch")
    return network


def _translated(
    torch: Any, module: Any, input_shape: Any, batch: bool | None, strict: bool
) -> tuple[Translation, list[tuple[int, ...]], str]:
    """The nodes of a module, the shapes of its inputs, and a caveat or nothing."""
    program, caveat = given_program(torch, module, input_shape), ""
    if program is None:
        module = unwrapped(torch, module)
        shapes, program, caveat = program_of(torch, module, input_shape, batch)
        if caveat and strict:
            raise ConvgraphError(f"{caveat}; strict=True takes only what is read exactly")
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
    return translation, shapes, caveat


def _network(
    translation: Translation, inputs: dict[str, tuple[Size, ...]], strict: bool, caveat: str
) -> Network:
    network = network_of(
        translation.nodes,
        inputs,
        translation.known,
        translation.outputs,
        translation.shapes.get,
        strict,
        stated=True,
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
) -> Network:
    """A module at four sizes; what is the same at all is said with symbols."""
    values = trials(given, symbols)
    unseen = caveat_at(given, values)
    if strict:
        raise ConvgraphError(f"{unseen}; strict=True takes only what is read exactly")
    made = [_translated(torch, module, with_values(given, at), batch, strict) for at in values]
    (one, shapes, caveat), *others = made
    for other, _, _ in others:
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
        network = _network(one, dict(zip(one.inputs, whole, strict=True)), strict, caveat)
    except ConvgraphError as error:
        raise ConvgraphError(f"input_shape={given}: give numbers; {error}") from error.__cause__
    confirm_at(network, [each.shapes.get for each, _, _ in made], values)
    network.caveats += (unseen,)
    return network


class Translation:
    """The nodes of an exported program in ONNX's terms, as they are gone through."""

    def __init__(self, torch: Any, module: Any, program: Any) -> None:
        self.nodes: list[Node] = []
        self.known: dict[str, Known] = {}
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.shapes: dict[str, tuple[Size, ...] | None] = {}
        self.version = NEWEST
        self._signature = signature = program.graph_signature
        self._targets = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self._tensors = {**program.state_dict, **program.constants}
        self._constants = Constants(torch)
        self._names: dict[str, str] = {}
        self._in_place: dict[str, list[str]] = {}
        self._own = Names(program.graph_module.graph, module)
        self._folder = Builder(self.shapes.get, strict=False, stated=True)
        self._folder.values = self.known  # type: ignore[assignment]
        self.unread: set[Any] = set()
        for node in program.graph_module.graph.nodes:
            self._add(node)

    def _add(self, node: Any) -> None:
        """Translate a node of the exported graph."""
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self._output(node)
        elif node.op == "get_attr":
            raise ConvgraphError(f"node={node.name!r}: a part of the module that is no tensor")
        elif self._constants.follow(node):
            self._constant(node)
        elif (
            node.target is not operator.getitem  # what gives several tensors has named them
            and not self._call(node)
        ):
            self.unread.add(node.target)
        if node.op == "call_function" and is_mutable(node):
            self._changed(node.args[0].name, node.name)

    def module(self, row: str) -> str:
        """The module that computes a row."""
        return self._own.within(row)

    def _placeholder(self, node: Any) -> None:
        target = self._targets.get(node.name)
        if target is None:
            self.inputs.append(node.name)
            self._names[node.name] = node.name
            return
        tensor = self._tensors[target]
        learned = node.name in self._signature.inputs_to_parameters
        self._constants.hold(node, tensor, learned)
        self._names[node.name] = target
        read = partial(_values, lambda: tensor)
        self.known[target] = Known(target, tuple(tensor.shape), read, learned)

    def _output(self, node: Any) -> None:
        """The module's own results; a program also gives back what it changes in place."""
        own = set(self._signature.user_outputs)
        values = [value for value in node.args[0] if hasattr(value, "meta")]
        self.outputs = [self.name(value) for value in values if value.name in own]
        if not self.outputs:
            raise ConvgraphError("module: its result holds no tensor")

    def _constant(self, node: Any) -> None:
        """A call whose result is known beforehand; of parameters it is known which ones."""
        value = node.meta.get("val")
        learned = self._constants.learned(node)
        if learned and (node.name in self._names or self._followed(node)):
            return
        if not hasattr(value, "shape"):
            return  # several tensors, which are asked for one by one, or a check without a result
        name = self._names[node.name] = of_parametrisation(self._own.of(node), self.known)
        shape = tuple(int(n) for n in value.shape)
        read = partial(_values, self._constants.read(node))
        known = self.known[name] = Known(name, shape, read, learned)
        if learned:
            known.roots = roots_of(self._behind(node)) or (known,)

    def _behind(self, node: Any) -> list[Known | None]:
        """The tensors that a call takes, also where it takes one of several that another gives."""
        found: list[Known | None] = []
        for source in node.all_input_nodes:
            name = self._names.get(source.name)
            if name is not None:
                found.append(self.known.get(name))
            elif source.op == "call_function":
                found += self._behind(source)
        return found

    def _followed(self, node: Any) -> bool:
        """Whether a call on parameters is one of those that `folding` follows them through."""
        if node.target is operator.getitem:
            return False
        tables: tuple[dict[str, Any], ...] = self.known, self.shapes, self._names
        first = len(self.nodes)
        sizes_before = [len(table) for table in tables]
        try:
            if self._call(node):
                made, self.nodes[first:] = self.nodes[first:], []
                if made and all(not each.domain and fold(self._folder, each) for each in made):
                    self._as_parametrised(node)
                    return True
        except (ArithmeticError, ConvgraphError, LookupError, TypeError, ValueError):
            pass  # PyTorch itself computes it
        del self.nodes[first:]
        for table, size in zip(tables, sizes_before, strict=True):
            while len(table) > size:
                table.popitem()
        return False

    def _as_parametrised(self, node: Any) -> None:
        """What computes a parameter has the parameter's own name."""
        name = self._names.get(node.name, "")
        made, plain = self.known.get(name), of_parametrisation(name, self.known)
        if made is not None and plain != name and made.origin is made:
            made.name = self._names[node.name] = plain
            self.known[plain] = made

    def _changed(self, old: str, new: str) -> None:
        """An operation in place: whoever reads what it changed reads its result from now on."""
        chain = self._in_place.setdefault(old, [old])
        for name in chain:
            self._constants.rename(name, new)
            self._names[name] = self._names[new]
        chain.append(new)
        self._in_place[new] = chain

    def _call(self, node: Any) -> bool:
        """Translate a call; whether it is one of the known ones."""
        parts = [each for each in node.users if each.target is operator.getitem and each.users]
        values = node.meta.get("val")
        if values is None:
            return False  # a check, without a result
        if isinstance(values, tuple | list):
            names = [""] * len(values)
            for user in parts:
                name = self._own.of(user)
                names[user.args[1]] = self._names[user.name] = name
            for name, value in zip(names, values, strict=True):
                if name:
                    self.shapes[name] = sizes(node, value)
        elif not hasattr(values, "shape"):
            raise ConvgraphError(
                f"node={node.name!r}: a number that is computed from the input, not a tensor"
            )
        else:
            names = [self._own.of(node)]
            self._names[node.name] = names[0]
            self.shapes[names[0]] = sizes(node, values)
        if 0 in getattr(values, "shape", ()):
            return True  # no units; a concatenation leaves it out
        call = Call(self, node, tuple(names))
        translate = OPERATORS.get(call.op)
        if translate is None or (translate(call) is False):
            sources = [] if call.op in NOISE else node.all_input_nodes
            inputs = tuple(self.name(value) for value in sources)
            self.nodes.append(Node(call.op, inputs, tuple(names), {}, node.name, "aten"))
            return False
        return True

    def name(self, value: Any) -> str:
        """The name of the tensor that an argument stands for; numbers become tensors."""
        if value is None:
            return ""
        if isinstance(value, bool | int | float):
            array = np.asarray(value, np.float32 if isinstance(value, float) else None)
            name = f"number {value}"
            self.known.setdefault(name, Known.of(name, array))
            return name
        return self._names[value.name]

    def is_constant(self, node: Any) -> bool:
        """Whether a node's result is known beforehand."""
        return node in self._constants

    def is_learned(self, node: Any) -> bool:
        """Whether a node's result is known beforehand, and a parameter went into it."""
        return node in self._constants and self._constants.learned(node)

    def constant(self, node: Any) -> NDArray[Any]:
        """The values of a node whose result is known beforehand."""
        return _values(self._constants.read(node))

    def on_numbers(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call that moves units does to an array of their numbers; -1 where it puts zero."""
        return self._constants.on_numbers(node)

    def on_arrays(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call does to an array in place of its first argument."""
        return self._constants.on_arrays(node)

    def shape(self, value: Any) -> tuple[int, ...]:
        """The shape of an argument."""
        return tuple(int(n) for n in value.meta["val"].shape)


def input_shapes(program: Any) -> list[tuple[int, ...]]:
    """The shapes for which a program was exported."""
    own = set(program.graph_signature.user_inputs)
    found = []
    for node in program.graph_module.graph.nodes:
        if node.op == "placeholder" and node.name in own:
            shape = tuple(getattr(node.meta.get("val"), "shape", ()))
            if not all(isinstance(n, int) for n in shape):
                raise ConvgraphError(
                    f"module: its program leaves sizes of {node.name!r} open, {shape}; "
                    "export it for numbers"
                )
            found.append(shape)
    return found


def sizes(node: Any, value: Any) -> tuple[int, ...]:
    """The shape of what a node computes."""
    if not all(isinstance(n, int) for n in value.shape):
        raise ConvgraphError(
            f"node={node.name!r}: how many units there are depends on the input's values"
        )
    return tuple(value.shape)


def _values(read: Callable[[], Any]) -> NDArray[Any]:
    detached = read().detach().cpu()
    return np.asarray(detached.numpy() if detached.dtype.itemsize != 2 else detached.float())
