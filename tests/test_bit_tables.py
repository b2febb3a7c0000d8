"""Tables of bits: what is quick in them against what is plain."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.window import Window
from convgraph.interactions import bit_tables
from convgraph.interactions.all_fields import counted
from convgraph.interactions.bit_tables import BitTables, exact_fields
from convgraph.reports.structure import structure_of


def random_bits(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    return np.packbits(rng.random((rows, columns)) < 0.3, axis=1)


@given(
    inputs=st.integers(4, 40), taps=st.integers(1, 5), stride=st.integers(1, 3),
    dilation=st.integers(1, 3), padding=st.integers(-2, 6), seed=st.integers(0, 99),
)  # fmt: skip
def test_windows_read_slices(
    inputs: int, taps: int, stride: int, dilation: int, padding: int, seed: int
) -> None:
    outputs = (inputs + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    if outputs < 1:
        return
    axis = Window(inputs, outputs, taps, stride, dilation, padding)
    bits = random_bits(np.random.default_rng(seed), inputs, 21)
    plain = [reduce(np.bitwise_or, (bits[p] for p in row if p >= 0), np.uint8(0) * bits[0])
             for row in axis.table().tolist()]  # fmt: skip
    assert np.array_equal(bit_tables._slid(axis, bits), plain)


def test_large_tables_are_read_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = cg.Conv(3, dilation=2, padding=2) >> cg.Conv(2, stride=2) >> cg.Conv(3, padding=1)
    plain = dict(cg.receptive_fields(spec.on(40)))
    monkeypatch.setattr(bit_tables, "AT_ONCE", 0)
    assert dict(cg.receptive_fields(spec.on(40))) == plain


def test_equal_tables_are_one_array() -> None:
    tables = BitTables()
    one = tables.kept(random_bits(np.random.default_rng(0), 9, 77))
    assert tables.kept(one.copy()) is one
    other = one.copy()
    other[3, 4] ^= 1  # in none of the rows that are looked at first
    assert tables.kept(other) is other
    assert tables.kept(one[::2]) is tables.kept(one[::2].copy())


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 15)] * 3), min_size=1, max_size=9))
def test_unions_of_products(drawn: list[Any]) -> None:
    """Each branch is a set of channels, of rows and of columns, as the bits of a number."""
    tables = BitTables()

    def table(mask: int) -> np.ndarray:
        return tables.kept(np.array([[mask]], np.uint8))

    branches = tuple((c, (table(a), table(b))) for c, a, b in drawn)
    wanted = {
        (c, a, b)
        for channels, rows, columns in drawn
        for c in range(4) if channels >> c & 1
        for a in range(8) if rows >> (7 - a) & 1
        for b in range(8) if columns >> (7 - b) & 1
    }  # fmt: skip
    united = tables._united(branches)
    assert len(united) <= max(len(set(drawn)), 1)
    size = int(counted(united).sum()) if united else 0
    assert size == len(wanted)
    assert tables._united(branches) is united or len(united) == 1


def test_patches_are_joined_and_tokens_that_see_the_same_are_one_class() -> None:
    torch = pytest.importorskip("torch")

    class Attention(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch = torch.nn.Conv2d(1, 2, 2, 2)

        def forward(self, x: Any) -> Any:
            x = self.patch(x).flatten(2).transpose(1, 2)
            return x + torch.softmax(x @ x.transpose(1, 2), -1) @ x

    net = cg.from_torch(Attention(), (1, 12, 12))
    structure = structure_of(net)
    (payload,) = structure.exact.states[net.outputs[0].name].payloads
    assert len(payload) == 1
    assert int(counted(payload).sum()) == 144


@pytest.mark.parametrize("size", [5, 8, 17])
def test_ends_of_rows_of_bits(size: int) -> None:
    seen = np.random.default_rng(size).random((40, size)) < 0.15
    structure = structure_of(cg.ReLU().on(3))
    first, last = structure.extents(np.packbits(seen, axis=1), size)
    wanted = [(row.argmax(), size - 1 - row[::-1].argmax()) if row.any() else (size, -1)
              for row in seen]  # fmt: skip
    assert list(zip(first.tolist(), last.tolist(), strict=True)) == wanted


def test_tables_that_would_not_fit_are_not_made() -> None:
    """Ten seconds of sound: 3.2 GB a table. The units are still known one by one."""
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, stride=2, padding="same")).on(160_000)
    assert set(exact_fields(net, "x").states.values()) == {None}
    row = cg.report(net).row("g")
    assert (row.receptive_field, row.clipped, row.seen) == ((5,), (5,), 1)
    fields = cg.receptive_fields(net)
    assert list(fields["g70000"]) == [f"x{i}" for i in range(139_998, 140_003)]


def test_tables_stop_where_all_of_them_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(64)
    monkeypatch.setattr(bit_tables, "MOST_BYTES", 64 * 8 * 2)
    states = exact_fields(net, "x").states
    assert [states[name] is None for name in ("x", "h", "g")] == [False, False, True]
    assert [len(field) for field in cg.receptive_fields(net).values()] == [3, 4, *[5] * 60, 4, 3]
