"""A PyTorch module as a program: of one call that is recorded, or as torch.export makes it."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import as_size
from convgraph.importers.torch.held import OtherNumbersError, held, hold_program
from convgraph.importers.torch.inlined import inlined, wraps
from convgraph.importers.torch.places import is_mutable, settled
from convgraph.importers.torch.prefix import DATA_DEPENDENT, up_to_values

__all__ = ["examples", "exported", "given_program", "program_of", "unwrapped"]

RULE = "a shape is a positive integer, or one for each axis"
WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "BatchNorm")


def unwrapped(torch: Any, module: Any) -> Any:
    """The module itself, where `torch.compile` or `DataParallel` has wrapped it."""
    if not isinstance(module, torch.nn.Module):
        shown = repr(module) if isinstance(module, str | os.PathLike) else type(module).__name__
        raise ConvgraphError(
            f"module={shown}: a torch.nn.Module or an exported program; of a .pt2 file "
            "torch.export.load(path) makes one, and runs what code is in it: that is for you to say"
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise ConvgraphError(
            f"module={type(module).__name__}: a module that is scripted or traced cannot be "
            "exported; give the module that it was made of"
        )
    if isinstance(module, torch.nn.DataParallel):
        return module.module
    return getattr(module, "_orig_mod", module)


def given_program(torch: Any, module: Any, input_shape: Any) -> Any | None:
    """The program that is given, as `torch.export` made it, or None for a module."""
    if not isinstance(module, torch.export.ExportedProgram):
        return None
    if input_shape is not None:
        raise ConvgraphError(
            f"input_shape={input_shape!r}: an exported program has the shapes it was exported for"
        )
    if wraps(module.graph) or settled(torch, module) is None:
        read = inlined(module.run_decompositions({}))  # a program of its own
    else:
        read = module
    if any(node.op == "call_function" and is_mutable(node) for node in module.graph.nodes):
        hold_program(module, read)
    return read


def program_of(
    torch: Any, module: Any, given: Any, batch: bool | None
) -> tuple[list[tuple[int, ...]], Any, str, str]:
    """The shapes of a module's inputs, batch included, its program on them, a caveat, and a note.

    Where nobody says whether the shapes have a batch, and the module does not take them in the
    likelier way, it is given them in the other one; the note says which. It and the caveat may be
    empty.
    """
    names = list(given) if isinstance(given, Mapping) else None
    first = examples(torch, module, given, batch)

    def read(tensors: list[Any]) -> tuple[list[tuple[int, ...]], Any, str, str]:
        shapes = [tuple(each.shape) for each in tensors]
        note = "" if batch is not None else _guessed(shapes, kept())
        return shapes, *exported(torch, module, tensors, names), note

    def kept() -> list[tuple[int, ...]]:
        return [tuple(each.shape) for each in examples(torch, module, given, True)]

    try:
        return read(first)
    except OtherNumbersError:
        raise
    except ConvgraphError as error:
        if batch is not None or DATA_DEPENDENT in str(error.__cause__):
            raise
        had = [tuple(each.shape) for each in first] == kept()
        try:
            return read(examples(torch, module, given, not had))
        except OtherNumbersError:
            raise
        except ConvgraphError:
            raise ConvgraphError(
                f"{error}; the shape was read as one {'with' if had else 'without'} a batch, and "
                "fails the other way too: batch=True or batch=False says what it has"
            ) from error.__cause__


def _guessed(taken: list[tuple[int, ...]], given: list[tuple[int, ...]]) -> str:
    """What was taken to be a batch, and how to say what is one."""
    shown = f"input_shape={given[0] if len(given) == 1 else given}"
    if taken == given:
        return f"{shown}: it begins with a batch; batch=False says that it does not"
    return f"{shown}: it has no batch; batch=True says that it begins with one"


def examples(torch: Any, module: Any, given: Any, batch: bool | None = None) -> list[Any]:
    """A tensor for each of a module's inputs, with a batch: zeros in a shape, or one that is given.

    Zeros are of the kind, and on the device, of the module's own numbers.
    """
    tensors = chain(module.parameters(), module.buffers())
    own = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    kind = {} if own is None else {"dtype": own.dtype, "device": own.device}
    parts = (list, tuple, torch.Tensor)
    given = [*given.values()] if (named := isinstance(given, Mapping)) else given
    several = named or (
        isinstance(given, list | tuple) and any(isinstance(each, parts) for each in given)
    )
    made = []
    for each in given if several else [given]:
        if isinstance(each, torch.Tensor):
            shape = _with_batch(torch, module, tuple(each.shape) or (1,), batch)
            made.append(each.reshape(shape))
            continue
        sizes = list(each) if isinstance(each, list | tuple) else [each]
        numbers = tuple(as_size("input_shape", n, RULE) for n in sizes)
        if not numbers or not all(isinstance(n, int) for n in numbers):
            raise ConvgraphError(f"input_shape={given!r}: {RULE}")
        shape = _with_batch(torch, module, tuple(int(n) for n in numbers), batch)
        memory.require("values", math.prod(shape), 8)
        made.append(torch.zeros(shape, **kind))
    return made


def _with_batch(
    torch: Any, module: Any, shape: tuple[int, ...], batch: bool | None
) -> tuple[int, ...]:
    """The shape with a batch of one, if it has none: the first layer with a window may tell."""
    if batch is not None:
        return shape if batch else (1, *shape)
    kinds = {getattr(torch.nn, f"{name}{rank}d"): rank for name in WINDOWED for rank in (1, 2, 3)}
    for layer in module.modules():
        rank = next((kinds[kind] for kind in type(layer).__mro__ if kind in kinds), None)
        if rank is not None:
            return (1, *shape) if len(shape) == rank + 1 else shape
    return shape if shape[0] == 1 and len(shape) > 1 else (1, *shape)


def exported(
    torch: Any, module: Any, example: list[Any], names: list[str] | None = None
) -> tuple[Any, str]:
    """The program of a module as it acts at inference; see `torch_places` on changes in place.

    Inputs with names are arguments of `forward`, or else the entries of the one that it takes.
    Where a part of it depends on values, the program ends before, and a caveat says so.
    """
    arguments: tuple[Any, ...] = tuple(example)
    keywords: dict[str, Any] = {}
    if names is not None:
        keywords = dict(zip(names, example, strict=True))
        if not set(names) <= set(inspect.signature(module.forward).parameters):
            arguments, keywords = (keywords,), {}
        else:
            arguments = ()
    shapes = [tuple(tensor.shape) for tensor in example]
    export = partial(torch.export.export, module, arguments, keywords)
    with _inference(module), torch.no_grad():
        quick = _recorded(torch, module, arguments, keywords)
        if quick is not None:
            return quick, ""
        try:
            with _left(module):
                program, caveat = _up_to_values(torch, module, export)
            program = inlined(program)
            if settled(torch, program) is None:
                program = program.run_decompositions({})
        except Exception as error:  # whatever the module's own code raises
            line = " ".join(str(error).split())[:300]
            raise ConvgraphError(
                f"input_shape={shapes[0] if len(shapes) == 1 else shapes}: "
                f"torch.export cannot trace the module: {line}"
            ) from error
        return program, caveat or held(module, program, arguments, keywords)


@contextmanager
def _left(module: Any) -> Iterator[None]:
    """A module as it is, whatever `torch.export` makes of its tensors and attributes."""
    from convgraph.importers.torch.checked import with_its_numbers
    from convgraph.importers.torch.recorded import left_as_it_was

    # the numbers of parameters, of which there may be many, it does not change
    with with_its_numbers(module, [*module.buffers()]), left_as_it_was(module):
        yield


def _recorded(torch: Any, module: Any, arguments: Any, keywords: Any) -> Any | None:
    """The program of one call, or None where only torch.export can tell it, or what is wrong."""
    from convgraph.importers.torch.checked import agrees
    from convgraph.importers.torch.functional import functional
    from convgraph.importers.torch.recorded import recorded

    try:
        program = recorded(module, arguments, keywords)
        told = program if settled(torch, program) is not None else functional(program)
        return told if told and agrees(module, told, arguments, keywords) else None
    except Exception:  # whatever the module's own code raises
        return None


def _up_to_values(torch: Any, module: Any, export: Callable[[], Any]) -> tuple[Any, str]:
    """The whole program, or what of it comes before a part that depends on values."""
    try:
        return export(), ""
    except Exception as error:
        found = up_to_values(torch, module, export) if DATA_DEPENDENT in str(error) else None
        if found is None:
            raise
    program, parts = found
    return program, f"module: it is read up to {parts}, as what it computes next depends on values"


@contextmanager
def _inference(module: Any) -> Iterator[None]:
    training = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True
