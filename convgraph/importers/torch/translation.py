"""The nodes of an exported program, in ONNX's terms."""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.importers.builder import Builder
from convgraph.importers.constants.folding import fold
from convgraph.importers.node import Node
from convgraph.importers.torch.names import Names, of_parametrisation
from convgraph.importers.torch.operators import OPERATORS, Call
from convgraph.importers.torch.places import aside, is_mutable, settled
from convgraph.importers.torch.translated import Translated, values_of
from convgraph.importers.values import Known, roots_of

__all__ = ["Translation", "input_shapes"]

NOISE = {"rand", "randn", "randint", "rand_like", "randn_like", "randint_like"}


class Translation(Translated):
    """The nodes of an exported program in ONNX's terms, as they are gone through."""

    def __init__(self, torch: Any, module: Any, program: Any) -> None:
        super().__init__(torch)
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self._signature = signature = program.graph_signature
        self._targets = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self._tensors = {**program.state_dict, **program.constants}
        self._in_place: dict[str, list[str]] = {}
        self._own = Names(program.graph_module.graph, module)
        self._taken = {node.name for node in program.graph_module.graph.nodes}
        self._folder = Builder(self.shapes.get, strict=False, stated=True)
        self._folder.values = self.known  # type: ignore[assignment]
        self.unread: set[str] = set()
        """The nodes that no rule reads, and those of parameters that none is followed through."""
        self._settled = settled(torch, program) or {}
        graph = program.graph_module.graph
        left_out = aside(graph)
        for node in graph.nodes:
            if node not in left_out:
                self._add(node)

    def _add(self, node: Any) -> None:
        """Translate a node of the exported graph."""
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self._output(node)
        elif node.op == "get_attr":
            raise ConvgraphError(f"node={node.name!r}: a part of the module that is no tensor")
        elif node.name in self._settled:
            self._constants.hold(node, self._settled[node.name], learned=False)
            self._constant(node)
            return
        elif self._constants.follow(node):
            self._constant(node)
        elif (
            node.target is not operator.getitem  # what gives several tensors has named them
            and not self._call(node)
        ):
            self.unread.add(node.name)
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
        # a parameter may be called as an input or an operation is: `mean`
        name = f"{target} of the module" if target in self._taken else target
        self._names[node.name] = name
        read = partial(values_of, lambda: tensor)
        self.known[name] = Known(target, tuple(tensor.shape), read, learned)

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
        if learned and node.target is not operator.getitem:
            self.unread.add(node.name)
        if not hasattr(value, "shape"):
            return  # several tensors, which are asked for one by one, or a check without a result
        name = self._names[node.name] = of_parametrisation(self._own.of(node), self.known)
        shape = tuple(int(n) for n in value.shape)
        read = partial(values_of, self._constants.read(node))
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
        if 0 in getattr(values, "shape", ()):  # no units; a concatenation leaves it out
            self.known[names[0]] = Known.of(names[0], np.zeros(values.shape))
            return True
        call = Call(self, node, tuple(names))
        translate = OPERATORS.get(call.op)
        if translate is None or (translate(call) is False):
            sources = [] if call.op in NOISE else node.all_input_nodes
            inputs = tuple(self.name(value) for value in sources)
            self.nodes.append(Node(call.op, inputs, tuple(names), {}, node.name, "aten"))
            return False
        return True


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
