"""Small whole numbers for the cells of an animation, the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.checks import as_array, as_mapping
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network

__all__ = ["Values", "equals", "factor", "numbers", "rounded", "row_values", "written"]

Numbers = NDArray[Any]

DIGIT = 1e-15  # of floats
SMALL, LARGE = 0.01, 1e7  # beyond these, numbers are written with a power of ten
FIRST = 36  # a seed whose numbers differ where windows lie beside each other


class Values:
    """The numbers of the input, of each parameter array, and of the output that they make."""

    def __init__(self, network: Network, source: Numbers, arrays: Mapping[str, Numbers]) -> None:
        self.source, self.arrays = source, dict(arrays)
        self.output = np.asarray(network.evaluate(source, self.arrays))


def numbers(
    network: Network,
    values: Any = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
) -> Values:
    """The numbers that were given, and for what was not made ones.

    None of them is 0: what is 0 in a picture is padding then, or was inserted.
    """
    row = network.inputs[0]
    shape = row.numbers()
    if values is None:
        source = _made(shape, 4 if network.labels.arrays else 9, FIRST + 31 * seed)
    else:
        source = as_array(values)
        if source.shape != shape or source.dtype.kind not in "iufb":
            raise ConvgraphError(
                f"values of shape {source.shape}: numbers for the row {row.name} of shape {shape}"
            )
        if source.dtype.kind == "f" and np.isnan(source).any():
            raise ConvgraphError("values: numbers, and no NaN")
    arrays = {}
    parameters = as_mapping("parameters", parameters, "a dict from letters to numbers")
    letters = [array.letter for array in network.labels.arrays]
    for letter in parameters:
        if letter not in letters:
            known = ", ".join(map(str, letters)) or "none"
            raise ConvgraphError(f"parameters: {letter!r} is no array; arrays here: {known}")
    for number, array in enumerate(network.labels.arrays):
        given = parameters.get(array.letter)
        shape = tuple(map(int, getattr(array, "shape", (len(array),))))
        made = _made(shape, 3, number + 31 * seed) if given is None else as_array(given)
        if made.size != np.prod(shape) or made.dtype.kind not in "iufb":
            raise ConvgraphError(
                f"parameters[{array.letter!r}]={given!r}: numbers for an array of shape {shape}"
            )
        if made.dtype.kind == "f" and np.isnan(made).any():
            raise ConvgraphError(f"parameters[{array.letter!r}]: numbers, and no NaN")
        arrays[array.letter] = made.reshape(shape)
    return Values(network, source, arrays)


def row_values(network: Network, source: Numbers, arrays: Mapping[str, Numbers]) -> dict[str, Any]:
    """The numbers of all rows."""
    every = Network.of(network.rows, network.layers, network.inputs, network.rows[1:])
    found = every.evaluate(source, arrays)
    computed = found if isinstance(found, dict) else {network.rows[1].name: found}
    return {network.rows[0].name: source, **computed}


def _made(shape: tuple[int, ...], most: int, seed: int) -> Numbers:
    """Numbers from 1 up to the greatest, by a linear congruence."""
    # the example of `rand` in the C standard: the same numbers with any version of numpy
    count = int(np.prod(shape, dtype=np.int64))
    factor, step, modulus = 1_103_515_245, 12_345, 2**31
    states = np.array([(factor * (12_345 + 777 * seed) + step) % modulus], np.uint64)
    while len(states) < count:  # as many again, each as many steps on as there are
        more = (states * np.uint64(factor) + np.uint64(step)) % np.uint64(modulus)
        states = np.concatenate([states, more])
        factor, step = factor * factor % modulus, (factor * step + step) % modulus
    found = 1 + (states[:count] >> np.uint64(16)) % np.uint64(most)
    return found.astype(np.int64).reshape(shape)


def equals(value: Any) -> str:
    """A number as it stands behind a sum: some are rounded."""
    text, exact = rounded(value)
    return f"{' =' if exact else ', about'} {text}"


def written(value: Any) -> str:
    """A number as it stands in a cell: up to three figures behind the point, or about that."""
    text, exact = rounded(value)
    return text if exact else f"\u2248{text}"


def rounded(value: Any) -> tuple[str, bool]:
    """A number in few figures, and whether that is what it is."""
    return _rounded(float(value))


@lru_cache(maxsize=4096)  # the same few stand in the cells of every frame
def _rounded(number: float) -> tuple[str, bool]:
    if np.isinf(number):
        return "\u2212\u221e" if number < 0 else "\u221e", True
    # what sums of floats miss by their last digits is no other number
    exact = abs(round(number, 3) - number) <= DIGIT * max(1.0, abs(number))
    if exact and abs(number) < LARGE:
        text = f"{round(number, 3) + 0.0:.3f}".rstrip("0").rstrip(".")
    elif exact or abs(number) < SMALL or abs(number) >= LARGE:
        mantissa, _, power = f"{number:.1e}".partition("e")
        text = f"{mantissa.removesuffix('.0')}e{int(power)}"
        exact = float(text) == number
    else:
        text = f"{number:.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "\u2212"), exact


def factor(text: str, first: bool = False) -> str:
    """A number within a sum of products: a negative one in brackets, but at the beginning."""
    return f"({text})" if text.startswith("\u2212") and not first else text
