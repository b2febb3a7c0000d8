"""Streams against the network on the whole input, in whole numbers, for chunks of all sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests.test_tiles import networks, values, weights

exactly = np.vectorize(sp.Integer, otypes=[object])


def plan(network: Any) -> Any:
    try:
        return cg.stream(network)
    except cg.ConvgraphError:
        return None


def streamed(spec: Any, shape: tuple[int, ...], cuts: list[int]) -> str:
    """Runs the stream on chunks, and holds all that comes out against the whole."""
    try:
        network = spec.on(shape)
    except cg.ConvgraphError:
        return "no network"
    made = plan(network)
    if made is None:
        return "no stream"
    x, numbers = exactly(values(shape, 1)), {a: exactly(n) for a, n in weights(network).items()}
    run = made.start(numbers)
    parts, there = [], 0
    for chunk in np.split(x, sorted(cut % shape[-1] for cut in cuts)):
        parts.append(run.step(chunk))
        there += len(chunk)
        assert sum(map(len, parts)) == made.outputs_after(there)
    parts.append(run.flush())
    whole = network.evaluate(x, numbers)
    assert np.array_equal(np.concatenate(parts), whole), (spec, shape, cuts)
    return "streamed"


CUTS = st.lists(st.integers(0, 199), max_size=8)


@given(networks(1), CUTS)
def test_a_stream_is_the_whole(case: tuple[Any, tuple[int, ...]], cuts: list[int]) -> None:
    assert streamed(*case, cuts)


@pytest.mark.exhaustive
@settings(max_examples=600)
@given(networks(1), CUTS)
def test_a_stream_is_the_whole_at_length(
    case: tuple[Any, tuple[int, ...]], cuts: list[int]
) -> None:
    assert streamed(*case, cuts)


@pytest.mark.parametrize("padding", [(0, 1), (2, 0), (0, 3), (2, 2)])
@pytest.mark.parametrize("first", [cg.Conv(1), cg.MaxPool(2), cg.Conv(3, padding=1)])
def test_the_last_position_is_kept_for_a_padding_that_repeats_it(
    first: Any, padding: tuple[int, int]
) -> None:
    spec = first >> cg.Pad((padding,), padding_mode="replicate") >> cg.Conv(2)
    assert streamed(spec, (12,), [4, 5]) == streamed(spec, (12,), []) == "streamed"


def test_causal_paddings_make_a_network_causal() -> None:
    def encoder(*paddings: Any) -> Any:
        first, second, third = paddings
        return (
            cg.Conv(7, stride=3, padding=first)
            >> cg.ReLU()
            >> cg.Conv(3, padding=second, dilation=2)
            >> cg.Conv(4, stride=2, padding=third)
        )

    made = cg.stream(encoder(3, 2, 1).on(60))
    assert not made.causal
    causal = [(each.causal,) for each in made.repaddings()]
    assert causal == [((4, 2),), ((4, 0),), ((2, 1),)]
    assert cg.stream(encoder(*causal).on(60)).lookahead == 0


def test_branches_wait_for_each_other() -> None:
    spec = cg.Parallel(cg.Conv(5, padding=2), cg.Conv(1), merge="add")
    made = cg.stream(spec.on(40))
    assert made.lookahead == 2
    (delayed,) = [row for row in made.rows if row.delays]
    assert sorted(wait for _, wait in delayed.delays) == [0, 2]


def test_a_row_that_is_cut_off_waits_until_it_is_known_where() -> None:
    """The outputs that padding would have given are left out at the end only."""
    spec = cg.Conv(3, padding=1) >> cg.ConvTranspose(3, padding=1)
    made = cg.stream(spec.on(20))
    assert streamed(spec, (20,), [3, 4, 11]) == "streamed"
    assert made.outputs_after(20) < 20


def test_copies_of_the_first_position_wait_for_it() -> None:
    spec = cg.Conv(2, padding=3, padding_mode="replicate")
    made = cg.stream(spec.on(8))
    assert [made.outputs_after(there) for there in (0, 1, 2)] == [0, 3, 4]
    assert streamed(spec, (8,), [0, 1, 5]) == "streamed"


def test_what_is_kept_does_not_grow() -> None:
    network = (cg.Conv(9, dilation=4, padding=16) >> cg.Conv(3, stride=2, padding=1)).on(400)
    made = cg.stream(network)
    run = made.start(weights(network))
    kept = []
    for chunk in np.split(values((400,), 1), 40):
        run.step(chunk)
        kept.append(sum(len(tail) for tail in run._tails.values()))
    assert max(kept[8:]) == min(kept[8:]) == made.cache


def test_two_axes_one_of_them_time() -> None:
    spec = cg.Conv((3, 3), 2, padding=1) >> cg.MaxPool((2, 2)) >> cg.Conv((3, 3), 1, padding=1)
    network = spec.on((1, 8, 12))
    x, numbers = values((1, 8, 12), 1), weights(network)
    made = cg.stream(network, axis=1)
    chunks = np.split(x, [3, 4, 9], axis=2)
    assert np.array_equal(made.run(chunks, numbers), network.evaluate(x, numbers))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"axis": 2}, "axis=2: one of the 1 axes"),
        ({"chunk": 0}, "chunk=0"),
        ({"rate": 0.5}, "rate=0.5"),
        ({"row": "q"}, "row='q'"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=says):
        cg.stream(cg.Conv(3, padding=1).on(8), **arguments)


@pytest.mark.parametrize(
    ("spec", "row"),
    [
        (cg.Conv(3, padding=1) >> cg.Dense(4), "g"),
        (cg.Conv(3, padding=1, padding_mode="circular"), "s"),
        (cg.LocallyConnected(3), "s"),
    ],
)
def test_what_waits_for_the_end_is_refused_with_its_row(spec: Any, row: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=f"row='{row}'"):
        cg.stream(spec.on(20))


def test_wrong_chunks_and_ends_are_refused() -> None:
    network = cg.Conv(3, stride=2, padding=1).on(20)
    run = cg.stream(network).start(weights(network))
    with pytest.raises(cg.ConvgraphError, match="chunk of shape"):
        run.step(np.zeros((2, 3)))
    run.step(np.arange(7))
    with pytest.raises(cg.ConvgraphError, match="7 positions have come"):
        run.flush()
    run.step(np.arange(7))
    run.flush()
    with pytest.raises(cg.ConvgraphError, match="ended"):
        run.step(np.arange(7))


def test_a_causal_convolution_whose_padded_end_is_cut_off_waits_for_nothing() -> None:
    """The usual way to write it: padded on both sides, then without its last outputs."""
    torch = pytest.importorskip("torch")

    class Causal(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv1d(1, 2, 3, padding=2)
            self.second = torch.nn.Conv1d(2, 2, 3, padding=8, dilation=4)

        def forward(self, x: Any) -> Any:
            return self.second(torch.relu(self.first(x)[:, :, :-2]))[:, :, :-8]

    network = cg.from_torch(Causal().double(), (1, 40))
    made = cg.stream(network)
    assert made.causal
    assert [made.outputs_after(there) for there in (1, 7, 40)] == [1, 7, 40]
    x = np.random.default_rng(1).normal(size=(1, 40))
    streamed = made.run(np.split(x, [1, 2, 17], axis=1))
    assert np.allclose(streamed, network.evaluate(x), rtol=0, atol=1e-12)


def test_a_last_window_that_reaches_beyond_is_averaged_over_what_is_there() -> None:
    pool = cg.AvgPool(3, stride=2, padding=1, ceil_mode=True, count_include_pad=True)
    assert streamed(pool, (8,), []) == "streamed"
