"""A PyTorch module as the program that torch.export makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import as_size
from convgraph.importers.torch_places import overlapping

__all__ = ["examples", "exported", "unwrapped"]

RULE = "a shape is a positive integer, or one for each axis"
WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "BatchNorm")


def unwrapped(torch: Any, module: Any) -> Any:
    """The module itself, where `torch.compile` or `DataParallel` has wrapped it."""
    if not isinstance(module, torch.nn.Module):
        raise ConvgraphError(f"module={type(module).__name__}: a torch.nn.Module")
    if isinstance(module, torch.jit.ScriptModule):
        raise ConvgraphError(
            f"module={type(module).__name__}: a module that is scripted or traced cannot be "
            "exported; give the module that it was made of"
        )
    if isinstance(module, torch.nn.DataParallel):
        return module.module
    return getattr(module, "_orig_mod", module)


def examples(torch: Any, module: Any, given: Any) -> list[Any]:
    """A tensor for each of a module's inputs, with a batch: zeros in a shape, or one that is given.

    Zeros are of the kind, and on the device, of the module's own numbers.
    """
    tensors = chain(module.parameters(), module.buffers())
    own = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    kind = {} if own is None else {"dtype": own.dtype, "device": own.device}
    parts = (list, tuple, torch.Tensor)
    several = isinstance(given, list | tuple) and any(isinstance(each, parts) for each in given)
    made = []
    for each in given if several else [given]:
        if isinstance(each, torch.Tensor):
            made.append(each.reshape(_with_batch(torch, module, tuple(each.shape) or (1,))))
            continue
        sizes = list(each) if isinstance(each, list | tuple) else [each]
        numbers = tuple(as_size("input_shape", n, RULE) for n in sizes)
        if not numbers or not all(isinstance(n, int) for n in numbers):
            raise ConvgraphError(f"input_shape={given!r}: {RULE}")
        shape = _with_batch(torch, module, tuple(int(n) for n in numbers))
        made.append(torch.zeros(shape, **kind))
    return made


def _with_batch(torch: Any, module: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with a batch of one, if it has none: the first layer with a window can tell."""
    kinds = {getattr(torch.nn, f"{name}{rank}d"): rank for name in WINDOWED for rank in (1, 2, 3)}
    for layer in module.modules():
        rank = next((kinds[kind] for kind in type(layer).__mro__ if kind in kinds), None)
        if rank is not None:
            return (1, *shape) if len(shape) == rank + 1 else shape
    return shape if shape[0] == 1 and len(shape) > 1 else (1, *shape)


def exported(torch: Any, module: Any, example: list[Any]) -> Any:
    """The program of a module as it acts at inference; see `torch_places` on changes in place."""
    shapes = [tuple(tensor.shape) for tensor in example]
    with _inference(module), torch.no_grad():
        try:
            program = torch.export.export(module, tuple(example))
            if overlapping(program.graph):
                program = program.run_decompositions({})
        except Exception as error:  # whatever the module's own code raises
            line = " ".join(str(error).split())[:300]
            raise ConvgraphError(
                f"input_shape={shapes[0] if len(shapes) == 1 else shapes}: "
                f"torch.export cannot trace the module: {line}"
            ) from error
    return program


@contextmanager
def _inference(module: Any) -> Iterator[None]:
    training = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True
