"""Arrays with one number for a block of neighbours against those with a number for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.explorer_answers import answers, in_node

# Whatever is done to an array of blocks is done to the same one without, and held against it.
RANDOM = """
let seed = 7;
const below = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
const divisors = (n) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
const pick = (all) => all[below(all.length)];
const divided_ = (n) => {
  const found = [];
  while (n > 1 && found.length < 3) { found.push(pick(divisors(n))); n /= found.at(-1); }
  return [...found, n];
};
const random = (dims) => {
  const blocks = dims.map((n) => (below(2) ? 1 : pick(divisors(n))));
  const span = dims.map((n) => { const low = below(n); return [low, low + 1 + below(n - low)]; });
  const held = dims.map((n, a) => (blocks[a] > 1 ? n / blocks[a] : span[a][1] - span[a][0]));
  return blocked(dims, Float64Array.from({ length: size(held) }, () => below(4)), span, blocks);
};
const table = (n, forwards) => {
  const kind = below(3);
  if (!kind) return allOfAll(forwards ? n : 5, forwards ? 5 : n);
  if (kind === 1) {
    const from = pick(divisors(n)), to = 1 + below(3), many = n / from;
    const [read, reading] = forwards ? [from, to] : [to, from];
    return opened([read * many, reading * many, read, 0, read, 1, reading]);
  }
  return forwards ? opened([n, n + 1, 2, -1, 1, 1]) : opened([n + 1, n, 2, 0, 1, 1]);
};
const found = [];
for (let n = 0; n < 4000; n++) {
  const many = pick([1, 2, 6, 8, 12, 24]), dims = divided_(many);
  const array = random(dims), plain = solid(array), more = random(dims);
  const same = (made, other) => JSON.stringify([made.dims, [...everywhere(made)]]) ===
    JSON.stringify([other.dims, [...everywhere(other)]]);
  const axis = below(dims.length), forwards = below(2) === 1;
  const through_ = table(dims[axis], forwards), others = divided_(many);
  const order = dims.map((_, a) => a).sort(() => below(3) - 1);
  const checks = {
    along: same(along(through_, array, axis, forwards), along(through_, plain, axis, forwards)),
    transposed: same(transposed(array, order), transposed(plain, order)),
    regrouped: same(regrouped(array, others), arrayOf(others, everywhere(plain))),
    total: same(total([[array, 2], [more, 1]]), total([[plain, 2], [solid(more), 1]])),
    counted: countIn(array) === countIn(plain),
  };
  for (const [name, right] of Object.entries(checks)) {
    if (!right) found.push([name, dims, array.blocks, array.span, others, through_.data]);
  }
}
process.stdout.write(JSON.stringify(found.slice(0, 3)));
"""


def test_arrays_of_blocks_are_those_without() -> None:
    assert in_node(RANDOM) == []


def _heads() -> cg.Network:
    """Attention with heads within windows that are moved, and a mean before the head."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Model(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.norm = nn.Conv2d(1, 4, 2, 2), nn.LayerNorm(4)
            self.qkv, self.out, self.head = nn.Linear(4, 12), nn.Linear(4, 4), nn.Linear(4, 3)

        def block(self, x: Any) -> Any:
            windows = x.reshape(1, 2, 2, 2, 2, 4).transpose(2, 3).reshape(4, 4, 4)
            qkv = self.qkv(self.norm(windows)).reshape(4, 4, 3, 2, 2).permute(2, 0, 3, 1, 4)
            mixed = nn.functional.scaled_dot_product_attention(*qkv.unbind(0))
            back = self.out(mixed.transpose(1, 2).reshape(4, 4, 4)).reshape(1, 2, 2, 2, 2, 4)
            return x + back.transpose(2, 3).reshape(1, 4, 4, 4)

        def forward(self, x: Any) -> Any:
            x = self.block(self.patches(x).permute(0, 2, 3, 1))
            x = torch.roll(self.block(torch.roll(x, (-1, -1), (1, 2))), (1, 1), (1, 2))
            return self.head(x.flatten(1, 2).mean(1))

    return cg.from_torch(Model().eval(), (1, 1, 8, 8))


def test_heads_in_windows_are_answered_as_in_python() -> None:
    net = _heads()
    places = {net.rows[-1].name: (1,)}
    for row in net.rows[2::5]:
        places[row.name] = tuple(n // 2 for n in row.numbers())
    numbers = {row.name: i for i, row in enumerate(net.rows)}
    asked = []
    for name, index in places.items():
        row, cut = net.row(name), _cut(net, name)
        channel = int(np.ravel_multi_index(index[:cut], row.numbers()[:cut])) if cut else 0
        asked.append(("sees", numbers[name], channel, list(index[cut:])))
    for (name, index), seen in zip(places.items(), answers(net, *asked), strict=True):
        for at, row in enumerate(net.rows[: numbers[name]]):
            counts = cg.path_counts(net, net.row(name).unit(index), row.name)
            if counts.total:
                expected = np.array([float(n) for n in counts.array.ravel()]) / float(counts.total)
                assert np.allclose(np.array(seen[at]), expected, rtol=1e-9, atol=0), (
                    name,
                    row.name,
                )
            else:
                assert seen[at] is None or not np.any(seen[at])


def _cut(net: cg.Network, name: str) -> int:
    from convgraph.explorer.page_data import engine

    return int(next(row["cut"] for row in engine(net)["rows"] if row["name"] == name))
