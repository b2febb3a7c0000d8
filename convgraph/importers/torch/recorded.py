"""A PyTorch module as the program of one call of it, without numbers.

`torch.export` makes the same program in many times the time that a call takes. It is for what a
record cannot tell: a part that depends on values, sizes that stay open, higher-order operations.
"""

from __future__ import annotations

import inspect
import operator
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)
from torch.utils._pytree import tree_flatten, tree_flatten_with_path, tree_leaves, tree_unflatten

from convgraph.importers.torch.inlined import Program
from convgraph.importers.torch.recorder import Recorded, Recorder, UntoldError

__all__ = ["left_as_it_was", "recorded", "tensors_of"]


@dataclass
class Signature:
    """What the placeholders of a program stand for, and what it gives."""

    inputs_to_parameters: dict[str, str] = field(default_factory=dict)
    inputs_to_buffers: dict[str, str] = field(default_factory=dict)
    inputs_to_lifted_tensor_constants: dict[str, str] = field(default_factory=dict)
    user_inputs: tuple[str, ...] = ()
    user_outputs: tuple[str, ...] = ()
    input_tokens: tuple[str, ...] = ()


def recorded(module: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> Program:
    """The program of a module, as `torch.export` tells it before it takes operations apart.

    Raises `UntoldError`, or what the module's code raises, where there is no such record.
    """
    recorder, signature = Recorder(), Signature()
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode())
        held = _held(recorder, signature, module)
        given = _inputs(recorder, signature, module, arguments, keywords)
        stack.enter_context(_as_exported(recorder))
        stack.enter_context(_told_by_module(recorder, module))
        stack.enter_context(left_as_it_was(module))
        _hold_attributes(recorder, module)
        with recorder:
            result = torch.func.functional_call(module, held, *given)
    if recorder.broken:
        raise UntoldError("a call that is not recorded, and that the module's code goes on without")
    leaves = [each for each in tree_leaves(result) if isinstance(each, torch.Tensor)]
    others = [each for each in tree_leaves(result) if not isinstance(each, torch.Tensor)]
    if not all(each is None or isinstance(each, bool | int | float | str) for each in others):
        raise UntoldError(f"a result of a kind of its own, {type(result).__name__}")
    outputs = tuple(recorder.recorded(each)._convgraph_node for each in leaves)
    recorder.graph.output(outputs)
    _without_unread(recorder.graph)
    signature.user_outputs = tuple(node.name for node in outputs)
    signature.inputs_to_lifted_tensor_constants = recorder.lifted
    tensors = {name: tensor for _, name, tensor in _tensors(module)}
    return Program(recorder.graph, signature, tensors, recorder.constants)


def _tensors(module: Any) -> list[tuple[str, str, Any]]:
    """The parameters and buffers, each with the last of its names, as `torch.export` has it."""
    found: dict[int, tuple[str, str, Any]] = {}
    for kind, tensors in (("p", module.named_parameters), ("b", module.named_buffers)):
        for name, tensor in tensors(remove_duplicate=False):
            found.pop(id(tensor), None)
            found[id(tensor)] = kind, name, tensor
    return list(found.values())


def _hold_attributes(recorder: Recorder, module: Any) -> None:
    """Put what stands for them in the place of tensors that are neither parameters nor buffers."""
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if type(value) is torch.Tensor:
                vars(part)[name] = recorder.constant(f"{path}.{name}".removeprefix("."), value)


def _held(recorder: Recorder, signature: Signature, module: Any) -> dict[str, Recorded]:
    """What stands for the parameters and buffers."""
    held = {}
    for kind, name, tensor in _tensors(module):
        made = recorder.hold(f"{kind}_{name.replace('.', '_').lower()}", tensor)
        made._is_param = kind == "p"  # what isinstance asks of a torch.nn.Parameter
        names = signature.inputs_to_parameters if kind == "p" else signature.inputs_to_buffers
        held[name], names[made._convgraph_node.name] = made, name
    return held


def _inputs(
    recorder: Recorder,
    signature: Signature,
    module: Any,
    arguments: tuple[Any, ...],
    keywords: Mapping[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with what stands for their tensors, which are named as the module's code is."""
    bound = inspect.signature(module.forward).bind_partial(*arguments).arguments
    paths, _ = tree_flatten_with_path({**bound, **keywords})
    made = []
    for path, tensor in paths:
        keys = [str(getattr(key, "key", getattr(key, "idx", ""))).lower() for key in path]
        made.append(recorder.placeholder("_".join(keys), tensor))
        made[-1]._convgraph_node.name = re.sub(
            "[^a-z0-9_]", "_", "_".join(keys)
        )  # `input` remains that
    recorder.first = made[0]._convgraph_node
    signature.user_inputs = tuple(each._convgraph_node.name for each in made)
    if len(set(signature.user_inputs)) < len(made):
        raise UntoldError("inputs of one name")
    _, structure = tree_flatten((arguments, dict(keywords)))
    return tree_unflatten(made, structure)


@contextmanager
def _as_exported(recorder: Recorder) -> Iterator[None]:
    """Let the module's code take the ways that it takes when it is exported.

    Attention is not called as one operator that only runs (`torch.backends.mha`). A precision that
    is chosen for each call adds calls that an export leaves out.
    """
    chosen = torch.amp.autocast_mode.autocast

    def enter(self: Any) -> Any:
        if self._enabled:
            recorder.broken = True
            raise UntoldError("a precision that is chosen for each call")
        return plain(self)

    plain = chosen.__enter__
    if any(torch.is_autocast_enabled(device) for device in ("cpu", "cuda")):
        raise UntoldError("a precision that is chosen for each call")
    flags = ("_is_compiling_flag", "_is_exporting_flag")
    before = {
        flag: getattr(torch.compiler, flag) for flag in flags if hasattr(torch.compiler, flag)
    }
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        chosen.__enter__ = enter
        torch.backends.mha.set_fastpath_enabled(False)
        for flag in before:
            setattr(torch.compiler, flag, True)
        yield
    finally:
        chosen.__enter__ = plain
        torch.backends.mha.set_fastpath_enabled(fast)
        for flag, value in before.items():
            setattr(torch.compiler, flag, value)


@contextmanager
def _told_by_module(recorder: Recorder, module: Any) -> Iterator[None]:
    """Say of each node in which calls of modules it is, by the names that they are met by."""
    names: dict[Any, list[str]] = {}
    for name, part in module.named_modules(remove_duplicate=False):
        names.setdefault(part, []).append(name)
    running: list[dict[str, Any]] = []
    calls: dict[str, int] = {}
    shared = {part for part, own in names.items() if len(own) > 1}

    def enter(part: Any, _: Any) -> None:
        running.append(recorder.stack)
        if part not in names:
            return
        around = next(reversed(recorder.stack.values()), ("", ""))[0]
        within = f"{around}." if around else ""
        taken = met[part].pop() if met.get(part) else ""
        own = [name for name in names[part] if name == within + taken]
        own += [name for name in names[part] if name.startswith(within)]
        path = [*own, names[part][0]][0]
        number = calls[path] = calls.get(path, 0) + 1
        key = path if number == 1 else f"{path}@{number - 1}"
        recorder.stack = {**recorder.stack, key: (path, type(part))}

    def leave(*_: Any) -> None:
        recorder.stack = running.pop()

    hooks = register_module_forward_pre_hook(enter), register_module_forward_hook(leave)
    try:
        with _attributes_met(shared) as met:
            yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _attributes_met(shared: set[Any]) -> Iterator[dict[Any, list[str]]]:
    """By which attributes modules that have several names were taken, the last one last.

    What was taken last is called first: `self.first(self.second(x))`.
    """
    met: dict[Any, list[str]] = {}
    plain = torch.nn.Module.__getattr__

    def watched(self: Any, name: str) -> Any:
        value = plain(self, name)
        if isinstance(value, torch.nn.Module) and value in shared:
            met.setdefault(value, []).append(name)
        return value

    if not shared:
        yield met
        return
    try:
        torch.nn.Module.__getattr__ = watched
        yield met
    finally:
        torch.nn.Module.__getattr__ = plain


@contextmanager
def left_as_it_was(module: Any) -> Iterator[None]:
    """Put back what a module's parts had as attributes, which its code may change."""
    held = list(_tables(list(module.modules())))
    before = [(each, each.copy()) for each in held]
    try:
        yield
    finally:
        for each, had in before:
            if not _same(each, had):
                each.clear()
                (each.update if isinstance(each, dict) else each.extend)(had)


def _tables(found: list[Any]) -> Iterator[Any]:
    """What objects have as attributes, and the tables and lists that are reached from there."""
    met = {id(each) for each in found}
    while found:
        each = found.pop()
        if type(each) in (dict, OrderedDict, list):
            yield each
        elif isinstance(each, torch.Tensor | type | ModuleType | FunctionType):
            continue
        elif isinstance(getattr(each, "__dict__", None), dict):
            yield (each := vars(each))
        else:
            continue
        for value in each.values() if isinstance(each, dict) else each:
            if id(value) not in met:
                met.add(id(value))
                found.append(value)


def tensors_of(module: Any) -> list[Any]:
    """Tensors that are attributes of a module's parts, or in tables and lists of these.

    Parameters are not among them, and buffers may be.
    """
    tables = _tables(list(module.modules()))
    values = (each.values() if isinstance(each, dict) else each for each in tables)
    found = [x for x in chain.from_iterable(values) if isinstance(x, torch.Tensor)]
    return [x for x in found if not isinstance(x, torch.nn.Parameter)]


def _same(one: Any, other: Any) -> bool:
    """Whether two tables or lists hold the same things in the same order."""
    pairs = zip(one, other, strict=False)
    if isinstance(one, dict):
        pairs = zip(chain(*one.items()), chain(*other.items()), strict=False)
    return len(one) == len(other) and all(a is b for a, b in pairs)


def _without_unread(graph: Any) -> None:
    """Leave out what nobody reads of several results, and what only stops gradients."""
    for node in reversed(graph.nodes):
        plain = node.target in (operator.getitem, torch.ops.aten.detach.default)
        if node.op == "call_function" and plain and not node.users:
            graph.erase_node(node)
