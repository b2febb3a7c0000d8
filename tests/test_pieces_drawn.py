"""Pictures of tiles and streams: what they show is what the plan says."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import convgraph as cg

RECT = "{http://www.w3.org/2000/svg}rect"


def boxes(picture: Any) -> list[Any]:
    return list(ElementTree.fromstring(picture.svg).iter(RECT))


def test_tiles_show_what_is_read_and_kept(tmp_path: Path) -> None:
    net = (cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2)) >> cg.Conv((3, 3), padding=1)).on(
        (48, 96)
    )
    plan = cg.tiles(net, tile=32)
    picture = plan.draw(1)
    image, read, kept, *rest = boxes(picture)
    scale = float(image.get("width")) / 96
    tile = plan.tiles[1]
    assert float(read.get("x")) == pytest.approx(tile.read[1][0] * scale, abs=0.01)
    assert float(read.get("width")) == pytest.approx(32 * scale, abs=0.01)
    assert float(kept.get("x")) == pytest.approx(2 * tile.put[1][0] * scale, abs=0.01)
    assert len(rest) == len(plan.tiles)
    area = sum(float(r.get("width")) * float(r.get("height")) for r in rest)
    assert area == pytest.approx(48 * 96 * scale**2, rel=1e-3)  # each output once
    picture.save(tmp_path / "tiles.svg")
    assert (tmp_path / "tiles.svg").read_text(encoding="utf-8") == picture._repr_svg_()


def test_a_page_of_tiles_knows_what_each_reads_and_keeps(tmp_path: Path) -> None:
    plan = cg.tiles((cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((48, 96)), tile=32)
    plan.draw().save(tmp_path / "tiles.html")
    page = (tmp_path / "tiles.html").read_text(encoding="utf-8")
    data = re.search(r'class="cg-data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    known = json.loads(data.group(1))["tiles"]
    cells = re.findall(
        r'<rect x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)" data-tile="(\d+)"', page
    )
    assert [int(number) for *_, number in cells] == list(range(len(plan.tiles)))
    for (*corners, _), tile, facts in zip(cells, plan.tiles, known, strict=True):
        assert corners == facts["kept"]
        (top, bottom), (left, right) = tile.read
        scale = 480 / 96
        wanted = [left * scale, top * scale, (right - left) * scale, (bottom - top) * scale]
        assert [float(each) for each in facts["read"]] == pytest.approx(wanted, abs=0.01)
        assert f"reads {top}:{bottom} x {left}:{right} of the input" in facts["said"]
    stream = cg.stream(cg.Conv(3, padding=1).on(16))
    with pytest.raises(cg.ConvgraphError, match=r"of a stream is saved as one of \.svg"):
        stream.draw().save(tmp_path / "stream.html")


@pytest.mark.parametrize("name", ["plan.pdf", "plan.png", "plan"])
def test_a_picture_is_saved_as_what_its_name_says(tmp_path: Path, name: str) -> None:
    plan = cg.tiles(cg.Conv((3, 3), padding=1).on((16, 16)), tile=8)
    with pytest.raises(cg.ConvgraphError, match=r"saved as one of \.svg, \.html"):
        plan.draw().save(tmp_path / name)
    assert not (tmp_path / name).exists()
    plan.draw().save(tmp_path / "PLAN.HTML")
    assert (tmp_path / "PLAN.HTML").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_timetable_has_a_box_where_positions_come() -> None:
    made = cg.stream((cg.Conv(4, stride=2, padding=1) >> cg.Conv(3, padding=1)).on(64))
    picture = made.draw()
    length = int(re.search(r"(\d+) inputs", picture.svg).group(1))
    comes = [
        sum(a[row] != b[row] for a, b in pairwise(counts))
        for counts in [[made.timing.counts(n) for n in range(length + 1)]]
        for row in [each.row for each in made.rows]
    ]
    assert len(boxes(picture)) == sum(comes)


def test_what_has_no_picture_is_refused() -> None:
    plan = cg.tiles(cg.Conv((3, 3, 3), padding=1).on((9, 9, 9)), tile=5)
    with pytest.raises(cg.ConvgraphError, match="one or two axes"):
        plan.draw()
    with pytest.raises(cg.ConvgraphError, match="number=99"):
        cg.tiles(cg.Conv(3, padding=1).on(30), tile=10).draw(99)
