"""What a PyTorch module holds at once on a CPU, found by running it on tensors without data.

Which rows are alive is the module's to say: a variable of its `forward` keeps a row to the end, and
a module in another one what it was given. Beside them layers allocate for themselves: convolutions
of oneDNN copy what they read, and what they give, into a layout of their own.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from copy import deepcopy
from math import prod
from typing import Any

import torch
from torch._prims_common import suggest_memory_format
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from convgraph.core.errors import ConvgraphError

__all__ = ["memory_of"]

PLAIN = torch.contiguous_format
SMALL = 20480  # up to so many values, for one image, PyTorch does not call oneDNN (Convolution.cpp)


def memory_of(module: Any, shape: Sequence[int]) -> int:
    """The bytes of tensors that are alive at most while a module reads one input of a shape.

    The input counts, the parameters do not. What layers allocate for themselves is that of PyTorch
    on a CPU: for channels fewer than a block it may be less than said.

    >>> import torch
    >>> memory_of(torch.nn.Sequential(torch.nn.ReLU(), torch.nn.ReLU()), (3, 100, 100))
    360000
    """
    if not isinstance(module, torch.nn.Module):
        raise ConvgraphError(f"module={module!r}: a torch.nn.Module")
    held = [*module.parameters(), *module.buffers()]
    dtype = next((value.dtype for value in held if value.is_floating_point()), torch.float32)
    counted = _Counted()
    with torch.no_grad(), FakeTensorMode(allow_non_fake_inputs=True):
        # a copy of the module, but for its tensors, in whose place there are some without data
        copied = deepcopy(module, {id(value): _empty(value) for value in held})
        image = torch.empty(1, *shape, dtype=dtype)
        counted.count(image)
        try:
            with counted:
                copied(image)
        except Exception as error:  # whatever the module's own code raises
            raise ConvgraphError(
                f"module={type(module).__name__}: cannot be run on a tensor of shape "
                f"{(1, *shape)} without data: {error}"
            ) from error
    return counted.most


def _empty(value: Any) -> Any:
    made = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
    return torch.nn.Parameter(made, False) if isinstance(value, torch.nn.Parameter) else made


class _Counted(TorchDispatchMode):
    """Counts the bytes of tensors from when they are made to when nothing refers to them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._seen: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func is torch.ops.aten.convolution.default:
            self.most = max(self.most, self.now + _convolution(made, *args))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self.count(tensor)
        self.most = max(self.most, self.now)
        return made

    def count(self, tensor: Any) -> None:
        """Count what a tensor has, unless it is counted."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key not in self._seen:
            self.now += size

            def gone(_: Any) -> None:
                del self._seen[key]
                self.now -= size

            self._seen[key] = weakref.ref(storage, gone)


def _convolution(made: Any, source: Any, weight: Any, *rest: Any) -> int:
    """What a convolution allocates at most, with what it gives."""
    transposed, groups = rest[4], rest[6]
    target, read = made.nbytes, source.nbytes
    kernel = weight.shape[2:]
    small = groups == 1 and max(kernel) <= 3 and prod(source.shape[1:4]) <= SMALL
    if source.dtype == torch.float64 or small:  # a matrix of windows, a column for each
        at = source if transposed else made
        channels = weight.shape[1] if transposed else source.shape[1]
        columns = prod(kernel) * channels * prod(at.shape[2:]) * source.itemsize
        return int(target + (columns if max(kernel) > 1 else 0))
    plain = max(kernel) == 1 and all(n == 1 for n in (*rest[1], *rest[3])) and groups == 1
    if plain and not transposed and torch.get_num_threads() == 1:
        return int(target)  # a product of matrices
    buffers = torch.get_num_threads() * read if transposed else 0
    last = {suggest_memory_format(source), suggest_memory_format(weight)} - {None, PLAIN}
    if last:
        copied = not source.is_contiguous(memory_format=last.pop())
        return int(target + buffers + (read if copied else 0))
    if transposed:
        return int(max(buffers + read + target, 3 * target))
    # a copy of what is read, the result in blocks; and that, and its copy in the layout wanted
    blocks = _blocked(made)
    return int(blocks + max(_blocked(source), target))


def _blocked(tensor: Any) -> int:
    """The bytes of a tensor whose channels come in blocks of what a register holds."""
    block = 16 if torch.backends.cpu.get_cpu_capability() == "AVX512" else 8
    channels = tensor.shape[1]
    return int(tensor.nbytes // channels * (-(-channels // block) * block))
