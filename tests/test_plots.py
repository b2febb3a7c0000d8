"""What is plotted is what was answered."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg

pytest.importorskip("matplotlib")

STACK = (cg.Conv((3, 3), padding="same") >> cg.Conv((3, 3), padding="same", stride=2)).on((9, 9))
ROW = (cg.Conv(3, padding="same") >> cg.ReLU() >> cg.Conv(5, padding="same")).on(12)


def test_growth_shows_the_fields_of_the_report() -> None:
    lines = cg.plot_growth(STACK).axes[0].lines
    fields = [row.receptive_field for row in cg.report(STACK).rows]
    for axis, line in enumerate(lines):
        assert list(line.get_ydata()) == [field[axis] for field in fields]


def test_paths_are_shares_of_all_paths() -> None:
    image = cg.plot_paths(STACK, "g3,3").axes[0].images[0].get_array()
    counts = cg.path_counts(STACK, "g3,3")
    assert np.allclose(image, counts.array.astype(float) / counts.total)
    bars = [bar.get_height() for bar in cg.plot_paths(ROW, "s6").axes[0].patches]
    assert bars == pytest.approx([n / 15 for n in cg.path_counts(ROW, "s6").array.tolist()])


def test_uses_are_those_of_tied_weights() -> None:
    image = cg.plot_uses(STACK).axes[0].images[0].get_array()
    assert np.array_equal(image, cg.tied_weights(STACK).arrays[0].uses[0, 0])
    heights = [bar.get_height() for bar in cg.plot_uses(ROW).axes[0].patches]
    assert heights == [11, 12, 11]


def test_equal_colours_are_tied_entries() -> None:
    image = cg.plot_matrix(ROW).axes[0].images[0].get_array()
    matrix = ROW.layers[0].joints[0].source, cg.Conv(3, padding="same").on(12).matrix()
    for i in range(12):
        for j in range(12):
            assert bool(np.ma.getmaskarray(image)[i, j]) == (matrix[1][i, j] == 0)
    assert len({int(value) for value in image.compressed()}) == 3


def test_sparsity_is_the_density_of_each_layer() -> None:
    heights = [bar.get_height() for bar in cg.plot_sparsity(ROW).axes[0].patches]
    assert heights == [float(layer.density) for layer in cg.sparsity(ROW).layers]


def test_a_plot_is_a_file(tmp_path: Path) -> None:
    cg.plot_matrix(ROW).savefig(tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_extra_is_named(monkeypatch: Any) -> None:
    def without(name: Any, *rest: Any, **more: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(cg.ConvgraphError, match=r"convgraph\[plot\]"):
        cg.plot_growth(STACK)


def test_what_cannot_be_plotted_is_refused() -> None:
    with pytest.raises(cg.ConvgraphError, match="no parameters"):
        cg.plot_uses(cg.ReLU().on(3))
