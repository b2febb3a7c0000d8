"""What a module's code calls, operation by operation, on tensors that have a shape and no numbers.

Tensors are stood in for by ones whose calls come here before PyTorch takes operations apart:
without a graph for gradients (`inference_mode`) `linear` is `linear`, as in what `torch.export`
makes. What cannot be told without numbers, or would be told wrongly, is `UntoldError`.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any

import torch
from torch.fx import Graph
from torch.utils._python_dispatch import TorchDispatchMode

from convgraph.importers.torch.places import SAME, called
from convgraph.importers.torch.results import Results, memories, shares

__all__ = ["Recorded", "Recorder", "UntoldError"]

aten = torch.ops.aten
PLAIN = (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer)


class UntoldError(Exception):
    """A record would not be what the module does with every input of these sizes."""


class Recorded(torch.Tensor):
    """A tensor without numbers, and the node that computes it."""

    # no names that a module's code could ask for, or give
    _convgraph_recorder: Recorder
    _convgraph_node: Any
    _convgraph_of: Any = None
    """The parameter or buffer that it stands for."""
    _convgraph_like: Any
    """A tensor of its shape on the device `meta`, on which PyTorch works out shapes."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def made(recorder: Recorder, node: Any, like: Any, device: Any) -> Recorded:
        """A tensor that seems to be on a device."""
        tensor = torch.Tensor._make_wrapper_subclass(
            Recorded,
            like.size(),
            strides=like.stride(),
            storage_offset=like.storage_offset(),
            dtype=like.dtype,
            layout=like.layout,
            device=device,
        )
        tensor._convgraph_recorder, tensor._convgraph_node = recorder, node
        tensor._convgraph_like = like
        node.meta["val"] = tensor
        return tensor

    @property
    def data(self) -> Any:
        """Without gradients."""
        return self.detach()

    @data.setter
    def data(self, _: Any) -> None:
        """Another tensor's memory in the place of this one's, behind the record."""
        self._untold()

    @property
    def requires_grad(self) -> bool:
        """As of the parameter; what is computed at inference does not."""
        return self._convgraph_of is not None and bool(self._convgraph_of.requires_grad)

    @property
    def grad(self) -> Any:
        """Of a parameter that has none; what a gradient is would be a number."""
        if self._convgraph_of is None or self._convgraph_of.grad is None:
            return None
        return self._untold()

    def is_inference(self) -> bool:
        """Not, for the module's code."""
        return False

    def _untold(self, *_: Any, **__: Any) -> Any:
        self._convgraph_recorder.broken = True
        raise UntoldError("a tensor's memory, which is read or written past PyTorch's operations")

    apply_ = map_ = map2_ = data_ptr = storage = untyped_storage = numpy = tolist = _untold

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Nothing is computed of it once the record has ended."""
        raise UntoldError(f"{func} of a tensor that a module has kept from being recorded")


class Recorder(TorchDispatchMode):
    """The graph of what is called while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.first: Any = None
        """The first input."""
        self.stack: dict[str, Any] = {}
        """The calls of modules that are running, as a program tells them of its nodes."""
        self.constants: dict[str, Any] = {}
        """Tensors that are no inputs, parameters or buffers, by name."""
        self.lifted: dict[str, str] = {}
        """The names of constants, by those of their nodes."""
        self._held: dict[int, tuple[Any, Recorded]] = {}
        self.broken = False
        """Whether some call could not be recorded, even if the module's code goes on without it."""
        self._memories: dict[int, int] = {}
        self._hidden: set[int] = set()
        self._again: list[Any] = []  # kept, so that no other tensor is given their memory
        self._learned: set[int] = set()
        self._results = Results()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """No: nothing is compiled here, and PyTorch would import its compiler to leave this out."""
        return False

    def placeholder(self, name: str, tensor: Any) -> Recorded:
        """What stands for a tensor that exists beforehand."""
        if type(tensor) not in PLAIN:
            raise UntoldError(f"{name}: a {type(tensor).__name__}")
        like = torch.empty_strided(
            tensor.size(), tensor.stride(), dtype=tensor.dtype, device="meta"
        )
        return Recorded.made(self, self.graph.placeholder(name), like, tensor.device)

    def hold(self, name: str, tensor: Any) -> Recorded:
        """What stands for a parameter or a buffer."""
        made = self.placeholder(name, tensor)
        self._keep(tensor, made)
        if isinstance(tensor, torch.nn.Parameter):
            self._learned |= memories(made._convgraph_like)
        return made

    def _keep(self, tensor: Any, made: Recorded) -> None:
        made._convgraph_of = tensor
        self._held[id(tensor)] = tensor, made
        memory, (here,) = tensor.untyped_storage().data_ptr(), memories(made._convgraph_like)
        if self._memories.setdefault(memory, here) != here:  # two of one memory
            self._hidden |= {here, self._memories[memory]}

    def constant(self, name: str, tensor: Any) -> Recorded:
        """What stands for a tensor that is neither, before the inputs."""
        if id(tensor) in self._held:
            return self._held[id(tensor)][1]
        with self.graph.inserting_before(self.first):
            made = self.placeholder(f"c_{name.replace('.', '_').lower()}", tensor)
        self.constants[name], self.lifted[made._convgraph_node.name] = tensor, name
        self._keep(tensor, made)
        return made

    def recorded(self, tensor: Any) -> Recorded:
        """A tensor that the module's code has, which may be a constant."""
        if isinstance(tensor, Recorded):
            if tensor._convgraph_recorder is not self:
                raise UntoldError("a tensor that a module has kept from being recorded before")
            return tensor
        if id(tensor) in self._held:
            return self._held[id(tensor)][1]
        if tensor.untyped_storage().data_ptr() in self._memories and tensor.numel():
            raise UntoldError("a part of a parameter or buffer that was taken past PyTorch")
        names = (f"lifted_tensor_{number}" for number in count())
        return self.constant(next(each for each in names if each not in self.constants), tensor)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Record a call; what it gives are tensors without numbers."""
        try:
            return self._call(func, args, kwargs or {})
        except BaseException:
            self.broken = True
            raise

    def _call(self, func: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        arguments = _Arguments(self)
        nodes, likes = arguments.both(list(args))
        named, like_named = arguments.named(kwargs)
        device, schema = arguments.device, func._schema
        if device is None and _is_placed(func):
            device, like_named["device"] = torch.get_default_device(), "meta"
        if device is None or torch.is_autocast_enabled(device.type):
            raise UntoldError(
                f"{func}: on no device, or in a precision that is chosen for each call"
            )
        if func is aten.detach.default and not nodes[0].all_input_nodes:
            if not isinstance(args[0], Recorded):
                raise UntoldError("the numbers of a constant")
            return args[0]  # PyTorch detaches what it makes of no tensor
        if _changes(func):
            return self._in_place(func, args[0], (nodes, named), (likes, like_named))
        result = self._results.of(func, likes, like_named, device)
        node = self._node(func, func.overloadpacket.__name__, nodes, named)
        if not shares(func) and called(node) not in SAME:  # what does so unsaid, as `type_as`
            again = memories((likes, like_named)) & memories(result)
            self._hidden |= again
            self._again += [result] * bool(again)
        if isinstance(result, torch.Tensor):
            return Recorded.made(self, node, result, device)
        if not isinstance(result, list | tuple) or not all(
            isinstance(part, torch.Tensor) for part in result
        ):
            raise UntoldError(f"{schema.name} gives {type(result).__name__}")
        parts = [
            Recorded.made(
                self, self._node(operator.getitem, "getitem", (node, i), {}), part, device
            )
            for i, part in enumerate(result)
        ]
        node.meta["val"] = parts if isinstance(result, list) else tuple(parts)
        return node.meta["val"]

    def _in_place(self, func: Any, changed: Any, given: Any, likes: Any) -> Any:
        """A call that changes its first argument and gives it back."""
        if not isinstance(changed, Recorded) or not _only_first(func):
            raise UntoldError(f"{func}: it changes other tensors than its first, or its shape")
        numbers = func is not aten.detach_.default
        if numbers and memories(changed._convgraph_like) & self._hidden:
            raise UntoldError(f"{func}: a tensor that has the same memory changes with it")
        if numbers and memories(changed._convgraph_like) & self._learned:
            raise UntoldError(f"{func}: a parameter, which would keep the change")
        self._results.check(func, *likes)
        node = self._node(func, func.overloadpacket.__name__, *given)
        node.meta["val"] = changed
        changed._convgraph_node = node  # whoever reads it from now on reads what it has become
        return changed

    def _node(self, target: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        node = self.graph.create_node("call_function", target, tuple(args), dict(kwargs), name)
        node.meta["nn_module_stack"] = self.stack
        return node


class _Arguments:
    """The arguments of a call, as a graph has them and as shapes are worked out on them."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.device: Any = None
        """Where the result is, if the arguments tell."""

    def both(self, value: Any) -> tuple[Any, Any]:
        """An argument with nodes for its tensors, and with tensors without numbers."""
        if isinstance(value, torch.Tensor):
            tensor = self._recorder.recorded(value)
            if self.device is None:
                self.device = tensor.device
            return tensor._convgraph_node, tensor._convgraph_like
        if isinstance(value, list | tuple):
            pairs = [self.both(each) for each in value]
            return [node for node, _ in pairs], [like for _, like in pairs]
        if isinstance(value, torch.device):
            self.device = value
            return value, "meta"
        return value, value

    def named(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same for arguments with names."""
        pairs = {name: self.both(value) for name, value in values.items()}
        return (
            {name: node for name, (node, _) in pairs.items()},
            {name: like for name, (_, like) in pairs.items()},
        )


@cache
def _changes(func: Any) -> bool:
    return bool(func._schema.is_mutable)


@cache
def _is_placed(func: Any) -> bool:
    """Whether an operation is told the device of its result."""
    return any(each.name == "device" for each in func._schema.arguments)


@cache
def _only_first(func: Any) -> bool:
    """Whether an operation changes its first argument, not its shape, and gives it back."""
    schema = func._schema
    infos = [each.alias_info for each in schema.arguments]
    written = [info is not None and info.is_write for info in infos]
    keeps = torch.Tag.inplace_view not in func.tags or func is aten.detach_.default
    return keeps and len(schema.returns) == 1 and written == [True] + [False] * (len(written) - 1)
