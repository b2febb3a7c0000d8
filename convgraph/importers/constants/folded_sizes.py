"""How much an operator makes of tensors that are known, before it makes it.

A few numbers in a file are enough to ask for any number of others: two columns that are stretched
to each other, a list of positions to be gathered, an equation of Einsum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from convgraph.core.sizes import product
from convgraph.importers.broadcasting import common_shape
from convgraph.importers.node import Node
from convgraph.importers.operators.elementwise import TOGETHER

__all__ = ["entries", "is_too_much"]

MOST_MADE = 2**24  # entries that are computed
MOST_MOVED = 2**28  # those that are moved, of which a shape is made in numbers of 16 bits
MOST_MULTIPLIED = 2**30  # products of an equation, of which numpy makes one after the other
Array = Any  # of numpy, or what has a shape and a size as such


def is_too_much(node: Node, given: Sequence[Array | None], moved: bool = False) -> bool:
    """Whether an operator would make more than is computed while a model is read."""
    made, multiplied = entries(node, given)
    return made > (MOST_MOVED if moved else MOST_MADE) or multiplied > MOST_MULTIPLIED


def entries(node: Node, given: Sequence[Array | None]) -> tuple[int, int]:
    """Entries of the result, and products that are made for it; 0 where they are no more than those
    of the operands.

    >>> import numpy as np
    >>> a, b = np.ones((3, 1)), np.ones((1, 4))
    >>> entries(Node("Add", ("a", "b"), ("c",)), [a, b])
    (12, 0)
    >>> entries(Node("Einsum", ("a", "b"), ("c",), {"equation": "ij,kl->il"}), [a, b])
    (12, 12)
    """
    count = COUNTED.get(node.op)
    present = [each for each in given if each is not None]
    return count(node, present) if count is not None and present else (0, 0)


def _together(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    return int(product(common_shape([tuple(each.shape) for each in given]))), 0


def _joined(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    return sum(each.size for each in given), 0


def _gathered(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    data, indices = given
    return data.size // max(data.shape[node.number("axis", 0)], 1) * indices.size, 0


def _padded(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    shape = given[0].shape
    stated = node.numbers("pads") if len(given) == 1 else [int(n) for n in given[1].reshape(-1)]
    widths = [max(n, 0) for n in stated or []]
    half = len(widths) // 2
    added = [a + b for a, b in zip(widths[:half], widths[half:], strict=False)]
    if half == len(shape):
        return int(product(n + more for n, more in zip(shape, added, strict=True))), 0
    # an axis of n positions that grows by some has at most n times as many more
    return int(given[0].size * product(1 + more for more in added)), 0


def _multiplied(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    a, b = given
    batch = common_shape([tuple(a.shape[:-2]), tuple(b.shape[:-2])])
    rows, columns = product(tuple(a.shape[-2:-1])), product(tuple(b.shape[-1:]) * (b.ndim > 1))
    made = int(product(batch) * rows * columns)
    whole = all(each.dtype.kind in "iub" for each in (a, b))  # others are multiplied in blocks
    return made, made * int(a.shape[-1]) if whole else 0


def _placed(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    space = [int(n) for n in given[1].reshape(-1)[2:]]
    return int(product(space)) * (len(space) + 1) * given[0].shape[0], 0


def _by_equation(node: Node, given: Sequence[Array]) -> tuple[int, int]:
    text = "".join(node.word("equation", "").split())
    terms, arrow, out = text.partition("->")
    sizes: dict[str, int] = {}
    met: Counter[str] = Counter()
    for term, each in zip(terms.split(","), given, strict=False):
        front, dots, back = term.partition("...")
        more = len(each.shape) - len(front) - len(back) if dots else 0
        letters = [*front, *(f".{place}" for place in range(more, 0, -1)), *back]
        met.update(set(letters))
        for letter, size in zip(letters, each.shape, strict=False):
            sizes[letter] = max(sizes.get(letter, 1), int(size))
    kept = [c for c in sizes if (c in out if arrow else met[c] == 1) or c.startswith(".")]
    return int(product(tuple(sizes[c] for c in kept))), int(product(tuple(sizes.values())))


Count = Callable[[Node, Sequence[Array]], tuple[int, int]]
COUNTED: dict[str, Count] = {
    **dict.fromkeys((*TOGETHER, "Equal", "Where", "Mod", "Max", "Min"), _together),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div"), _together),
    "Concat": _joined,
    "Gather": _gathered,
    "Pad": _padded,
    "MatMul": _multiplied,
    "Einsum": _by_equation,
    "AffineGrid": _placed,
}
