"""Captions, headings and legends: long ones in lines, and margins for any face."""

from __future__ import annotations

import re
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.faces import room_for, widest
from convgraph.figures.paragraphs import paragraph
from convgraph.figures.render import available_formats
from convgraph.figures.theme import BOOK

NET = cg.Conv(3, padding="same").on(6)
LONG = "A very long caption that nobody would ever want to see in one line of a figure"
NAME = "model_encoder_layers_4_attention_self_query_projection_of_the_second_head_in_net"


def panel(**options: Any) -> Any:
    (found,) = cg.draw(NET, **options).panels
    return found


@pytest.mark.parametrize("direction", ["up", "down", "right", "left"])
@pytest.mark.parametrize("text", [LONG, NAME])
def test_long_captions_and_headings_have_lines_and_keep_apart(direction: Any, text: str) -> None:
    found = panel(captions={"s": text}, headings={"x": text, "s": text}, direction=direction)
    assert {re.sub(r"\s", "", t.text) for t in found.texts} == {text.replace(" ", "")}
    boxes = []
    for each in found.texts:
        assert max(map(len, each.text.split("\n"))) < 44
        high = each.size * (1 + 1.2 * each.text.count("\n"))
        boxes.append((each.x, each.y, widest(each.text + " ", each.size), high))
    boxes += [(unit.x, unit.y, 2 * BOOK.radius, 2 * BOOK.radius) for unit in found.units]
    for i, (x, y, w, h) in enumerate(boxes[:3]):
        for u, v, wide, tall in boxes[i + 1 :]:
            assert abs(x - u) > (w + wide) / 2.5 or abs(y - v) >= (h + tall) / 2 - 1e-6


def test_short_captions_have_one_line() -> None:
    found = panel(captions={"s": "Convolution stage"}, headings={"s": "DETECTOR STAGE"})
    assert [text.text for text in found.texts] == ["Convolution stage", "DETECTOR STAGE"]
    # lines of the caller's own stay
    assert panel(captions="one\ntwo").texts[0].text == "one\ntwo"


def test_a_paragraph_is_no_wider_than_its_room_and_loses_nothing() -> None:
    for text in (LONG, NAME, "W" * 50, "a/b.c-d " * 9, "i" * 200):
        for room in (40, 100, 250):
            lines = paragraph(text, room, 14)
            assert room_for(lines, 14) <= room
            assert re.sub(r"\s", "", lines) == re.sub(r"\s", "", text)


FACES = ["DejaVu Sans Mono Bold", "DejaVu Sans Bold", "DejaVu Serif Bold", "Courier", "Helvetica"]


@pytest.mark.skipif("png" not in available_formats(), reason="needs Graphviz's dot")
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("text", ["Downsampling", "Complex layer terminology", "illicit fillies"])
def test_no_face_is_cut_off_at_the_edge(face: str, text: str, tmp_path: Any) -> None:
    image = pytest.importorskip("PIL.Image", reason="reads the picture")
    path = cg.draw(NET, captions={"s": text}, theme={"font": face}).save(tmp_path / "f.png", 72)
    gray = image.open(path).convert("L")
    edges = [gray.crop((0, 0, 2, gray.height)), gray.crop((gray.width - 2, 0, *gray.size))]
    assert all(edge.getextrema()[0] > 200 for edge in edges)


def test_a_legend_is_in_the_order_of_the_parameters() -> None:
    (found,) = cg.draw(cg.Conv(12).on(20), edges="parameters", legend=True).panels
    assert [t.text for t in found.texts if t.left] == [f"w_{i}" for i in range(1, 13)]
    ys = [t.y for t in found.texts if t.left]
    assert ys == sorted(ys, reverse=True)


def test_long_entries_of_a_legend_have_lines_beside_their_colour() -> None:
    legend = {"orange": LONG, "cyan": NAME, "red": "short"}
    found = panel(shade={"orange": "s1", "cyan": "x1", "red": "x2"}, legend=legend)
    keys = [mark for mark in found.marks if mark.kind == "key"]
    texts = [text for text in found.texts if text.left]
    assert len(keys) == len(texts) == 3
    for key, text in zip(keys, texts, strict=True):
        first = text.y + 0.6 * text.size * text.text.count("\n")  # of its lines
        assert first == pytest.approx(key.y)
        assert text.x > key.x + key.width / 2
    for text, below in zip(texts, keys[1:], strict=False):
        last = text.y - 0.6 * text.size * text.text.count("\n")
        assert last - below.y >= text.size
    tex = cg.draw(NET, shade="s1", legend={"#A8A8A8": LONG}).tikz
    assert "anchor=west, align=left" in tex
    svg = cg.draw(NET, shade="s1", legend={"#A8A8A8": LONG}).svg()
    lines = re.findall(r'<text text-anchor="(\w+)" x="([-\d.]+)"[^>]*>(?:A very|nobody)', svg)
    assert len({*lines}) == 1
    assert len(lines) == 2
