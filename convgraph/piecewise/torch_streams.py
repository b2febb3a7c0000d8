"""A PyTorch module as a module that runs on chunks of an input without end."""

from __future__ import annotations

from operator import attrgetter, getitem
from typing import TYPE_CHECKING, Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.torch.export import examples, exported, unwrapped
from convgraph.importers.torch.places import is_mutable
from convgraph.piecewise.torch_caches import Chunk
from convgraph.piecewise.torch_steps import RefusedError, step_of

if TYPE_CHECKING:
    from convgraph.piecewise.stream_plan import StreamPlan

__all__ = ["streamed"]


def streamed(stream: StreamPlan, module: Any) -> Any:
    """See `Stream.to_torch`."""
    import torch

    module = unwrapped(torch, module)
    source = stream.network.inputs[0]
    example = examples(torch, module, (1, *source.numbers()))
    program, caveat = exported(torch, module, example)
    if caveat:
        raise ConvgraphError(f"{caveat}; a stream needs all of it")
    _out_of_place(torch, program.graph_module.graph)
    graph = _Graph(program, example[0], -stream._space + stream.timing.axis)
    _row(stream, graph)
    graph.steps(torch)  # which says what cannot be streamed

    class Streaming(torch.nn.Module):
        """The module on chunks: `step`, `flush` at the end, `reset` before another input."""

        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.reset()

        def reset(self) -> None:
            """Forget all that came before."""
            self._steps, self._there, self._ended = graph.steps(torch), 0, False
            self._known: dict[Any, Any] | None = None

        def forward(self, chunk: Any) -> Any:
            """The same as `step`."""
            return self.step(chunk)

        def step(self, chunk: Any) -> Any:
            """The outputs that have become known with a chunk, of any length along time."""
            if self._ended:
                raise ConvgraphError("step: after flush() the stream has ended; reset() it")
            wanted = [*example[0].shape]
            shape = [*getattr(chunk, "shape", ())]
            at = graph.time
            if [*shape[1:at], *shape[at + 1 :]] != [*wanted[1:at], *wanted[at + 1 :]]:
                raise ConvgraphError(
                    f"chunk of shape {tuple(shape)}: that of the module's input, {tuple(wanted)}, "
                    f"with any batch and any number of positions along axis {at}"
                )
            self._there += shape[at]
            return self._advance(chunk, False)

        def flush(self) -> Any:
            """The outputs that are left when the input has ended."""
            if self._known is None:
                raise ConvgraphError("flush: no chunk has come")
            self._ended = True
            empty = self._last.narrow(graph.time, 0, 0)
            return self._advance(empty, True)

        def _advance(self, chunk: Any, ended: bool) -> Any:
            self._last = chunk
            if self._known is None:
                self._known = graph.known(torch, module)
            env = {**self._known, graph.input: Chunk(chunk, self._there)}
            for node, step in self._steps:
                env[node] = step(env, ended)
            return env[graph.output].value

    made = Streaming()
    made.train(module.training)
    return made


def _out_of_place(torch: Any, graph: Any) -> None:
    """Calls that write to their argument as ones that do not: pieces of it are kept."""
    place = {node: number for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        if node.op == "call_function" and is_mutable(node):
            packet = getattr(torch.ops.aten, str(node.target).split(".")[1].removesuffix("_"))
            changed, here = node.args[0], place[node]
            changed.replace_all_uses_with(
                node, delete_user_cb=lambda user, here=here: place[user] > here
            )
            node.target = getattr(packet, node.target._overloadname)


class _Graph:
    """An exported program: its input, its output, and where time lies in the input."""

    def __init__(self, program: Any, example: Any, time: int) -> None:
        signature = program.graph_signature
        self.targets = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        self.lifted = signature.inputs_to_lifted_tensor_constants
        self.constants = program.constants
        self.nodes = list(program.graph_module.graph.nodes)
        inputs = [node for node in self.nodes if node.op == "placeholder"]
        self.held = [n for n in inputs if n.name in self.targets or n.name in self.lifted]
        (self.input,) = [node for node in inputs if node not in self.held]
        ends = self.nodes[-1].args[0]
        own = set(signature.user_outputs)
        self.outputs = [node for node in ends if getattr(node, "name", None) in own]
        self.output = self.outputs[0]
        self.time = example.ndim + time
        self.depends = {self.input}
        for node in self.nodes:
            if node.op == "call_function" and self.depends.intersection(node.all_input_nodes):
                self.depends.add(node)

    def known(self, torch: Any, module: Any) -> dict[Any, Any]:
        """The values of what depends on no input: parameters, and what is computed from them."""
        found: dict[Any, Any] = {}
        for node in self.held:
            target = self.targets.get(node.name)
            found[node] = (
                self.constants[self.lifted[node.name]]
                if target is None
                else self.constants[target]
                if target in self.constants
                else attrgetter(target)(module)
            )
        for node in self.nodes:
            if node.op == "call_function" and node not in self.depends:
                args = torch.fx.map_arg(node.args, found.__getitem__)
                found[node] = node.target(*args, **torch.fx.map_arg(node.kwargs, found.__getitem__))
        return found

    def steps(self, torch: Any) -> list[tuple[Any, Any]]:
        """The steps of all calls, with nothing kept as yet."""
        time = {self.input: self.time}
        steps, refused = [], []
        wanted = {self.output}
        for node in reversed(self.nodes):
            if node in wanted:
                wanted.update(node.all_input_nodes)
        for node in self.nodes:
            if node not in self.depends or node not in wanted or node is self.input:
                continue
            if not any(each in time for each in node.all_input_nodes):
                continue  # behind what is refused
            try:
                steps.append((node, step_of(torch, node, time)))
            except RefusedError as reason:
                op = "getitem" if node.target is getitem else str(node.target)
                refused.append(f"{node.name} ({op}) {reason}")
        if refused:
            raise ConvgraphError(f"module: cannot be streamed: {'; '.join(refused)}")
        return steps


def _row(stream: StreamPlan, graph: _Graph) -> None:
    """That the wanted row is one of the module's results, and which."""
    names = [row.name for row in stream.network.outputs]
    if stream.row.name not in names or len(names) != len(graph.outputs):
        raise ConvgraphError(
            f"row={stream.row.name!r}: a module gives its own results, {', '.join(names)}"
        )
    graph.output = graph.outputs[names.index(stream.row.name)]
    shape = tuple(graph.output.meta["val"].shape)[1:]
    if shape != stream.row.numbers():
        raise ConvgraphError(
            f"module: gives {shape}, and the stream is of {stream.row.numbers()}; the stream is "
            "that of a network that from_torch read from this module"
        )
