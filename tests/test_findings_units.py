"""Rules about units and parameters against the graph: each fires where its property holds."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import networkx as nx
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import identity
from convgraph.core.wiring import Product


def first(tensor: Tensor, channels: list[int]) -> Tensor:
    """Some channels of a tensor."""
    total, *space = tensor.shape
    chosen = Table(total, [[c] for c in channels])  # type: ignore[arg-type]
    joint = Product((chosen, *map(identity, space))), Constant()
    shape = (len(channels), *space)
    return Tensor(shape, True, None, "chosen", Bound(shape, (joint,), SUM), (tensor,))


@st.composite
def networks(draw: st.DrawFn) -> cg.Network:
    x = cg.Input((2, draw(st.integers(4, 9))), rank=1)
    tensor = x
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["conv", "groups", "pool", "residual", "choose"]))
        k, s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        if kind == "conv":
            tensor = cg.Conv(k, 2 * draw(st.integers(1, 2)), stride=s, padding="same")(tensor)
        elif kind == "groups":
            tensor = cg.Conv(k, 4, groups=2, padding=k - 1)(tensor)
        elif kind == "pool" and tensor.shape[-1] > 1:
            tensor = cg.MaxPool(2, stride=s)(tensor)
        elif kind == "residual":
            channels = tensor.shape[0]
            tensor = cg.Residual(cg.Conv(k, channels, padding="same", groups=2))(tensor)
        else:
            keep = draw(st.permutations(range(int(tensor.shape[0]))))
            tensor = first(tensor, sorted(keep[: max(2, len(keep) // 2 * 2 - 2)]))
    if tensor is x:
        tensor = cg.ReLU()(x)
    return cg.Network(x, tensor)


@given(networks())
def test_unread_units_are_those_that_no_path_or_edge_leaves(net: cg.Network) -> None:
    ends = set(net.outputs[0].units())
    alive = ends.union(*(nx.ancestors(net.graph, unit) for unit in ends))
    inputs = set(net.inputs[0].units())
    found = cg.findings(net, select="unread-input")
    assert (found[0].witness if found else set()) == inputs - alive
    expected: dict[str, set[str]] = {}
    moved = {u for layer in net.layers[:-1] if layer.spec == "chosen" for u in layer.target.units()}
    read: set[str] = set()
    for layer in net.layers[-2::-1]:  # what is only moved is read where its new place is
        read |= {
            u
            for u in layer.target.units()
            if any(v not in moved or v in read for v in net.graph[u])
        }
    for layer in net.layers[:-1]:
        unread = set(layer.target.units()) - read
        if unread and layer.spec != "chosen":
            expected[layer.target.name] = unread
    found = cg.findings(net, select=["unread-units", "unreachable-channel"])
    assert {f.tensors[0]: set(f.witness or ()) for f in found} == expected
    for finding in found:
        row = net.row(finding.tensors[0])
        size = row.shape[-1]
        channels: defaultdict[str, int] = defaultdict(int)
        for unit in finding.witness or ():
            channels[unit.split(",")[0]] += 1
        whole = all(count == size for count in channels.values())
        assert finding.rule == ("unreachable-channel" if whole else "unread-units")


@given(networks())
def test_groups_never_mix_where_a_unit_sees_some_of_the_channels_only(net: cg.Network) -> None:
    expected = set()
    for layer in net.layers:
        groups = getattr(layer.spec, "groups", 1)
        source = layer.joints[0].source
        if groups == 1 or not any(
            nx.has_path(net.graph, u, v)
            for u in layer.target.units()[:: int(layer.target.shape[-1])]
            for v in net.outputs[0].units()
        ):
            continue
        for unit in net.outputs[0].units():
            seen = {
                net.find(other)[1][0]
                for other in nx.ancestors(net.graph, unit) & set(source.units())
            }
            if 0 < len(seen) < source.shape[0]:
                expected.add(layer.target.name)
    found = cg.findings(net, select="unmixed-groups")
    # positions out of reach hide channels as well; the rule is about channels alone
    flagged = {name for f in found for name in f.tensors[:-1]}
    assert flagged <= expected
    if all(getattr(layer.spec, "stride", 1) in (1, None) for layer in net.layers):
        assert flagged == expected


def test_a_shuffle_mixes_groups() -> None:
    grouped = cg.Conv(3, 4, groups=2, padding="same")
    assert cg.findings((grouped >> grouped).on((4, 6)), select="unmixed-groups")
    mixed = grouped >> cg.Conv(1, 4) >> grouped
    (finding,) = cg.findings(mixed.on((4, 6)), select="unmixed-groups")
    assert finding.tensors == ("s", "s")  # the last groups have nothing behind them
    assert not cg.findings((mixed >> cg.Conv(1, 4)).on((4, 6)), select="unmixed-groups")


@given(
    st.integers(1, 7),
    st.integers(1, 7),
    st.integers(1, 3),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([cg.Conv, cg.LocallyConnected, cg.ConvTranspose]),
)
def test_unused_parameters_are_those_of_no_edge(
    n: int, k: int, s: int, p: int, bias: bool, layer: type
) -> None:
    try:
        net = layer(k, 2, stride=s, padding=p, bias=bias).on((3, n))
    except cg.ConvgraphError:
        return
    used = {data["parameter"] for _, _, data in net.graph.edges(data=True)}
    used |= set(net.bias_labels("s") or ())
    unused = len(net.parameters) - len(used & set(net.parameters))
    found = cg.findings(net, select="unused-parameter")
    assert sum(f.details["unused"] for f in found) == unused


def test_layers_that_share_an_array_use_it_together() -> None:
    x = cg.Input(9)
    small = cg.Conv(5, padding=2, stride=16, letter="w")  # one output, two taps beyond the border
    net = cg.Network(x, small(cg.Conv(5, padding="same", letter="w")(x)))
    (finding,) = cg.findings(cg.Network(x, small(x)), select="unused-parameter")
    assert finding.details["unused"] == 2
    alone = cg.Conv(5, padding=2).on(1)
    (finding,) = cg.findings(alone, select="unused-parameter")
    assert finding.details["unused"] == 4
    assert not cg.findings(net, select="unused-parameter")


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(["a", "-a", 1, -1, 2])),
        min_size=1,
        max_size=8,
    )
)
def test_listed_connections_cancel_where_their_labels_add_up_to_nothing(
    edges: list[tuple[int, int, object]],
) -> None:
    graph = nx.MultiDiGraph()
    sums: defaultdict[tuple[int, int], list[sp.Expr]] = defaultdict(list)
    for source, target, label in edges:
        expression = sp.sympify(label)
        graph.add_edge(f"x{source}", f"s{target}", parameter=expression)
        sums[source, target].append(expression)
    gone = {t for (_, t), terms in sums.items() if len(terms) > 1 and sp.Add(*terms) == 0}
    found = cg.findings(cg.from_networkx(graph), select="cancelling-connections")
    assert {unit for f in found for unit in f.witness or ()} == {f"s{t}" for t in gone}


def minus(tensor: Tensor) -> Tensor:
    joint = Product(tuple(map(identity, tensor.shape))), Constant(sp.Integer(-1))
    return Tensor(tensor.shape, None, None, "minus", Bound(tensor.shape, (joint,), SUM), (tensor,))


@pytest.mark.parametrize(
    ("build", "gone"),
    [
        (lambda x: cg.Add()(x, minus(x)), ["x"]),
        (lambda x: cg.Add()(x, minus(minus(x))), []),
        (lambda x: cg.Add()(cg.ReLU()(x), minus(x)), []),
        (lambda x: cg.Add()(cg.Add()(x, x), minus(x), minus(x)), ["x"]),
        (lambda x: cg.Multiply()(x, minus(x)), []),
    ],
)
def test_branches_cancel_where_a_row_comes_in_with_numbers_that_add_up_to_nothing(
    build: object, gone: list[str]
) -> None:
    x = cg.Input(4)
    net = cg.Network(x, build(x))  # type: ignore[operator]
    found = cg.findings(net, select="cancelling-connections")
    assert [list(f.details["sources"]) for f in found] == ([gone] if gone else [])


def test_slices_of_slices_compute_nothing() -> None:
    """An image cut along one axis and then along the other, as frameworks write a crop."""
    torch = pytest.importorskip("torch")

    class Cropped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(1, 2, 3, padding=1)

        def forward(self, x: Any) -> Any:
            return self.conv(x)[:, :, 1:-1, 2:-2].relu()

    net = cg.from_torch(Cropped(), (1, 7, 8))
    (finding,) = cg.findings(net, select="unread-units")
    assert finding.tensors == ("conv", "relu")
    assert len(finding.witness or ()) == 2 * (7 * 8 - 5 * 4)


def test_pixels_laid_out_as_channels_are_all_read() -> None:
    torch = pytest.importorskip("torch")

    class Focus(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            x = torch.relu(x)
            corners = [x[..., a::2, b::2] for a in (0, 1) for b in (0, 1)]
            return torch.cat(corners, 1).relu()

    net = cg.from_torch(Focus(), (1, 1, 4, 6))
    assert not cg.findings(net, select="unread-units")


@pytest.mark.parametrize("kind", ["tokens", "channels"])
def test_positions_along_the_first_axis_are_no_channels(kind: str) -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Picking(nn.Module):  # type: ignore[misc, name-defined]
        """Of five places along the first axis, two are read."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 6) if kind == "tokens" else nn.Conv1d(5, 5, 1)
            self.slope, self.head = nn.PReLU(), nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            return self.head(torch.relu(self.slope(self.layer(x)))[:, [0, 3]])

    net = cg.from_torch(Picking().eval(), (1, 5, 6))
    found = cg.findings(net, select=["unread-units", "unreachable-channel"])
    (finding,) = [each for each in found if each.tensors[0] == "relu"]
    row = net.row("relu")
    read = {int(unit.removeprefix("relu").split(",")[0]) for unit in row.units()}
    unread = {int(unit.removeprefix("relu").split(",")[0]) for unit in finding.witness or ()}
    assert read - unread == {1, 4}
    if kind == "tokens":  # one matrix for all of them: nothing is computed by weights of its own
        assert (finding.rule, finding.severity) == ("unread-units", "info")
        assert finding.message.startswith("3 of the 5 positions along the first axis of relu")
    else:
        assert (finding.rule, finding.severity) == ("unreachable-channel", "warning")
