"""What a program computes in the way in which it is read: by value, whatever shares a memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.fx.node import map_arg
from torch.utils._pytree import tree_leaves, tree_map_only

from convgraph.importers.torch.places import called, is_mutable, settled

__all__ = ["computed"]

COUNTING = ("batch_norm", "instance_norm")  # they change what they count, and do not declare it


def computed(program: Any, given: Sequence[Any]) -> list[Any]:
    """The results of a program for its inputs, call by call.

    A call in place makes a tensor of its own, which takes the place of what it changes under all
    names that calls in place gave that, and under no other: so it is read. Where another tensor has
    the same memory, as another view or another buffer, the module computes something else.
    """
    names, tensors = _held(program)
    inputs = iter(given)
    fixed = settled(torch, program) or {}
    nodes = list(program.graph_module.graph.nodes)
    last = {source.name: node for node in nodes for source in node.all_input_nodes}
    values: dict[str, Any] = {}
    chains: dict[str, list[str]] = {}
    for node in nodes:
        if node.op == "output":
            return [values[each.name] for each in _results(program, node)]
        if node.op == "placeholder":
            value = tensors[names[node.name]] if node.name in names else next(inputs)
            value = value.clone() if value.is_inference() else value  # these count no changes
        elif node.name in fixed:
            value = fixed[node.name]
        else:
            value = _called(node, values)
            if is_mutable(node):
                chain = chains.setdefault(node.args[0].name, [node.args[0].name])
                chain.append(node.name)
                chains[node.name] = chain
                values.update((name, value) for name in chain if name in values)
        values[node.name] = value
        for source in node.all_input_nodes:
            if last[source.name] is node:
                values.pop(source.name, None)
        if node.name not in last:
            del values[node.name]
    raise AssertionError("a program without an output")


def _called(node: Any, values: dict[str, Any]) -> Any:
    """What a call gives, which leaves its arguments as they are.

    A call that nobody reads may fail, where the module catches the error; one that only asserts a
    precision does where that is chosen for each call, which is not read.
    """
    try:
        return _given(node, values)
    except Exception:
        if node.users or is_mutable(node):
            raise
        return None


def _given(node: Any, values: dict[str, Any]) -> Any:
    args, kwargs = map_arg((node.args, node.kwargs), lambda each: values[each.name])
    if is_mutable(node) or called(node) in COUNTING:
        args, kwargs = tree_map_only(torch.Tensor, torch.clone, (args, kwargs))
        return node.target(*args, **kwargs)
    given = [each for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor)]
    before = [each._version for each in given]
    value = node.target(*args, **kwargs)
    if [each._version for each in given] != before:
        raise ValueError(f"{node.name}: it changes what it takes, and does not say so")
    return value


def _held(program: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """What the placeholders of tensors stand for that exist beforehand, and these by name."""
    signature = program.graph_signature
    names = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    return names, {**program.state_dict, **program.constants}


def _results(program: Any, output: Any) -> list[Any]:
    """The nodes of a module's own results; a program also gives what it changes in place."""
    own = set(program.graph_signature.user_outputs)
    specs = getattr(program.graph_signature, "output_specs", None) or [None] * len(output.args[0])
    return [
        each
        for each, spec in zip(output.args[0], specs, strict=True)
        if getattr(each, "name", None) in own
        and (spec is None or spec.kind.name == "USER_OUTPUT")
        and isinstance(each.meta.get("val"), torch.Tensor)
    ]
