"""The pictures of docs/symmetry.md are those that the library draws.

`python -m tests.test_symmetry_docs` draws them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convgraph as cg

IMAGES = Path(__file__).parents[1] / "docs" / "images"


def tyings() -> Any:
    """Figures 9.14 and 9.16 on a circle: the connections that share the first parameter."""
    ends = {"padding": ((0, 1),), "padding_mode": "circular"}
    specs = cg.LocallyConnected(2, **ends), cg.TiledConv(2, tiles=2, **ends), cg.Conv(2, **ends)
    nets = [spec.on(6) for spec in specs]
    local, tiled, conv = (cg.draw(net, emphasize=net.parameters[0]) for net in nets)
    return local.above(tiled).above(conv)


def deepsets() -> Any:
    layer = cg.equivariant_layer(cg.Group.symmetric(4))
    return cg.draw(layer, emphasize="w_1")


def dilated() -> Any:
    net = cg.Conv(3, dilation=2, padding="same", padding_mode="circular").on(8)
    found = cg.symmetry_group(net, expected=cg.Group.cyclic(8))
    return cg.draw(net, shade=found.extra.shade)


FIGURES = {"tyings": tyings, "deepsets": deepsets, "dilated": dilated}


@pytest.mark.parametrize("name", FIGURES)
def test_pictures_are_up_to_date(name: Any) -> None:
    stored = (IMAGES / f"symmetry-{name}.dot").read_text(encoding="utf-8")
    assert stored == FIGURES[name]().dot
    assert (IMAGES / f"symmetry-{name}.svg").exists()


if __name__ == "__main__":
    for name, make in FIGURES.items():
        figure = make()
        for suffix in ("dot", "svg"):
            figure.save(IMAGES / f"symmetry-{name}.{suffix}")
