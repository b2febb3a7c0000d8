"""What is said of attributes and sums that there are not."""

from __future__ import annotations

import copy
import pickle

import pytest

import convgraph as cg

NET = cg.Conv(3, padding="same").on(5)


def test_attributes_that_are_missing_are_told_where_they_are() -> None:
    with pytest.raises(AttributeError, match=r"'draw'; it is a function: draw\(network, \.\.\.\)"):
        NET.draw()  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match="'raws'; did you mean rows"):
        NET.raws  # type: ignore[attr-defined]  # noqa: B018
    figure = cg.draw(NET)
    with pytest.raises(AttributeError, match=r"'show'; the last line of a cell shows it, and save"):
        figure.show()  # type: ignore[attr-defined]
    assert not hasattr(figure, "_repr_png_")
    assert copy.copy(figure) == figure == copy.deepcopy(figure)
    assert pickle.loads(pickle.dumps(NET)).rows == NET.rows


def test_a_sum_of_specs_is_told_how_it_is_written() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"Conv\(3\) \+ ReLU\(\): a >> b is one after the"):
        cg.Conv(3) + cg.ReLU()
