"""Letters beside the arrows from padding: the parameter that a window would have there."""

from __future__ import annotations

from typing import Any

import pytest

import convgraph as cg

SPECS = [
    (cg.Conv, {"kernel": 3}, (1, 1), 6),
    (cg.Conv, {"kernel": 4, "stride": 2}, (2, 1), 9),
    (cg.Conv, {"kernel": 3, "dilation": 2}, (4, 0), 7),
    (cg.Conv, {"kernel": 5}, (2, 2), 7),
    (cg.TiledConv, {"kernel": 3, "tiles": 2}, (1, 1), 7),
]


@pytest.mark.parametrize(("kind", "options", "pads", "size"), SPECS)
@pytest.mark.parametrize("direction", ["up", "down", "right", "left"])
def test_arrows_from_padding_have_the_letters_of_a_longer_input(
    kind: Any, options: Any, pads: tuple[int, int], size: int, direction: Any
) -> None:
    net = kind(**options, padding=(pads,)).on(size)
    longer = kind(**options).on(size + sum(pads))  # the zeros are units
    wanted = {}
    for source, target, parameter in longer.graph.edges(data="parameter"):
        at = int(source[1:]) - 1 - pads[0]
        if not 0 <= at < size:
            side = f"left,{-at}" if at < 0 else f"right,{at - size + 1}"
            wanted[f"padding,x,{side}", target] = str(parameter)
    (panel,) = cg.draw(net, letters=True, padding=True, direction=direction).panels
    lines = {(line.source, line.target): line.label for line in panel.lines}
    assert lines == wanted
    # each letter that is drawn stands on or beside its own arrow
    drawn = {(t.edge.source, t.edge.target): t.text for t in panel.texts if t.edge is not None}
    placed = {ends: drawn[ends] for ends in wanted if ends in drawn}
    assert placed.items() <= wanted.items()
    if kind is cg.Conv and options["kernel"] < 5:
        assert len(placed) == len(wanted)


def test_where_few_units_are_shown_their_padding_has_letters_too() -> None:
    net = cg.Conv(3, padding="same").on(12)
    for show in (4, ["x1", "x2", "x12", "s1", "s12"]):
        figure = cg.draw(net, letters=True, padding=True, show=show)
        texts = {(t.edge.source, t.edge.target): t.text for t in figure.panels[0].texts if t.edge}
        assert texts["padding,x,left,1", "s1"] == "w_1"
        assert texts["padding,x,right,1", "s12"] == "w_3"
        assert r"\node[text beside" in figure.tikz


def test_pools_and_parameters_that_no_connection_has_give_no_letters() -> None:
    (pool,) = cg.draw(cg.MaxPool(3, 1, padding=1).on(5), letters=True, padding=True).panels
    assert not any(line.label for line in pool.lines)
    local = cg.LocallyConnected(3, padding=1).on(5)
    (panel,) = cg.draw(local, letters=True, padding=True).panels
    assert len(panel.lines) == 2
    assert not any(line.label for line in panel.lines)


def test_padding_beside_dots_is_one_column_away() -> None:
    net = cg.Conv(3, padding=1, stride=2).on(60)
    (panel,) = cg.draw(net, padding=True, show=["x1", "x30", "x60", "s1", "s30"]).panels
    place = {unit.name: unit.x for unit in panel.units} | {m.name: m.x for m in panel.marks}
    assert place["x1"] - place["padding,x,left,1"] == pytest.approx(54)
