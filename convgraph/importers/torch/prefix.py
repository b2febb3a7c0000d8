"""Modules of which a later part depends on values, as a detector's boxes: what comes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from convgraph.importers.torch.places import is_mutable, memory_of

__all__ = ["DATA_DEPENDENT", "up_to_values"]

DATA_DEPENDENT = "data-dependent"  # what torch.export says where no shape would help


def up_to_values(torch: Any, module: Any, export: Callable[[], Any]) -> tuple[Any, str] | None:
    """The program of a module up to where it asks for values, and what it then gives.

    The results are those of its outermost parts that are complete by then: of a detector its
    backbone and the heads of its proposals. None where there is no such part.
    """
    with _stopping(torch, module) as calls:
        program = export()
    parts = [name for name, tensors in calls.complete for _ in tensors]
    moved = _without_constants(program)[-len(parts) :]  # what is changed in place comes before
    if not program.graph_signature.user_outputs:
        return None
    _without_unread(program)
    names = dict.fromkeys(name for name, kept in zip(parts, moved, strict=True) if kept)
    return program, ", ".join(names)


class _Calls:
    """The calls of a module's parts, up to the one that asks for values.

    That one, and whatever is called behind it, gives nothing instead of failing: torch.export
    counts on every part that was begun to end.
    """

    def __init__(self, torch: Any) -> None:
        self.torch, self.stopped = torch, False
        self.complete: list[tuple[str, list[Any]]] = []
        """The outermost parts that are complete so far, and what they gave."""

    def part(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        """A part's own call, watched."""

        @wraps(forward)
        def watched(*arguments: Any, **keywords: Any) -> Any:
            before = len(self.complete)
            result = self._tried(forward, arguments, keywords)
            if not self.stopped:
                leaves = self.torch.utils._pytree.tree_leaves(result)
                tensors = [t for t in leaves if isinstance(t, self.torch.Tensor) and _fixed(t)]
                self.complete[before:] = [(name, tensors)]
            return result

        return watched

    def whole(self, forward: Callable[..., Any]) -> Callable[..., Any]:
        """The call of the module, which gives what is complete."""

        @wraps(forward)
        def watched(*arguments: Any, **keywords: Any) -> Any:
            self.stopped = False
            self.complete.clear()
            result = self._tried(forward, arguments, keywords)
            if not self.stopped:
                return result
            self.complete = [(name, tensors) for name, tensors in self.complete if tensors]
            return [tensor for _, tensors in self.complete for tensor in tensors]

        return watched

    def _tried(self, forward: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
        try:
            return None if self.stopped else forward(*arguments, **keywords)
        except Exception as error:
            if not self.stopped and DATA_DEPENDENT not in str(error):
                raise
            self.stopped = True
            return None


@contextmanager
def _stopping(torch: Any, module: Any) -> Iterator[_Calls]:
    """While a call of the module gives, instead of failing on values, what is complete by then."""
    calls = _Calls(torch)
    patched = []
    try:
        for name, part in module.named_modules():
            if "forward" not in vars(part):
                watched = calls.part(name, part.forward) if name else calls.whole(part.forward)
                patched.append(part)
                part.forward = watched
        yield calls
    finally:
        for part in patched:
            del part.forward


def _fixed(tensor: Any) -> bool:
    """Whether it has numbers of a size that no value decides."""
    return tensor.is_floating_point() and all(isinstance(n, int) for n in tensor.shape)


def _without_constants(program: Any) -> list[bool]:
    """Leave out results that no input goes into, such as anchors; which of them stay."""
    signature, graph = program.graph_signature, program.graph_module.graph
    memory, _ = memory_of(graph)  # what is written into a part of a tensor is in the tensor
    moved = set()
    for node in graph.nodes:
        given = node.op == "placeholder" and node.name in signature.user_inputs
        sources = node.all_input_nodes
        if given or any(each in moved or memory[each] in moved for each in sources):
            moved.add(node)
            if is_mutable(node):
                moved.add(memory[node])
    output = next(node for node in graph.nodes if node.op == "output")
    pairs = list(zip(output.args[0], signature.output_specs, strict=True))
    kept = list({value: spec for value, spec in pairs if value in moved}.items())
    output.args = (tuple(value for value, _ in kept),)
    signature.output_specs[:] = [spec for _, spec in kept]
    return [value in moved for value, _ in pairs]


def _without_unread(program: Any) -> None:
    """Leave out what no result needs, checks of values among it.

    A call in place is needed by whoever reads the tensor later, under whatever name.
    """
    graph = program.graph_module.graph
    memory, _ = memory_of(graph)
    read: set[Any] = set()
    for node in reversed(list(graph.nodes)):
        written = is_mutable(node) and memory[node] in read
        if node.op in ("call_function", "get_attr") and not node.users and not written:
            graph.erase_node(node)
        else:
            read.update(memory[source] for source in node.all_input_nodes)
    program.graph_module.recompile()
