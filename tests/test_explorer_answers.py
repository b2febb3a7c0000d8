"""What the explorer's page derives against what Python says, unit by unit."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.explorer.page_data import engine, moves
from convgraph.interactions.padding_seen import padded_units
from tests.explorer_answers import answers, in_node
from tests.onnx_light import light, seen, shapes

LAYERS = [
    cg.Conv((3, 3), 2, padding="same"),
    cg.Conv((3, 2), 2, stride=2, padding=1, bias=True),
    cg.Conv((2, 3), 4, dilation=2, groups=2, padding=2),
    cg.Conv((3, 3), 2, padding=1, padding_mode="circular"),
    cg.Conv((3, 3), 2, padding=1, padding_mode="reflect"),
    cg.ConvTranspose((3, 3), 2, stride=2, padding=1),
    cg.LocallyConnected((2, 2), 2),
    cg.TiledConv((3, 3), 2, tiles=(2, 2), padding=1),
    cg.MaxPool((2, 2)),
    cg.MaxPool((3, 3), stride=2, padding=1),
    cg.AvgPool((3, 3), stride=1, padding=1),
    cg.AvgPool((3, 3), stride=2, padding=1, count_include_pad=False),
    cg.ReLU(),
    cg.Activation("phi"),
    cg.Upsample(2),
    cg.Residual(cg.Conv((3, 3), 2, padding="same") >> cg.ReLU()),
    cg.Parallel(cg.Conv((3, 3), 2, padding="same"), cg.Conv((1, 1), 2), merge="concat"),
    cg.Parallel(
        cg.Conv((1, 5), 2, padding="same"), cg.Conv((5, 1), 2, padding="same"), merge="add"
    ),
]
ENDS = [None, None, cg.GlobalAvgPool(), cg.Flatten() >> cg.Dense(3)]


@st.composite
def networks(draw: st.DrawFn, layers: list[Any] = LAYERS, ends: list[Any] = ENDS) -> cg.Network:
    """A random stack on a small image of two channels."""
    shape = 2, draw(st.integers(6, 9)), draw(st.integers(6, 9))
    spec = None if ends is ENDS else cg.Conv((1, 1), 2)  # which knows channels from space
    for _ in range(draw(st.integers(1, 4))):
        more = draw(st.sampled_from(layers))
        longer = more if spec is None else spec >> more
        try:
            if sum(int(row.size) for row in longer.on(shape).rows) > 4000:
                continue
        except cg.ConvgraphError:
            continue  # a kernel larger than what is left of the image
        spec = longer
    end = draw(st.sampled_from(ends))
    spec = spec or cg.ReLU()
    return (spec if end is None else spec >> end).on(shape)


def _unit(draw: st.DataObject, row: Any) -> tuple[int, ...]:
    return tuple(draw.draw(st.integers(0, n - 1)) for n in row.numbers())


def _asked(net: cg.Network, number: int, index: tuple[int, ...]) -> tuple[Any, ...]:
    """A unit as the page has it: the row's number, a channel, and a place."""
    cut = engine(net)["rows"][number]["cut"]
    sizes = net.rows[number].numbers()[:cut]
    return number, int(np.ravel_multi_index(index[:cut], sizes)) if cut else 0, index[cut:]


def _mask(found: list[float] | None, row: Any) -> np.ndarray:
    return (
        np.zeros(row.numbers(), bool)
        if found is None
        else np.array(found).reshape(row.numbers()) > 0
    )


@settings(max_examples=12)
@given(networks(), st.data())
def test_fields_and_effective_fields_are_those_of_python(net: cg.Network, data: Any) -> None:
    number = len(net.rows) - 1
    end, start = net.rows[number], net.rows[0]
    last, first = _unit(data, end), _unit(data, start)
    sees, affects, padded = answers(
        net,
        ("sees", *_asked(net, number, last)),
        ("affects", *_asked(net, 0, first)),
        ("padded",),
    )
    states = padded_units(net, start.name).states
    for at, row in enumerate(net.rows):
        field = cg.receptive_field(net, end.unit(last), row.name)
        assert (_mask(sees[at], row) == field.mask()).all()
        reached = cg.projective_field(net, start.unit(first), row.name)
        assert (_mask(affects[at], row) == reached.mask()).all()
        counts = cg.path_counts(net, end.unit(last), row.name)
        if counts.total:
            expected = np.array([float(n) for n in counts.array.ravel()]) / float(counts.total)
            assert np.allclose(np.array(sees[at]), expected, rtol=1e-9, atol=0)
        state = states.get(row.name)
        if state is not None:
            assert (_mask(padded[at], row) == _touching(state).reshape(row.numbers())).all()


def test_connections_that_are_listed_are_followed() -> None:
    graph = nx.MultiDiGraph()
    for source, target in ("as", "bs", "cu", "st", "ut"):
        graph.add_edge(source, target, parameter=f"w{source}")
    net = cg.from_networkx(graph)
    sees, affects = answers(
        net, ("sees", *_asked(net, len(net.rows) - 1, (0,))), ("affects", *_asked(net, 0, (1,)))
    )
    for at, row in enumerate(net.rows):
        end, start = net.outputs[0].unit((0,)), net.inputs[0].unit((1,))
        assert (_mask(sees[at], row) == cg.receptive_field(net, end, row.name).mask()).all()
        assert (_mask(affects[at], row) == cg.projective_field(net, start, row.name).mask()).all()


def _touching(state: Any) -> np.ndarray:
    """Which units see padding, from slabs along each axis."""
    view = tuple(int(n) for n in state.view)
    found = np.zeros(view, bool)
    for number, slabs in enumerate(state.payloads):
        for moved, slab in zip(state.moves, slabs or (), strict=False):
            along = [1] * len(view)
            if moved is not None:
                along[moved] = len(slab)
            found |= slab.reshape(along) & (np.broadcast_to(state.classes, view) == number)
    return found


@settings(max_examples=8)
@given(networks())
def test_uses_are_those_of_python(net: cg.Network) -> None:
    rows = range(1, len(net.rows))
    for at, found in zip(rows, answers(net, *(("uses", at) for at in rows)), strict=True):
        layer = net.layer(net.rows[at].name)
        assert len(found) == len(layer.arrays)
        for (letter, counts), tying in zip(found, layer.arrays, strict=True):
            assert letter == tying.letter
            array = tying.array
            first = net.labels.start(letter)
            for place in range(0, len(array), max(len(array) // 5, 1)):
                symbol = str(net.labels[first + place])
                assert counts[place] == cg.uses(net, symbol).count


SHIFTED = [layer for layer in LAYERS if not isinstance(layer, cg.ConvTranspose)]


@settings(max_examples=8)
@given(networks(SHIFTED, [None] * 2), st.sampled_from([(1, 0), (0, -2), (2, 2), (-1, 1), (4, 0)]))
def test_what_moves_along_with_a_shift_is_what_python_says(
    net: cg.Network, amounts: tuple[int, int]
) -> None:
    rows = cg.report(net).rows
    strides = [moves(row, 2) for row in rows]
    (found,) = answers(net, ("shift", 0, strides, amounts))
    for at, row in enumerate(net.rows[1:], 1):
        along = [Fraction(a * den, num) for a, (num, den) in zip(amounts, strides[at], strict=True)]
        said = np.array(found[at]).reshape(row.numbers())
        if any(amount.denominator > 1 for amount in along):
            assert (said != 1).all()
            continue
        output = cg.Shift(tuple(map(int, along)))
        verdict = cg.check_equivariance(net, cg.Shift(amounts), output=output, row=row.name)
        assert not (verdict.broken.mask() & (said == 1)).any()
        assert not (verdict.exact.mask() & (said == 2)).any()


@pytest.mark.parametrize("name", ["resnet50", "inception_v1", "shufflenet"])
def test_cells_of_real_networks_see_what_their_nodes_say(name: str) -> None:
    """Held against a walk over the model's nodes with boolean arrays, which knows no wirings."""
    net = cg.from_onnx(light(name))
    maps = [row for row in net.rows if len(row.shape) == 3 and row.shape[1] > 1]
    row = next(each for each in reversed(maps) if each.name in shapes(name))
    number = net.rows.index(row)
    channel, *place = (n // 3 for n in row.numbers())
    (found,) = answers(net, ("boxes", number, channel, place))
    reached = seen(name, row.name, (0, channel, *place))
    for at, each in enumerate(net.rows):
        if each.name in reached:
            expected = reached[each.name].ravel()
            said = np.zeros_like(expected)
            for channels, space in found[at]:
                said |= np.logical_and.outer(from_runs(channels), from_runs(space)).ravel()
            assert (said == expected).all(), each.name


def from_runs(lengths: list[int]) -> np.ndarray:
    """So many outside, then so many inside, and so on."""
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)


GOING_ON = [
    cg.Conv((3, 3), 2, padding="same"),
    cg.Conv((3, 3), 2, dilation=2, padding=2),
    cg.Conv((3, 3), 2, stride=2, padding=1),
    cg.MaxPool((2, 2)),
    cg.ConvTranspose((4, 4), 2, stride=2, padding=1),
    cg.ConvTranspose((2, 2), 2, stride=2),
    cg.ConvTranspose((3, 3), 2, stride=2, padding=1),
    cg.Upsample(2),
    cg.Residual(cg.Conv((3, 3), 2, padding="same") >> cg.ReLU()),
    cg.Parallel(cg.Conv((3, 3), 2, padding="same"), cg.Conv((1, 1), 2), merge="concat"),
    cg.Residual(cg.MaxPool((2, 2)) >> cg.Conv((3, 3), 2, padding="same") >> cg.Upsample(2)),
]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(GOING_ON), min_size=1, max_size=5), st.data())
def test_where_a_field_lies_is_where_it_lies_on_a_larger_input(chosen: Any, data: Any) -> None:
    """Cell by cell along an axis: neighbours behind an upsampling differ in their fields."""
    spec = cg.Conv((1, 1), 2)
    for more in chosen:
        spec = spec >> more
    around = 96  # a multiple of all strides; wide enough that no field reaches a border
    try:
        net, large = (spec.on((2, n, n)) for n in (16, 16 + 2 * around))
    except cg.ConvgraphError:
        return  # strides that leave sizes which do not merge
    row = net.rows[-1]
    channels, high, _ = row.numbers()
    moved = Fraction(1)
    for more in chosen:
        one = {"MaxPool": 2, "Upsample": Fraction(1, 2), "ConvTranspose": Fraction(1, 2)}
        strided = getattr(more, "stride", 1) in (2, (2, 2))
        factor = one.get(type(more).__name__, 2 if strided else 1)
        moved *= factor
    by = around / moved
    channel = data.draw(st.integers(0, channels - 1))
    cells = [(y, high // 2) for y in range(min(high, 8))]
    asked = [("unclipped", len(net.rows) - 1, channel, cell, 0) for cell in cells]
    for cell, said in zip(cells, answers(net, *asked), strict=True):
        if said is None:
            assert high < 4, "what is said of large maps is known"
            continue
        at = channel, *(int(i + by) for i in cell)
        field = np.argwhere(cg.receptive_field(large, large.rows[-1].unit(at), "x").mask())
        low, past = field.min(0)[1:] - around, field.max(0)[1:] - around + 1
        assert said == [[low[0], past[0]], [low[1], past[1]]]


def _transformer() -> cg.Network:
    """Two blocks of attention and dense layers over features, behind patches of an image."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.out = nn.Linear(4, 12), nn.Linear(4, 4)
            self.wide, self.narrow = nn.Linear(4, 6), nn.Linear(6, 4)

        def forward(self, x: Any) -> Any:
            q, k, v = self.qkv(x).chunk(3, -1)
            x = x + self.out(nn.functional.scaled_dot_product_attention(q, k, v))
            return x + self.narrow(torch.relu(self.wide(x)))

    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.blocks = nn.Conv2d(1, 4, 2, 2), nn.Sequential(Block(), Block())

        def forward(self, x: Any) -> Any:
            return self.blocks(self.patches(x).flatten(2).transpose(1, 2))

    return cg.from_torch(Model().eval(), (1, 1, 6, 6))


def test_a_transformer_is_answered_as_in_python() -> None:
    net = _transformer()
    end, start = net.rows[-1], net.rows[0]
    last, first = (4, 2), (0, 3, 2)
    sees, affects = answers(
        net, ("sees", *_asked(net, len(net.rows) - 1, last)), ("affects", *_asked(net, 0, first))
    )
    for at, row in enumerate(net.rows):
        counts = cg.path_counts(net, end.unit(last), row.name)
        if counts.total:
            expected = np.array([float(n) for n in counts.array.ravel()]) / float(counts.total)
            assert np.allclose(np.array(sees[at]), expected, rtol=1e-9, atol=0), row.name
        reached = cg.projective_field(net, start.unit(first), row.name)
        assert (_mask(affects[at], row) == reached.mask()).all(), row.name


def test_an_answer_is_worked_out_in_slices_and_given_up_for_another_question() -> None:
    """A clock that moves on by a millisecond at each look, and a timer that is turned by hand."""
    code = """
    let now = 0, due = null, ready = 0;
    globalThis.performance.now = () => now++;
    globalThis.setTimeout = (run) => { due = run; return 1; };
    const turn = () => { const run = due; due = null; run(); };
    const done = { a: 0, b: 0 };
    function* steps(point) { for (let i = 0; i < 50; i++) { done[point]++; yield; } return point; }
    const answers = new Answers(steps, () => ready++), said = [];
    said.push(answers.about("a"), done.a < 50, answers.busy);
    answers.keep(["a"]);
    turn();
    const given = done.a;
    said.push(answers.about("b"));
    answers.keep(["b"]);
    while (due) turn();
    said.push(done.a === given, done.b, ready, answers.about("b"));
    said.push(answers.found("a"), answers.busy);
    process.stdout.write(JSON.stringify(said));
    """
    assert in_node(code) == [None, True, True, None, True, 50, 1, "b", None, False]


def test_paper_does_not_wait_for_slices() -> None:
    code = """
    let now = 0;
    globalThis.performance.now = () => now++;
    globalThis.setTimeout = () => 1;
    function* steps(point) { for (let i = 0; i < 50; i++) yield; return point; }
    const answers = new Answers(steps, () => {}), first = answers.about("a");
    answers.finish();
    process.stdout.write(JSON.stringify([first, answers.busy, answers.about("a")]));
    """
    assert in_node(code) == [None, False, "a"]


def test_an_input_that_stays_is_why_cells_do_not_move_along() -> None:
    """Behind an upsampling neighbours hold one value: some cells move along all the same."""
    x, y = cg.Input((2, 8, 8), name="x"), cg.Input((1, 8, 8), name="y")
    up = cg.Upsample(2)(cg.Conv((3, 3), 2, stride=2, padding=1)(y))
    both = cg.Concat()(cg.ReLU()(x), up)
    net = cg.Network([x, y], cg.Conv((3, 3), 3, dilation=2, padding=2)(both))
    strides = [moves(row, 2) for row in cg.report(net, row="x").rows]
    for amounts in ((1, 1), (0, -1), (2, 0)):
        given = [[row.name for row in net.rows].index("x"), strides, amounts]
        (found,) = answers(net, ("shift", *given))
        move = {"x": cg.Shift(amounts), "y": cg.Shift((0, 0))}
        verdict = cg.check_equivariance(net, move, cg.Shift(amounts))
        said = np.array(found[-1]).reshape(net.rows[-1].shape)
        assert np.array_equal(said == 1, verdict.exact.mask()), amounts


def test_a_volume_moves_whatever_leaves_its_frame() -> None:
    net = (cg.Conv((3, 3, 3), 2, padding=1) >> cg.MaxPool((2, 2, 2))).on((1, 4, 6, 6))
    strides = [moves(row, 3) for row in cg.report(net).rows]
    for amounts in ((2, 2, 2), (-4, 0, 0), (0, 0, 2)):
        (found,) = answers(net, ("shift", 0, strides, amounts))
        along = cg.Shift(tuple(n // 2 for n in amounts))
        verdict = cg.check_equivariance(net, cg.Shift(amounts), along)
        assert np.array_equal(np.array(found[-1]) == 1, verdict.exact.mask().ravel()), amounts


def test_in_a_fold_a_name_goes_without_the_path_that_the_fold_says() -> None:
    """Names of rows may have a module before the fold's, in which most of the network is."""
    cases = {
        ("features.denseblock2.denselayer6.norm1", "denseblock2.denselayer6"): "norm1",
        ("denseblock2.denselayer6", "denseblock2"): "denselayer6",
        ("layer1.0.conv1", "layer1.0"): "conv1",
        ("layer1.0", "layer1"): "layer1.0",
        ("features.conv.0", "conv"): "conv.0",
        ("/layer1/layer1.0/conv1/Conv", "layer1.layer1.0"): "conv1/Conv",
        ("layer10.conv", "layer1"): "layer10.conv",
        ("cat_14", "denseblock2.denselayer6"): "cat_14",
        ("layer1", "layer1"): "layer1",
        ("layer1.conv", ""): "layer1.conv",
    }
    code = f"""
    const said = {json.dumps(list(cases))}.map(([name, inside]) =>
      Tree.prototype.within(name, {{ inside }}));
    process.stdout.write(JSON.stringify(said));
    """
    assert in_node(code) == list(cases.values())
