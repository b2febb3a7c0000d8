"""PyTorch modules as streams, run by PyTorch itself: chunk by chunk against the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional


class TCN(nn.Module):
    """Bai, Kolter and Koltun (2018): causal by padding and cutting off, with residuals."""

    def __init__(self) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        self.convs = nn.ModuleList(
            norm(nn.Conv1d(c, 4, 3, padding=2 * d, dilation=d)) for c, d in ((2, 1), (4, 2), (4, 4))
        )
        self.match = nn.Conv1d(2, 4, 1)

    def forward(self, x: Any) -> Any:
        y = self.match(x)
        z = x
        for conv in self.convs:
            z = F.relu(conv(z)[:, :, : -conv.padding[0]])
            y = y + z
        return y


class WaveNet(nn.Module):
    """Van den Oord et al. (2016): dilated, gated, with residual and skip connections."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 4, 1)
        self.gates = nn.ModuleList(nn.Conv1d(4, 8, 2, dilation=2**i) for i in range(4))
        self.residuals = nn.ModuleList(nn.Conv1d(4, 4, 1) for _ in range(4))
        self.skips = nn.ModuleList(nn.Conv1d(4, 6, 1) for _ in range(4))

    def forward(self, x: Any) -> Any:
        h, total = self.first(x), 0
        for i, gate in enumerate(self.gates):
            a, b = gate(F.pad(h, (2**i, 0))).chunk(2, 1)
            z = torch.tanh(a) * torch.sigmoid(b)
            total = total + self.skips[i](z)
            h = h + self.residuals[i](z)
        return F.relu(total)


class Bottleneck(nn.Module):
    """An autoencoder along time, with strides there and back."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv1d(1, 4, 7, padding=3),
            nn.LeakyReLU(0.2),
            nn.Conv1d(4, 6, 8, stride=4, padding=2),
            nn.BatchNorm1d(6),
            nn.ELU(),
            nn.Conv1d(6, 8, 4, stride=2, padding=1),
        )
        self.up = nn.Sequential(
            nn.ConvTranspose1d(8, 6, 4, stride=2, padding=1),
            nn.ELU(),
            nn.ConvTranspose1d(6, 4, 8, stride=4, padding=2),
            nn.Conv1d(4, 1, 7, padding=3),
        )

    def forward(self, x: Any) -> Any:
        return torch.tanh(self.up(self.down(x)))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(1, 4, 5, padding=2)
        self.low = nn.Conv1d(4, 4, 3, padding="same")
        self.lowest = nn.Conv1d(4, 4, 3, padding=1, padding_mode="replicate")
        self.up = nn.ConvTranspose1d(4, 4, 2, stride=2)
        self.last = nn.Conv1d(12, 2, 3, padding=1)

    def forward(self, x: Any) -> Any:
        a = F.relu_(self.first(x))
        b = F.relu(self.low(F.max_pool1d(a, 2)))
        c = F.interpolate(self.lowest(F.avg_pool1d(b, 3, 2, 1)), scale_factor=4)
        return self.last(torch.cat([a, self.up(b), c], 1))


class Video(nn.Module):
    """Frames whose time is the first of three axes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 2, 3, padding=1)
        self.pool = nn.AvgPool3d((2, 2, 2), ceil_mode=True)

    def forward(self, x: Any) -> Any:
        return self.pool(self.conv(x))


class Permuted(nn.Module):
    """Features last for a while, as attention and layer normalisation have them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, padding=1)
        self.norm, self.linear = nn.LayerNorm(4), nn.Linear(4, 6)
        self.last = nn.Conv1d(6, 2, 4, stride=2, padding=1)

    def forward(self, x: Any) -> Any:
        y = self.linear(F.relu(self.norm(self.conv(x).transpose(1, 2))))
        return self.last(y.permute(0, 2, 1))


class Shuffled(nn.Module):
    """Zhang et al. (2018): groups, whose channels are shuffled by a view."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 4, 3, padding=1, groups=2)
        self.last = nn.Conv1d(4, 4, 5, padding=2, groups=2)

    def forward(self, x: Any) -> Any:
        y = self.first(x)
        b, c, t = y.shape
        y = y.view(b, 2, c // 2, t).transpose(1, 2).reshape(b, c, t)
        return F.channel_shuffle(self.last(y), 2)


def rave() -> Any:
    return Bottleneck().down


CASES = {
    "tcn": (TCN, (2, 64), 0),
    "wavenet": (WaveNet, (1, 64), 0),
    "encoder": (rave, (1, 64), 0),
    "autoencoder": (Bottleneck, (1, 64), 0),
    "unet": (UNet, (1, 64), 0),
    "permuted": (Permuted, (2, 64), 0),
    "shuffled": (Shuffled, (4, 64), 0),
    "video": (Video, (1, 16, 6, 4), 0),
}


@pytest.mark.parametrize("name", CASES)
def test_a_module_in_chunks_is_the_whole(name: str) -> None:
    torch.manual_seed(0)
    make, shape, axis = CASES[name]
    module = make().eval().double()
    made = cg.stream(cg.from_torch(module, shape), axis)
    x = torch.rand(2, *shape, dtype=torch.double)
    run = made.to_torch(module)
    with torch.no_grad():
        whole = module(x)
        for size in (1, 3, 7, shape[1]):
            run.reset()
            parts, there = [], 0
            for chunk in x.split(size, 2):
                parts.append(run.step(chunk))
                there += chunk.shape[2]
                if name != "video":  # whose rows are permuted
                    assert sum(p.shape[2] for p in parts) == made.outputs_after(there), (
                        size,
                        there,
                    )
            parts.append(run.flush())
            got = torch.cat(parts, 2)
            assert got.shape == whole.shape, (size, got.shape)
            assert (got - whole).abs().max() < 1e-12, size


@pytest.mark.parametrize("name", ["permuted", "shuffled"])
def test_permuted_rows_are_the_whole_without_pytorch(name: str) -> None:
    torch.manual_seed(0)
    make, shape, axis = CASES[name]
    network = cg.from_torch(make().eval().double(), shape)
    x = np.random.default_rng(2).random(shape)
    got = cg.stream(network, axis).run(np.split(x, [1, 2, 9, 40], axis=1))
    assert got.shape == network.outputs[0].numbers()
    assert abs(got - network.evaluate(x)).max() < 1e-12


class Subpixel(nn.Module):
    """Shi et al. (2016) along time: channels become positions between positions."""

    def forward(self, x: Any) -> Any:
        return x.view(x.shape[0], 2, 2, -1).transpose(2, 3).reshape(x.shape[0], 2, -1)


def test_time_that_is_no_axis_of_its_own_is_named() -> None:
    module = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1), Subpixel())
    with pytest.raises(cg.ConvgraphError, match="time is no axis of its own in the shape"):
        cg.stream(cg.from_torch(module, (4, 16)))


@pytest.mark.parametrize("name", ["tcn", "wavenet", "encoder", "autoencoder", "unet"])
def test_a_step_computes_nothing_twice(name: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    make, shape, axis = CASES[name]
    module = make().eval()
    made = cg.stream(cg.from_torch(module, shape), axis)
    run = made.to_torch(module)
    x = torch.rand(1, shape[0], 64 * 16)
    with torch.no_grad():
        with FlopCounterMode(display=False) as whole:
            module(x)
        for chunk in x[:, :, : 64 * 15].split(8, 2):
            run.step(chunk)
        with FlopCounterMode(display=False) as steps:
            for chunk in x[:, :, 64 * 15 :].split(8, 2):
                run.step(chunk)
    assert steps.get_total_flops() * 16 <= 1.05 * whole.get_total_flops()


@st.composite
def layers(draw: st.DrawFn) -> Any:
    """A layer of two channels along time, of whatever padding, stride and dilation."""
    small = lambda low, high: draw(st.integers(low, high))  # noqa: E731
    kind = draw(st.sampled_from(["conv", "same", "max", "mean", "up", "transposed", "act"]))
    k, stride = small(1, 4), small(1, 4)
    match kind:
        case "conv":
            mode = draw(st.sampled_from(["zeros", "zeros", "replicate"]))
            options = {"padding": small(0, 4), "dilation": small(1, 3), "padding_mode": mode}
            return nn.Conv1d(2, 2, k, stride=stride, **options)
        case "same":
            return nn.Conv1d(2, 2, 3, padding="same", dilation=small(1, 3))
        case "max":
            return nn.MaxPool1d(k, stride, k // 2, small(1, 2), ceil_mode=draw(st.booleans()))
        case "mean":
            return nn.AvgPool1d(k, stride, k // 2, draw(st.booleans()), draw(st.booleans()))
        case "up":
            return nn.Upsample(scale_factor=small(2, 3))
        case "transposed":
            extra = small(0, stride - 1)
            return nn.ConvTranspose1d(2, 2, k, stride, small(0, k - 1), output_padding=extra)
        case _:
            return draw(st.sampled_from([nn.ReLU(inplace=True), nn.Tanh(), nn.BatchNorm1d(2)]))


def in_chunks(parts: list[Any], length: int, sizes: list[int]) -> str:
    """Runs some layers on chunks, and holds what comes out against the whole."""
    torch.manual_seed(length)
    module = nn.Sequential(nn.Conv1d(1, 2, 1), *parts).eval().double()
    x = torch.rand(1, 1, length, dtype=torch.double)
    try:
        with torch.no_grad():
            whole = module(x)
        made = cg.stream(cg.from_torch(module, (1, length)))
    except (RuntimeError, cg.ConvgraphError):
        return "no stream"  # too small for its windows, say
    run, found, there = made.to_torch(module), [], 0
    with torch.no_grad():
        for size in [*sizes, length]:
            chunk = x[:, :, there : there + size]
            there += chunk.shape[2]
            found.append(run.step(chunk))
        found.append(run.flush())
    got = torch.cat(found, 2)
    assert got.shape == whole.shape, module
    assert (got - whole).abs().max() < 1e-10, module
    return "streamed"


LAYERS, SIZES = st.lists(layers(), min_size=1, max_size=4), st.lists(st.integers(0, 9), max_size=8)


@settings(max_examples=12)
@given(LAYERS, st.integers(16, 60), SIZES)
def test_layers_in_chunks_are_the_whole(parts: list[Any], length: int, sizes: list[int]) -> None:
    assert in_chunks(parts, length, sizes)


@pytest.mark.exhaustive
@settings(max_examples=400)
@given(LAYERS, st.integers(16, 60), SIZES)
def test_layers_in_chunks_are_the_whole_at_length(
    parts: list[Any], length: int, sizes: list[int]
) -> None:
    assert in_chunks(parts, length, sizes)


def test_parameters_are_shared() -> None:
    module = nn.Conv1d(1, 1, 2, bias=False)
    run = cg.stream(cg.from_torch(module, (1, 8))).to_torch(module)
    assert {p.data_ptr() for p in run.parameters()} == {module.weight.data_ptr()}


def test_what_does_not_go_chunk_by_chunk_is_named() -> None:
    class Summed(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.flip(torch.cumsum(x, 1), [1])

    module = Summed()
    made = cg.stream(cg.from_torch(nn.Conv1d(1, 1, 1), (1, 8)))
    with pytest.raises(cg.ConvgraphError, match=r"cumsum.*is not known to go chunk by chunk"):
        made.to_torch(module)


def test_wrong_chunks_are_refused() -> None:
    module = nn.Conv1d(2, 1, 2)
    run = cg.stream(cg.from_torch(module, (2, 8))).to_torch(module)
    with pytest.raises(cg.ConvgraphError, match="no chunk has come"):
        run.flush()
    with pytest.raises(cg.ConvgraphError, match="chunk of shape"):
        run.step(torch.zeros(1, 3, 4))
    run.step(torch.zeros(1, 2, 4))
    run.flush()
    with pytest.raises(cg.ConvgraphError, match="has ended"):
        run.step(torch.zeros(1, 2, 4))
