"""What modules do between their layers: each operation against PyTorch's own values and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from convgraph import (  # noqa: E402
    ConvgraphError,
    cost,
    findings,
    from_torch,
    receptive_field,
    receptive_fields,
    report,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Does(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *x: Any) -> Any:
        return self.function(*x)


def assert_as_in_pytorch(module: nn.Module, shape: tuple[int, ...]) -> Any:
    """The network of a module, whose values were compared with the module's."""
    net = from_torch(module.eval(), shape, strict=True)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    with torch.no_grad():
        wanted = module(torch.tensor(x)).numpy()
    got = net.evaluate(x.reshape(net.inputs[0].shape))
    np.testing.assert_allclose(got, wanted.reshape(net.outputs[0].shape), 1e-4, 1e-5)
    return net


resized = functional.interpolate


def overwritten(x: Any) -> Any:
    y = torch.zeros_like(x)
    y[:, 1] = x[:, 0]
    y[..., 2:4] = 3.0
    return y + x


def crossed_grid(x: Any) -> Any:
    rows, columns = torch.meshgrid(torch.arange(3.0), torch.linspace(-1, 1, 5), indexing="ij")
    return torch.cat([x, rows.to(x.dtype).expand(1, 1, 3, 5), columns.view(1, 1, 3, 5)], 1)


def changed_through_a_view(x: Any) -> Any:
    y = x * 2
    part = y[:, :1]
    part += 1
    return y


def changed_after_a_view(x: Any) -> Any:
    y = x.relu()
    flat = y.flatten(1)
    y.mul_(3)
    return flat


def a_row_that_goes_on(x: Any) -> Any:
    y = x + 1
    same = y
    y.mul_(2).sub_(1)
    return same * y


def put(x: Any) -> Any:
    y = 2 * x
    y[:, [3, 1]] = x[:, 2:4]
    return y


def recorded(x: Any) -> Any:
    """As a frozen part, one of another precision, and one within another."""
    with torch.no_grad():
        y = torch.ones(3, 1).sigmoid()
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        y, z = y + x.flip(1), y * x
    return y - z


def unbatched(x: Any) -> Any:
    return functional.conv2d(x, torch.arange(9.0).view(1, 1, 3, 3))


# by what they do: the function, and the shape of what it is given
def sampled(rank: int, mode: str, beyond: str, corners: bool) -> Any:
    """Reads at places that are drawn, some of them beyond the image."""
    drawn = torch.rand(1, *range(2, 2 + rank), rank, generator=torch.Generator().manual_seed(0))
    grid = 2.6 * drawn - 1.3

    def function(x: Any) -> Any:
        each = grid.to(x.dtype).expand(len(x), *(-1,) * (rank + 1))
        return functional.grid_sample(x, each, mode, beyond, corners)

    return function


FUNCTIONS = {
    "steps": (lambda x: x[:, 1::2, ::3], (1, 4, 7)),
    "steps from the end": (lambda x: x[:, :, -5:-1:2], (1, 2, 9)),
    "flip": (lambda x: x.flip(2), (1, 2, 5)),
    "focus": (lambda x: torch.cat([x[..., ::2, ::2], x[..., 1::2, 1::2]], 1), (1, 2, 4, 6)),
    "unbind": (lambda x: torch.mul(*x.unbind(1)), (1, 2, 5)),
    "roll": (lambda x: x.roll((-1, 2), (1, 2)), (1, 4, 5)),
    "roll of all": (lambda x: x.roll(3), (1, 4, 5)),
    "narrow": (lambda x: x.narrow(2, -3, 2), (1, 2, 6)),
    "index": (lambda x: x[:, [2, 0], [1, 1]], (1, 3, 4)),
    "index_select": (lambda x: x.index_select(1, torch.tensor([2, 0, 0])), (1, 3, 4)),
    "gather": (lambda x: x.gather(1, torch.tensor([[2, 0]])), (1, 3)),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, dim=2), (1, 2, 3)),
    "unfold": (lambda x: x.unfold(2, 3, 2), (1, 2, 9)),
    "im2col": (lambda x: functional.unfold(x, 3, dilation=2, padding=1, stride=2), (1, 2, 7, 6)),
    "tril": (lambda x: x.tril(1), (1, 4, 4)),
    "movedim": (lambda x: x.movedim(1, -1), (1, 2, 3, 4)),
    "mT": (lambda x: x.mT, (1, 2, 3, 4)),
    "swapaxes": (lambda x: x.swapaxes(1, 2), (1, 2, 3)),
    "view_as": (lambda x: x.view_as(torch.zeros(1, 6)), (1, 2, 3)),
    "glu": (lambda x: functional.glu(x, 1), (1, 4, 5)),
    "einsum": (lambda x: torch.einsum("bchw,bdhw->bcd", x, x + 1), (1, 2, 3, 4)),
    "cumsum": (lambda x: x.cumsum(-1), (1, 2, 5)),
    "masked_fill": (lambda x: x.masked_fill(x > 0, -2.0), (1, 2, 5)),
    "comparisons": (lambda x: (x.ge(0) & x.lt(1)).float() + (x != 2).float(), (1, 2, 5)),
    "largest along": (lambda x: torch.max(x, 1)[0] - torch.min(x, 1).values, (1, 3, 4)),
    "largest": (lambda x: x.max() - x.amin((1, 2)), (1, 3, 4)),
    "largest of two": (lambda x: torch.max(x, -x), (1, 3, 4)),
    "argmax": (lambda x: x.argmax(1).float(), (1, 3, 4)),
    "std": (lambda x: x.std((1, 2), keepdim=True) + x.var(2, unbiased=False), (1, 3, 3)),
    "norms": (lambda x: x.norm(dim=1) + x.norm(1, 2).sum(), (1, 3, 3)),
    "normalised": (lambda x: functional.normalize(x, dim=1), (1, 3, 3)),
    "logsumexp": (lambda x: x.logsumexp(1), (1, 3, 4)),
    "shrinking": (lambda x: functional.softshrink(x) + functional.hardshrink(x), (1, 9)),
    "softsign": (lambda x: functional.softsign(x) + functional.tanhshrink(x), (1, 9)),
    "threshold": (lambda x: functional.threshold(x, 0.1, 20), (1, 9)),
    "logsigmoid": (lambda x: functional.logsigmoid(x) + functional.rrelu(x), (1, 9)),
    "logarithms": (lambda x: (x.abs() + 1).log2() + (x.abs() + 1).log10(), (1, 9)),
    "nearest exact": (lambda x: resized(x, (5, 7), mode="nearest-exact"), (1, 1, 3, 4)),
    "area": (lambda x: resized(x, (2, 3), mode="area"), (1, 1, 5, 4)),
    "cosine": (lambda x: functional.cosine_similarity(x, 2 * x + 1, 1), (1, 3, 4)),
    "clamped": (lambda x: x.clamp_max(0.3).clamp(min=-0.2), (1, 5)),
    "products added": (lambda x: torch.addcmul(x, x.flip(2), x, value=2), (1, 3, 5)),
    "quotients added": (lambda x: torch.addcdiv(x, x, 2 + x.flip(2).abs()), (1, 3, 5)),
    "between": (lambda x: torch.lerp(x, x.roll(1, 2), 0.3).lerp(-x, x.sigmoid()), (1, 3, 5)),
    "powers of two": (lambda x: torch.exp2(x) + torch.special.erfc(x), (1, 3, 5)),
    "remainders": (lambda x: torch.fmod(x, 0.3) + torch.remainder(x.roll(1, 2), -0.4), (1, 3, 5)),
    "near one": (lambda x: torch.expm1(x) + torch.log1p(x.abs()), (1, 3, 5)),
    "whole parts": (
        lambda x: (3 * x).trunc() + x.frac() + x.div(0.3, rounding_mode="floor"), (1, 9)
    ),
    "clamped by tensors": (lambda x: x.clamp(-x.roll(1, 1).abs(), x.flip(1).abs()), (1, 7)),
    "no number": (lambda x: x.nan_to_num(), (1, 5)),
    "angle and length": (lambda x: x.atan2(x.roll(1, 1)) + x.hypot(x.roll(2, 1)), (1, 5)),
    "a function by its decomposition": (lambda x: torch.logaddexp(x, x.roll(1, 1)), (1, 5)),
    "put": (put, (1, 5)),
    "added at places": (
        lambda x: (2 * x).index_add(2, torch.tensor([0, 0, 3]), x[:, :, :3]), (1, 2, 5)
    ),
    "fold": (lambda x: functional.fold(x, (4, 5), (2, 3), padding=1, stride=2), (1, 12, 9)),
    "antialiased": (lambda x: resized(x, (3, 4), mode="bilinear", antialias=True), (1, 2, 7, 9)),
    "antialiased cubic": (
        lambda x: resized(x, (3, 4), mode="bicubic", antialias=True), (1, 1, 7, 9)
    ),
    "tensordot": (lambda x: torch.tensordot(x, x.flip(2), ([0, 1], [0, 1])), (1, 3, 4)),
    "nothing in front": (lambda x: torch.cat([torch.empty(0), x[:, :0], x], 1), (1, 3, 4)),
    "gradients recorded": (recorded, (1, 3, 4)),
    "no batch inside": (unbatched, (1, 5, 6)),
    "in place": (lambda x: functional.relu_(x + 1).mul_(2).add_(x, alpha=3).clamp_(min=-1), (1, 5)),
    "in place by a decomposition": (
        lambda x: (x * 1).addcmul_(x, x.flip(1), value=2) + x, (1, 5)
    ),
    "one part of several": (lambda x: torch.tensor_split(x, 3, 1)[1], (1, 4, 5)),
    "turned and repeated": (lambda x: x.rot90(1, (1, 2)).tile(1, 2, 1), (1, 3, 4)),
    "channels shuffled": (lambda x: torch.channel_shuffle(x, 2), (1, 4, 3)),
    "one name for both": (a_row_that_goes_on, (1, 5)),
    "changed through a view": (changed_through_a_view, (1, 3, 4)),
    "changed after a view": (changed_after_a_view, (1, 3, 4)),
    "overwritten": (overwritten, (1, 3, 5)),
    "a grid": (crossed_grid, (1, 2, 3, 5)),
    "sampled": (sampled(2, "bilinear", "zeros", False), (1, 2, 3, 5)),
    "sampled to the border": (sampled(2, "bilinear", "border", True), (2, 2, 3, 5)),
    "sampled by cubics": (sampled(2, "bicubic", "zeros", False), (1, 1, 3, 4)),
    "sampled by cubics that are turned back": (
        sampled(2, "bicubic", "reflection", True), (1, 1, 2, 3)
    ),
    "the nearest sampled": (sampled(3, "nearest", "reflection", False), (1, 1, 3, 2, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_of_operations(name: str) -> None:
    function, shape = FUNCTIONS[name]
    assert len(assert_as_in_pytorch(Does(function), shape).outputs) == 1


def gradients(module: nn.Module, shape: tuple[int, ...]) -> np.ndarray:
    """Which inputs each output changes with, by autograd at a point that is drawn."""
    x = torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(1))
    found = torch.autograd.functional.jacobian(module.double(), x)
    return (found.reshape(-1, x.numel()).abs() > 1e-7).numpy()


def seen_by(net: Any) -> np.ndarray:
    """Which inputs each output sees."""
    place = {unit: i for i, unit in enumerate(net.inputs[0].units())}
    fields = receptive_fields(net)
    seen = np.zeros((int(net.outputs[0].size), len(place)), bool)
    for row, unit in zip(seen, net.outputs[0].units(), strict=True):
        row[[place[other] for other in fields[unit]]] = True
    return seen


# what these read is no more than what changes them
EXACTLY = ("products added", "quotients added", "between", "near one", "angle and length", "put",
           "added at places", "fold", "antialiased", "antialiased cubic", "nothing in front",
           "a function by its decomposition", "gradients recorded", "sampled",
           "sampled to the border", "the nearest sampled")  # fmt: skip


@pytest.mark.parametrize("name", EXACTLY)
def test_fields_are_those_of_autograd(name: str) -> None:
    function, shape = FUNCTIONS[name]
    assert np.array_equal(
        seen_by(from_torch(Does(function), shape)), gradients(Does(function), shape)
    )


class Frames(nn.Module):
    """A layer with two axes inside of a network for three."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Conv2d(1, 4, 3)

    def forward(self, x: Any) -> Any:
        return self.each(x.flatten(0, 1)).unflatten(0, x.shape[:2]).mean(1)


def test_a_batch_is_added_where_the_module_needs_one() -> None:
    net = from_torch(Frames(), (5, 1, 6, 6))
    # channels first, and the frames an axis of their own
    assert (net.inputs[0].shape, net.outputs[0].shape) == ((1, 5, 6, 6), (4, 4, 4))
    for batch, shape in ((True, (1, 5, 1, 6, 6)), (False, (5, 1, 6, 6))):
        assert repr(from_torch(Frames(), shape, batch=batch)) == repr(net)
    with pytest.raises(ConvgraphError, match=r"batch=True or batch=False says"):
        from_torch(Frames(), (6, 6))
    with pytest.raises(ConvgraphError, match="cannot trace"):
        from_torch(Frames(), (5, 1, 6, 6), batch=True)
    with pytest.raises(ConvgraphError, match="batch='no': True, False, or None"):
        from_torch(Frames(), (5, 1, 6, 6), batch="no")


MODULES = {
    "norms without parameters": (
        nn.Sequential(nn.InstanceNorm2d(4), nn.GroupNorm(2, 4, affine=False),
                      nn.LayerNorm(5, elementwise_affine=False),
                      nn.BatchNorm2d(4, affine=False)), (1, 4, 3, 5), 0),
    "weight norm": (
        nn.utils.parametrizations.weight_norm(nn.Conv1d(2, 3, 3, padding=1)), (1, 2, 7), 24),
    "spectral norm": (
        nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 3, 3)), (1, 2, 4, 5), 57),
    "positions of its own": (nn.Sequential(nn.Linear(4, 4), nn.Hardtanh(inplace=True),
                                           nn.Dropout(0.2, inplace=True)), (1, 4), 20),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_and_their_parameters(name: str) -> None:
    module, shape, parameters = MODULES[name]
    assert cost(assert_as_in_pytorch(module, shape)).parameters == parameters


class Held(nn.Module):
    """A buffer that is read twice, a parameter that is a single number, and a shared kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, 0.25]).view(1, 2, 1))
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.one = nn.Conv1d(2, 2, 3, padding=1)
        self.two = nn.Conv1d(2, 2, 3, padding=1)
        self.two.weight = self.one.weight

    def forward(self, x: Any) -> Any:
        return self.two(self.one(x - self.mean) * self.scale) + self.mean


def test_buffers_are_no_parameters() -> None:
    module = Held()
    net = assert_as_in_pytorch(module, (1, 2, 5))
    assert cost(net).parameters == sum(p.numel() for p in module.parameters()) == 17
    assert "17 parameters" in repr(net)


def test_a_stride_that_a_slice_makes_is_seen() -> None:
    net = from_torch(Does(lambda x: x[:, :, ::2]), (1, 3, 9))
    (source,) = net.inputs
    seen = receptive_field(net, net.outputs[0].unit((1, 3)))
    assert set(seen) == {source.unit((1, 6))}


def test_what_is_changed_in_place_is_not_an_output() -> None:
    class Centred(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, x: Any) -> Any:
            self.calls += 1
            return x.sub_(0.5).relu_()

    net = from_torch(Centred(), (1, 3))
    assert len(net.outputs) == 1
    assert np.array_equal(net.evaluate([1, 0, 2]), [0.5, 0, 1.5])


def test_parameters_behind_what_is_not_known_are_told() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(2, 3, batch_first=True)

        def forward(self, x: Any) -> Any:
            return self.lstm(x)[0]

    net = from_torch(Recurrent(), (1, 4, 2))
    (caveat,) = net.caveats
    assert "its 48 recurrent parameters are not counted" in caveat
    assert cost(net).parameters == sum(p.numel() for p in Recurrent().parameters()) - 48
    with pytest.raises(ConvgraphError, match="lstm"):
        from_torch(Recurrent(), (1, 4, 2), strict=True)


@pytest.mark.parametrize("wrap", [torch.compile, nn.DataParallel, nn.Module.double, nn.Module.half])
def test_wrapped_and_converted_modules(wrap: Any) -> None:
    module = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(inplace=True))
    plain, other = from_torch(module, (2, 7)), from_torch(wrap(module), (2, 7))
    assert (
        [row.name for row in other.rows] == [row.name for row in plain.rows] == ["input", "0", "1"]
    )


def test_tokens() -> None:
    module = nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2))
    net = from_torch(module, torch.zeros(1, 5, dtype=torch.int64))
    assert [row.shape for row in net.rows if row in net.inputs or row in net.outputs] == [
        (5,),
        (5, 2),
    ]
    assert cost(net).parameters == sum(p.numel() for p in module.parameters())
    assert len(receptive_field(net, net.outputs[0].unit((2, 1)))) == 1


def test_a_dropout_that_is_asked_for_at_inference_is_not_passed_over() -> None:
    drawn = from_torch(Does(lambda x: torch.dropout(x, 0.5, train=True)), (1, 5))
    assert "dropout" in drawn.caveats[0]
    for p, train in ((0.0, True), (0.5, False)):
        kept = from_torch(Does(lambda x, p=p, train=train: torch.dropout(x, p, train)), (1, 5))
        assert not kept.caveats


def test_noise_depends_on_nothing() -> None:
    net = from_torch(Does(lambda x: x + torch.randn_like(x)), (1, 5))
    assert len(receptive_field(net, net.outputs[0].unit((2,)))) == 1
    assert "randn_like" in net.caveats[0]


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Does(lambda x: x[x > 0]), "depends on the input's values"),
        (Does(lambda x: x * 2 if x.sum() > 0 else x), "torch.export cannot trace"),
        (Does(lambda x: None), "holds no tensor"),
    ],
)
def test_refused(module: nn.Module, words: str) -> None:
    with pytest.raises(ConvgraphError, match=words):
        from_torch(module, (1, 4))


def test_scripted_modules_are_refused() -> None:
    scripted = torch.jit.freeze(torch.jit.script(nn.ReLU().eval()))
    with pytest.raises(ConvgraphError, match="the module that it was made of"):
        from_torch(scripted, (1, 4))


def test_a_layer_with_a_computed_weight_and_two_names_has_a_row_of_its_own() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.utils.parametrizations.weight_norm(nn.Conv1d(1, 2, 3))
            self.net = nn.Sequential(self.conv, nn.ReLU())

        def forward(self, x: Any) -> Any:
            return self.net(x)

    net = from_torch(Block(), (1, 7))
    assert [row.name for row in net.rows] == ["x", "net.0", "net.1"]
    assert {array.letter for array in net.labels.arrays} == {"net.0.weight", "net.0.bias"}


def test_reports_behind_an_interpolation_between_corners() -> None:
    """Whose sizes do not follow those of the input in steps."""
    module = nn.Sequential(
        nn.Conv2d(1, 1, 3, stride=2, padding=1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.Conv2d(1, 1, 3, padding=1),
        nn.Conv2d(1, 1, 3, padding=1),
    )
    net = from_torch(module, (1, 12, 12))
    assert "uneven-padding" in {finding.rule for finding in findings(net)}
    assert len(report(net).rows) == 5


def attended(mask: Any) -> Any:
    return lambda x: functional.scaled_dot_product_attention(x, x + 1, 2 * x, mask)


# what has a setting of its own: it is computed as set, or not said at all
SETTINGS = {
    "softplus from a threshold on": (lambda x: functional.softplus(x, threshold=0.2), (1, 9)),
    "decimals": (lambda x: x.round(decimals=1), (1, 9)),
    "truths added": (lambda x: ((x > 0) + (x > 1)).float(), (1, 9)),
    "numbers of 8 bits": (
        lambda x: (300 * x).long().to(torch.uint8) - (200 * x).long().to(torch.int8).float(), (1, 9)
    ),
    "the smallest epsilon": (lambda x: functional.rms_norm(1e-3 * x, (9,)), (1, 9)),
    "to one position": (lambda x: resized(x, 1, mode="linear"), (1, 2, 6)),
    "an axis that keeps its size": (
        lambda x: resized(x, scale_factor=(1.2, 0.5), mode="bilinear"), (1, 1, 4, 6)
    ),
    "antialiased, of one size": (
        lambda x: resized(x, scale_factor=(1.2, 0.5), mode="bicubic", antialias=True), (1, 1, 4, 6)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_read(name: str) -> None:
    function, shape = SETTINGS[name]
    assert_as_in_pytorch(Does(function), shape)


def test_windows_that_no_rule_describes_are_said_to_be_unread() -> None:
    module = Does(lambda x: resized(x, (3, 4), mode="bilinear", antialias=True, align_corners=True))
    net = from_torch(module, (1, 1, 7, 9))
    assert net.caveats
    assert not (gradients(module, (1, 1, 7, 9)) & ~seen_by(net)).any()


@pytest.mark.parametrize("floating", [True, False])
def test_a_query_that_sees_no_key_gets_zero(floating: bool) -> None:
    seen = torch.ones(4, 4, dtype=torch.bool).tril()
    seen[2] = False
    mask = torch.where(seen, 0.0, -torch.inf) if floating else seen
    net = from_torch(Does(attended(mask)), (1, 4, 3), batch=True)
    x = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(0))
    wanted = attended(mask)(x)[0].numpy()
    np.testing.assert_allclose(np.asarray(net.evaluate(x[0].numpy()), float), wanted, atol=1e-5)
    assert not np.any(wanted[2])


def test_a_decomposition_that_checks_values_is_not_taken() -> None:
    net = from_torch(Does(lambda x: torch.linalg.inv(x)), (1, 3, 3), batch=True)
    assert "linalg_inv" in net.caveats[0]
