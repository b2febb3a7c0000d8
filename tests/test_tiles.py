"""Tiles against the whole, in whole numbers, by running the network itself on every tile."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg

MODES = ("zeros", "zeros", "zeros", "replicate", "reflect", "circular")


def blocks(draw: st.DrawFn, rank: int, depth: int, keep: bool = False) -> Any:
    """A layer, or a composition of some; with `keep`, one that has as many outputs as inputs."""
    kinds = ["conv", "relu", "residual", "hourglass", "dilated", "uneven", "tiled"]
    if not keep:
        kinds += ["strided", "pool", "average", "up", "transposed", "valid", "pad"]
    kind = draw(st.sampled_from(kinds))
    each = lambda *options: tuple(draw(st.sampled_from(options)) for _ in range(rank))  # noqa: E731
    match kind:
        case "conv":
            k = draw(st.sampled_from([1, 3, 5]))
            return cg.Conv((k,) * rank, padding=k // 2, padding_mode=draw(st.sampled_from(MODES)))
        case "dilated":
            return cg.Conv((3,) * rank, padding=2, dilation=2)
        case "tiled":
            return cg.TiledConv(
                (3,) * rank, tiles=each(1, 2, 3), padding=1, bias=draw(st.booleans())
            )
        case "uneven":
            return cg.Conv((2,) * rank, padding=tuple(each((1, 0), (0, 1))))
        case "valid":
            return cg.Conv(each(2, 3), padding="valid")
        case "strided":
            mode = draw(st.sampled_from(MODES))
            strides, more = each(1, 2, 3), draw(st.integers(0, 1))
            return cg.Conv(each(1, 2, 3), stride=strides, padding=more, padding_mode=mode)
        case "pool":
            return cg.MaxPool(each(2, 3), stride=each(1, 2), ceil_mode=draw(st.booleans()))
        case "average":
            count = draw(st.booleans())
            return cg.AvgPool(
                each(2, 3),
                stride=each(1, 2),
                padding=1,
                count_include_pad=count,
                ceil_mode=draw(st.booleans()),
            )
        case "up":
            return cg.Upsample(each(2, 3))
        case "transposed":
            return cg.ConvTranspose(
                each(2, 3, 4), stride=each(1, 2), padding=draw(st.integers(0, 1))
            )
        case "pad":
            return cg.Pad(
                tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(rank)),
                padding_mode=draw(st.sampled_from(MODES)),
            )
        case "relu":
            return cg.ReLU()
        case "residual":
            inner = blocks(draw, rank, depth - 1, keep=True) if depth else cg.ReLU()
            return cg.Residual(inner)
        case _:
            inner = blocks(draw, rank, depth - 1, keep=True) if depth else cg.ReLU()
            down = cg.MaxPool((2,) * rank) >> inner >> cg.Upsample((2,) * rank)
            return cg.Parallel(cg.Conv((1,) * rank), down, merge="add")


@st.composite
def networks(draw: st.DrawFn, rank: int) -> tuple[Any, tuple[int, ...]]:
    """A spec and a shape."""
    spec = blocks(draw, rank, 2)
    for _ in range(draw(st.integers(0, 3))):
        spec = spec >> blocks(draw, rank, 2)
    most = 200 if rank == 1 else 30
    return spec, tuple(draw(st.integers(8, most)) for _ in range(rank))


def values(shape: tuple[int, ...], seed: int) -> Any:
    """Values that are all different, so that a maximum shows where it is from."""
    random = np.random.default_rng(seed)
    return random.permutation(int(np.prod(shape))).reshape(shape) * 7 + 1


def weights(network: Any) -> dict[str, Any]:
    """Positive and negative numbers, none of them zero."""
    random = np.random.default_rng(5)
    arrays = {a.letter: a.shape for layer in network.layers for a in layer.arrays}
    return {
        letter: random.integers(1, 9, shape) * random.choice([-1, 1, 1], shape)
        for letter, shape in arrays.items()
    }


def exactly(network: Any, x: Any) -> Any:
    """The network's values as fractions."""
    import sympy as sp

    exact = np.vectorize(sp.Integer, otypes=[object])
    given = {letter: exact(array) for letter, array in weights(network).items()}
    return network.evaluate(exact(x), given)


def planned(network: Any, tile: Any, overhead: Any) -> Any:
    try:
        return cg.tiles(network, tile) if overhead is None else cg.tiles(network, overhead=overhead)
    except cg.ConvgraphError as refused:
        if "was derived" in str(refused):  # a plan that was found to be wrong
            raise AssertionError from refused
        return None


def stitched(spec: Any, shape: tuple[int, ...], tile: Any, overhead: Any = None) -> str:
    """Runs the network on every tile, and holds what is stitched against the whole."""
    try:
        network = spec.on(shape)
    except cg.ConvgraphError:
        return "no network"
    plan = planned(network, tile, overhead)
    if plan is None:
        return "no plan"
    assert plan.verify(), (spec, shape, tile)
    x = values(shape, 1)
    whole = exactly(network, x)
    piece = spec.on(plan.tile)
    assert (plan.run(lambda part: exactly(piece, part), x) == whole).all(), (spec, shape, plan)
    return "stitched" if len(plan.tiles) > 1 else "one tile"


ENDS = {  # what has two ends, or is cut, before the layer that goes around it or mirrors it
    "mirrored": cg.Conv(3, dilation=2, padding=((0, 2),))
    >> cg.Pad(((2, 1),), padding_mode="reflect"),
    "mirrored, and a part of it read": cg.Conv(1, stride=3, padding=1, padding_mode="reflect"),
    "mirrored by more than is read": cg.Conv(1, stride=3, padding=2, padding_mode="reflect"),
    "around, behind a cut": cg.AvgPool(3, stride=1)
    >> cg.Conv(1, padding=1, padding_mode="circular"),
    "around, twice": cg.Pad(1, padding_mode="circular")
    >> cg.Conv(3, padding=1, padding_mode="circular"),
    "around, once": cg.Pad(1, padding_mode="circular") >> cg.Conv(3),
}


@pytest.mark.parametrize("size", [18, 24, 31])
@pytest.mark.parametrize("name", ENDS)
def test_tiles_of_what_is_mirrored_or_goes_around_behind_a_cut(name: str, size: int) -> None:
    found = {tile: stitched(ENDS[name], (size,), tile) for tile in range(1, size)}
    made = [tile for tile, what in found.items() if what == "stitched"]
    assert bool(made) == (name not in ("around, behind a cut", "around, twice"))
    if made:  # from the smallest on there is one for each
        assert {found[tile] for tile in range(made[0], size)} == {"stitched"}


TILES = st.one_of(
    st.tuples(st.integers(4, 60), st.none()),
    st.tuples(st.none(), st.sampled_from([0, Fraction(1, 2), 2, 1000])),
)


@given(networks(1), TILES)
def test_stitched_tiles_are_the_whole_along_one_axis(
    case: tuple[Any, tuple[int, ...]], sizes: tuple[Any, Any]
) -> None:
    assert stitched(*case, *sizes)


@settings(max_examples=10)
@given(networks(2), TILES)
def test_stitched_tiles_are_the_whole_along_two_axes(
    case: tuple[Any, tuple[int, ...]], sizes: tuple[Any, Any]
) -> None:
    assert stitched(*case, *sizes)


@pytest.mark.exhaustive
@settings(max_examples=600)
@given(networks(1), TILES)
def test_stitched_tiles_are_the_whole_at_length(
    case: tuple[Any, tuple[int, ...]], sizes: tuple[Any, Any]
) -> None:
    assert stitched(*case, *sizes)


SMOOTH = {
    "convolutions": cg.Conv(3, padding=1) >> cg.Conv(5, padding=2),
    "dilated": cg.Conv(3, padding=4, dilation=4) >> cg.Conv(2),
    "strided": cg.Conv(3, stride=2, padding=1) >> cg.Conv(3, padding=1),
    "lopsided": cg.Conv(4, padding=((3, 0),)) >> cg.Conv(3, padding=((0, 2),)),
    "averages": cg.AvgPool(3, stride=1, padding=1) >> cg.AvgPool(2),
    "there and back": cg.Conv(4, stride=2, padding=1) >> cg.ConvTranspose(4, stride=2, padding=1),
    "enlarged": cg.Conv(3, padding=1) >> cg.Upsample(2) >> cg.Conv(3, padding=1),
    "residual": cg.Residual(cg.Conv(3, padding=1) >> cg.Conv(3, padding=1)),
}


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("name", SMOOTH)
def test_no_smaller_halo_would_do(name: str, side: str) -> None:
    spec = SMOOTH[name]
    plan = cg.tiles(spec.on(96), overhead=Fraction(1))
    assert len(plan.tiles) > 1
    seen = plan.witness(0, side)
    axis = plan.axes[0]
    if seen is None:
        assert (axis.cut.before if side == "before" else axis.cut.after) == 0
        return
    number = len(axis) - 1 if side == "before" else 0
    start = axis.start(number)
    x = values((96,), 3)
    whole = exactly(plan.network, x)
    part = exactly(spec.on(plan.tile), x[start : start + axis.tile])
    at = plan.row.find(seen.output)
    assert at is not None
    first = axis.offset(number)
    assert part[at[0] - first] != whole[at[0]]
    beside = at[0] + (1 if side == "before" else -1)
    assert part[beside - first] == whole[beside]


def test_halos_need_not_be_symmetric() -> None:
    causal = cg.Conv(3, padding=((2, 0),)) >> cg.Conv(3, padding=((4, 0),), dilation=2)
    assert cg.tiles(causal.on(40), tile=12).halo == ((Fraction(6), Fraction(0)),)


def test_a_circle_has_no_true_border() -> None:
    spec = cg.Conv(3, padding=1, padding_mode="circular") >> cg.Conv(
        5, padding=2, padding_mode="circular"
    )
    network = spec.on(30)
    plan = cg.tiles(network, tile=11)
    assert plan.verify()
    x = values((30,), 2)
    piece = spec.on(11)
    assert (plan.run(lambda part: exactly(piece, part), x) == exactly(network, x)).all()


def test_tiles_of_parameters_set_where_tiles_begin() -> None:
    spec = cg.TiledConv(3, tiles=4, padding=1)
    network = spec.on(40)
    plan = cg.tiles(network, tile=13)
    assert plan.step == (4,)
    assert plan.tile == (12,)
    x = values((40,), 2)
    piece = spec.on(12)
    assert (plan.run(lambda part: exactly(piece, part), x) == exactly(network, x)).all()


@pytest.mark.parametrize(
    ("spec", "shape", "says"),
    [
        (cg.LocallyConnected(3), 20, "of its own for each position"),
        (cg.Conv((3, 3), 2, padding=1) >> cg.GlobalAvgPool(), (1, 20, 20), "sees all positions"),
        (cg.Conv(3, padding=1) >> cg.Dense(5), 20, "sees all positions"),
        (
            cg.Conv(3, padding=1, padding_mode="circular") >> cg.Conv(3, padding=1),
            20,
            "goes around a circle",
        ),
    ],
)
def test_what_has_no_tiles_is_refused_with_its_row(spec: Any, shape: Any, says: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=says):
        cg.tiles(spec.on(shape), tile=8)


def test_what_comes_before_a_global_row_has_tiles() -> None:
    network = (cg.Conv((3, 3), 2, padding=1) >> cg.GlobalAvgPool()).on((1, 20, 20))
    assert cg.tiles(network, tile=10, row="h").verify()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "say one of them"),
        ({"tile": 0}, "tile=0: a whole number of at least 1"),
        ({"tile": (8, 8)}, "one number for each of 1 axes"),
        ({"tile": 5}, "the smallest tile is 6"),
        ({"tile": 8, "overlap": 8}, "the smallest tile with this overlap is 10"),
        ({"overhead": 0.5}, "overhead=0.5"),
        ({"values": 3}, "values alive at once"),
        ({"tile": 8, "row": "q"}, "row='q'"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], says: str) -> None:
    network = (cg.Conv(3, padding=1) >> cg.MaxPool(2)).on(40)
    with pytest.raises(cg.ConvgraphError, match=says):
        cg.tiles(network, **arguments)


def test_a_budget_is_kept_and_used() -> None:
    network = (cg.Conv((3, 3), 8, padding=1) >> cg.MaxPool((2, 2))).on((3, 256, 256))
    plan = cg.tiles(network, values=20_000)
    assert plan.peak <= 20_000
    larger = cg.tiles(network, tile=plan.tile[0] + 2)
    assert larger.peak > 20_000


def test_a_budget_in_bytes_is_one_in_values() -> None:
    network = (cg.Conv((3, 3), 8, padding=1) >> cg.MaxPool((2, 2))).on((3, 256, 256))
    for dtype, size in (("float32", 4), ("float64", 8), ("bfloat16", 2), ("uint8", 1)):
        plan = cg.tiles(network, memory=80_003, dtype=dtype)
        assert plan.tile == cg.tiles(network, values=80_003 // size).tile
        assert plan.memory(dtype) == size * plan.peak <= 80_003
    with pytest.raises(cg.ConvgraphError, match="dtype='many'"):
        cg.tiles(network, memory=80_000, dtype="many")


class Stored:
    """Chunks in a store, such as those of zarr: a shape, reading by slices and writing by slices,
    which have to be plain, and nothing else."""

    def __init__(self, values: Any) -> None:
        self._values, self.shape = values, values.shape

    def __getitem__(self, place: Any) -> Any:
        self._check(place)
        return self._values[place].copy()

    def __setitem__(self, place: Any, values: Any) -> None:
        self._check(place)
        assert type(values) is np.ndarray
        self._values[place] = values

    def _check(self, place: Any) -> None:
        assert place[0] is Ellipsis
        assert len(place) <= len(self.shape) + 1
        for axis in place[1:]:
            assert isinstance(axis, slice)
            assert axis.step is None


@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_what_takes_slices_is_read_and_written(mode: str) -> None:
    spec = cg.Conv((3, 3), padding=1, padding_mode=mode) >> cg.Conv(
        (3, 3), padding=1, padding_mode=mode
    )
    plan = cg.tiles(spec.on((24, 30)), tile=12)
    x, piece = values((24, 30), 4), spec.on(plan.tile)
    out = Stored(np.zeros((24, 30), np.int64))
    made = plan.run(lambda part: piece.evaluate(part, weights(piece)), Stored(x), out)
    assert made is out
    assert (out[..., :, :] == plan.network.evaluate(x, weights(plan.network))).all()


def test_an_interrupted_run_goes_on(tmp_path: Any) -> None:
    spec = cg.Conv(3, padding=1)
    network, x = spec.on(50), values((50,), 1)
    plan = cg.tiles(network, tile=12)
    piece = spec.on(12)
    ran = []

    def stops(part: Any) -> Any:
        if len(ran) == 2:
            raise KeyboardInterrupt
        ran.append(1)
        return piece.evaluate(part, weights(piece))

    out = np.zeros(50, np.int64)
    record = tmp_path / "done.json"
    with pytest.raises(KeyboardInterrupt):
        plan.run(stops, x, out, done=record)
    count = []

    def goes_on(part: Any) -> Any:
        count.append(1)
        return piece.evaluate(part, weights(piece))

    plan.run(goes_on, x, out, done=record)
    assert len(count) == len(plan.tiles) - 2
    assert (out == network.evaluate(x, weights(network))).all()
    with pytest.raises(cg.ConvgraphError, match="another plan"):
        cg.tiles(network, tile=20).run(goes_on, x, out, done=record)


def test_what_does_not_fit_the_plan_is_refused() -> None:
    plan = cg.tiles(cg.Conv(3, padding=1).on(50), tile=12)
    with pytest.raises(cg.ConvgraphError, match="array of shape"):
        plan.run(lambda part: part, np.zeros(49))
    with pytest.raises(cg.ConvgraphError, match=r"gives .* for tile 0"):
        plan.run(lambda part: part[:-1], np.zeros(50))


def test_a_batch_is_handed_on_and_written_where_one_says(tmp_path: Any) -> None:
    plan = cg.tiles(cg.AvgPool(2).on(48), tile=12)
    x = np.arange(96).reshape(2, 48)
    out = np.lib.format.open_memmap(tmp_path / "out.npy", "w+", np.int64, (2, 24))
    assert plan.run(lambda part: part[..., ::2] + part[..., 1::2], x, out) is out
    assert (out == x[:, ::2] + x[:, 1::2]).all()


def test_a_plan_for_a_huge_image_is_made_at_once() -> None:
    def block(filters: int) -> Any:
        return cg.Conv((3, 3), filters, padding=1) >> cg.ReLU()

    net = block(4)
    for _ in range(4):
        down = cg.MaxPool((2, 2)) >> net >> cg.Upsample((2, 2))
        net = block(4) >> cg.Parallel(cg.Conv((1, 1), 4), down, merge="concat") >> block(4)
    plan = cg.tiles(net.on((3, 100_000, 100_000)), tile=1024)
    assert plan.step == (16, 16)
    assert plan.verify()
    last = plan.tiles[-1]
    assert last.put[0][1] == last.read[0][1] == 100_000


DESCRIBED = {
    "same": cg.Conv(3, padding=1) >> cg.MaxPool(2) >> cg.Conv(3, padding=1) >> cg.Upsample(2),
    "valid": cg.Conv(3) >> cg.MaxPool(2) >> cg.Conv(3),
    "causal": cg.Conv(5, padding=((4, 0),)),
    "enlarged": cg.Conv(3, padding=1) >> cg.Upsample(3),
    "pointwise": cg.Conv(1) >> cg.ReLU(),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_model_description_says_sizes_and_halos_in_its_own_terms(name: str) -> None:
    """Tiles cropped by the description alone, as its formulas have it, are those of the whole."""
    spec = DESCRIBED[name]
    plan = cg.tiles(spec.on(64), overhead=8)
    described = json.loads(json.dumps(plan.to_bioimageio()))
    (source,), (target,) = described["inputs"], described["outputs"]
    least, step = source["size"]["min"], source["size"]["step"]
    halo = target.get("halo", 0)
    assert halo or "halo" not in target
    x = values((64,), 6)
    whole = exactly(plan.network, x)
    for size in range(least, 64, step)[:8]:
        part = spec.on(size)
        assert len(exactly(part, x[:size])) == size / target["scale"] + target["offset"]
        assert size / target["scale"] + target["offset"] - 2 * halo > 0
        for start in range(0, 64 - size + 1, step):
            made = exactly(part, x[start : start + size])
            first = int(start / target["scale"])
            kept = slice(halo, len(made) - halo)
            assert (made[kept] == whole[first : first + len(made)][kept]).all(), (size, start)


def test_a_plan_is_the_same_after_json() -> None:
    plan = cg.tiles((cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((64, 40)), tile=20)
    facts = json.loads(json.dumps(plan.to_dict()))
    assert facts == plan.to_dict()
    for axis, known in zip(plan.axes, facts["axes"], strict=True):
        assert (known["tile"], known["stride"]) == (axis.tile, axis.stride)
        assert [Fraction(each) for each in known["halo"]] == list(axis.cut.halo)


def test_a_record_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    network = cg.Conv(3, padding=1).on(20)
    plan, x = cg.tiles(network, tile=10), np.arange(20)
    for record in (tmp_path, tmp_path / "missing" / "done.json"):
        with pytest.raises(cg.ConvgraphError, match="done="):
            plan.run(lambda part: part, x, done=record)
