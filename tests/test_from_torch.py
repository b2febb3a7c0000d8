"""PyTorch modules: values, names, and the same networks as from ONNX."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from convgraph import (  # noqa: E402
    ConvgraphError,
    from_onnx,
    from_torch,
    receptive_field,
    receptive_fields,
    report,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Block(nn.Module):
    """The basic block of a residual network, in place where torchvision is."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.down = nn.Conv2d(inputs, filters, 1, stride) if stride > 1 else None

    def forward(self, x: Any) -> Any:
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += x if self.down is None else self.down(x)
        return self.relu(out)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = Block(2, 2, 1)
        self.second = Block(2, 4, 2)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        x = self.second(self.first(x))
        return self.head(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(2, 2, 1)
        self.b = nn.Sequential(nn.Conv2d(2, 2, (1, 5), padding=(0, 2)),
                               nn.Conv2d(2, 2, (5, 1), padding=(2, 0)))  # fmt: skip
        self.c = nn.Conv2d(2, 1, 3, padding=2, dilation=2)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)

    def forward(self, x: Any) -> Any:
        mean = functional.avg_pool2d(x, 3, 1, 1)
        joined = torch.cat([self.a(x), self.b(x), functional.relu6(self.c(x)), mean], 1)
        return self.pool(joined)


class Shuffle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.group = nn.Conv2d(4, 4, 1, groups=2)
        self.depth = nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.squeeze = nn.Conv2d(4, 2, 1)
        self.excite = nn.Conv2d(2, 4, 1)

    def forward(self, x: Any) -> Any:
        batch, channels, rows, columns = x.shape
        x = self.group(x)
        x = x.view(batch, 2, channels // 2, rows, columns).transpose(1, 2).contiguous()
        x = self.depth(x.view(batch, channels, rows, columns))
        left, right = x.chunk(2, dim=1)
        x = torch.cat([right, left], 1)
        gate = self.excite(torch.relu(self.squeeze(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


class Onnx:
    """The nodes of a model, written by hand with a module's parameters."""

    def __init__(self, module: nn.Module) -> None:
        self.held = {k: v.detach().numpy() for k, v in module.state_dict().items()}
        self.nodes: list = []

    def __call__(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"t{len(self.nodes) + 1}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def hold(self, values: Any) -> str:
        name = f"k{len(self.held)}"
        self.held[name] = np.asarray(values)
        return name

    def conv(self, x: str, layer: str, **attributes: Any) -> str:
        bias = [f"{layer}.bias"] if f"{layer}.bias" in self.held else []
        return self("Conv", x, f"{layer}.weight", *bias, **attributes)

    def norm(self, x: str, layer: str) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        return self("BatchNormalization", x, *(f"{layer}.{part}" for part in parts))

    def model(self, shape: tuple[int, ...], output: str) -> Any:
        used = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(v, k) for k, v in self.held.items() if k in used],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def residual(write: Onnx) -> str:
    x = "x"
    for block, stride in (("first", 1), ("second", 2)):
        out = write.conv(x, f"{block}.conv1", strides=[stride] * 2, pads=[1] * 4)
        out = write("Relu", write.norm(out, f"{block}.bn1"))
        out = write.norm(write.conv(out, f"{block}.conv2", pads=[1] * 4), f"{block}.bn2")
        x = x if stride == 1 else write.conv(x, f"{block}.down", strides=[2, 2])
        x = write("Relu", write("Add", out, x))
    x = write("Flatten", write("GlobalAveragePool", x))
    return write("Gemm", x, "head.weight", "head.bias", transB=1)


def inception(write: Onnx) -> str:
    mean = write("AveragePool", "x", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1)
    tall = write.conv(write.conv("x", "b.0", pads=[0, 2, 0, 2]), "b.1", pads=[2, 0, 2, 0])
    wide = write.conv("x", "c", dilations=[2, 2], auto_pad="SAME_UPPER")
    bounds = write.hold(np.float32(0)), write.hold(np.float32(6))
    joined = write("Concat", write.conv("x", "a"), tall, write("Clip", wide, *bounds), mean, axis=1)
    return write("MaxPool", joined, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)


def shuffle(write: Onnx) -> str:
    x = write.conv("x", "group", group=2)
    x = write("Reshape", x, write.hold(np.array([1, 2, 2, 6, 6])))
    x = write("Transpose", x, perm=[0, 2, 1, 3, 4])
    x = write("Reshape", x, write.hold(np.array([0, -1, 6, 6])))
    x = write.conv(x, "depth", pads=[1] * 4, group=4)
    ends = write.hold(np.array([0])), write.hold(np.array([2])), write.hold(np.array([9]))
    axis = write.hold(np.array([1]))
    left = write("Slice", x, ends[0], ends[1], axis)
    x = write("Concat", write("Slice", x, ends[1], ends[2], axis), left, axis=1)
    gate = write.conv(write("GlobalAveragePool", x), "squeeze")
    return write("Mul", x, write("Sigmoid", write.conv(write("Relu", gate), "excite")))


CASES = {
    "residual": (Residual, residual, (2, 9, 8)),
    "inception": (Inception, inception, (2, 10, 9)),
    "shuffle": (Shuffle, shuffle, (4, 6, 6)),
}


def made(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    module = kind()
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            nn.init.normal_(layer.weight)
    return module


def infer(module: nn.Module, x: np.ndarray) -> np.ndarray:
    module.eval()
    with torch.no_grad():
        return module(torch.tensor(x[None], dtype=torch.float32)).numpy()[0]


@pytest.mark.parametrize("name", CASES)
def test_the_same_network_from_both(name: str) -> None:
    kind, write, shape = CASES[name]
    module = made(kind)
    ours = from_torch(module, shape, strict=True)
    assert module.training
    written = Onnx(module)
    theirs = from_onnx(written.model((1, *shape), write(written)), strict=True)

    x = np.random.default_rng(0).normal(size=shape)
    wanted = infer(module, x)
    np.testing.assert_allclose(ours.evaluate(x), wanted, 1e-4, 1e-5)
    np.testing.assert_allclose(theirs.evaluate(x), wanted, 1e-4, 1e-5)

    assert {a.letter: a.shape for a in ours.labels.arrays} == {
        a.letter: a.shape for a in theirs.labels.arrays
    }
    assert {a.letter for a in ours.labels.arrays} <= set(module.state_dict())
    mine, others = receptive_fields(ours), receptive_fields(theirs)
    for a, b in zip(mine.values(), others.values(), strict=True):
        assert np.array_equal(a.mask(), b.mask())


MODULES = {
    "linear": (nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)), (4,)),
    "tokens": (nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.GELU()), (1, 3, 4)),
    "attention": (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), (1, 3, 4)),
    "one axis": (nn.Sequential(nn.Conv1d(2, 4, 3, 2), nn.PReLU(4), nn.AvgPool1d(2)), (2, 11)),
    "transposed": (
        nn.ConvTranspose2d(2, 4, 3, 2, 1, output_padding=1, groups=2, dilation=2), (2, 4, 3)),
    "up": (nn.Sequential(nn.Upsample(scale_factor=2), nn.ReflectionPad2d((1, 2, 0, 1))), (1, 3, 4)),
    "bilinear": (nn.Upsample(size=(7, 5), mode="bilinear"), (1, 2, 3, 4)),
    "corners": (nn.Upsample(size=(7, 5), mode="bilinear", align_corners=True), (1, 2, 3, 4)),
    "bicubic": (nn.Upsample(scale_factor=2, mode="bicubic"), (1, 2, 3, 4)),
    "pixels": (nn.Sequential(nn.PixelUnshuffle(2), nn.PixelShuffle(2)), (1, 1, 4, 6)),
    "norms": (nn.Sequential(nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True)), (1, 4, 3, 3)),
    "adaptive": (nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d((3, 2))), (1, 7, 5)),
    "adaptive max": (nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveMaxPool2d((2, 5))), (1, 7, 5)),
    "hard": (nn.Sequential(nn.Hardswish(), nn.Hardsigmoid(), nn.ELU(), nn.SiLU(), nn.Mish(),
                           nn.LeakyReLU(0.2), nn.Softplus(), nn.CELU(), nn.SELU()), (1, 9)),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_values_of_usual_modules(name: str) -> None:
    module, shape = MODULES[name]
    net = from_torch(module.eval(), shape, strict=True)
    x = np.random.default_rng(0).normal(size=net.inputs[0].shape)
    wanted = infer(module, x)
    np.testing.assert_allclose(net.evaluate(x), wanted.reshape(net.outputs[0].shape), 1e-3, 1e-5)


def test_names_are_the_modules() -> None:
    net = from_torch(made(Residual), (2, 9, 8))
    rows = [row.name for row in net.rows]
    assert rows[:4] == ["x", "first.conv1", "first.bn1", "first.relu"]
    assert "second.down" in rows
    assert rows[-1] == "head"
    assert "first.conv1.weight_1_1_1_1" in map(str, net.parameters)
    tokens = from_torch(nn.Linear(4, 3), (1, 2, 4))
    assert [row.name for row in tokens.rows[1:]] == ["linear"]
    assert {array.letter for array in tokens.labels.arrays} == {"weight", "bias"}


def test_modules_with_parts_can_be_asked() -> None:
    module = made(Residual)
    net = from_torch(module, (2, 9, 8))
    with torch.no_grad():
        shape = module.first(torch.zeros(1, 2, 9, 8)).shape
    assert net.row("first").shape == tuple(shape[1:])
    assert net.row("first").name == "first"  # the second call of its relu, the last it computes
    assert receptive_field(net, net.row("second").unit((0, 2, 1)))
    assert report(net).row("second").name == "second"
    assert net.row("first.relu").name == "first.relu"
    with pytest.raises(ConvgraphError, match="did you mean second"):
        net.row("secnd")
    again = pickle.loads(pickle.dumps(net))
    assert again.row("second").name == "second"


@pytest.mark.parametrize(("kind", "inputs"), [(Residual, 2), (Inception, 2), (Shuffle, 4)])
def test_totals_by_module_are_those_of_the_modules(kind: type[nn.Module], inputs: int) -> None:
    module = made(kind)
    facts = report(from_torch(module, (inputs, 9, 8)))
    told = facts.by_module()
    of_module = dict(module.named_modules())
    assert {name for name, _ in module.named_children()} <= {each.name for each in told.modules}
    for each in told.modules:
        count = sum(p.numel() for p in of_module[each.name].parameters())
        assert (each.name, each.parameters) == (each.name, count)
    assert told.whole.parameters == sum(p.numel() for p in module.parameters())
    top = facts.by_module(depth=1).modules
    assert [each.name for each in top] == [each.name for each in told.modules if not each.depth]
    with pytest.raises(ConvgraphError, match="depth=0: a positive number"):
        facts.by_module(depth=0)


def test_programs_and_their_files_are_read_like_the_module(tmp_path: Path) -> None:
    module = made(Residual).eval()
    program = torch.export.export(module, (torch.zeros(1, 2, 9, 8),))
    before = str(program.graph)
    torch.export.save(program, tmp_path / "model.pt2")
    whole = from_torch(module, (2, 9, 8))
    for given in (program, torch.export.load(tmp_path / "model.pt2")):
        net = from_torch(given)
        assert repr(net) == repr(whole)
        assert [row.name for row in net.rows] == [row.name for row in whole.rows]
        assert net.modules == whole.modules
    assert str(program.graph) == before
    with pytest.raises(ConvgraphError, match="has the shapes it was exported for"):
        from_torch(program, (2, 9, 8))
    for path in (tmp_path / "model.pt2", str(tmp_path / "model.pt2")):  # it may hold code
        with pytest.raises(ConvgraphError, match=r"model\.pt2.*torch\.export\.load"):
            from_torch(path)
    with pytest.raises(ConvgraphError, match="input_shape=None"):
        from_torch(module)
    size = torch.export.Dim("n", min=2, max=9)
    grown = torch.export.export(nn.ReLU(), (torch.zeros(1, 5),), dynamic_shapes=({1: size},))
    with pytest.raises(ConvgraphError, match="leaves sizes of"):
        from_torch(grown)


def test_inputs_by_name() -> None:
    class Named(nn.Module):
        def forward(self, left: Any, right: Any) -> Any:
            return left - 2 * right

    class Entries(nn.Module):
        def forward(self, batch: Any) -> Any:
            return batch["left"] - 2 * batch["right"]

    for module in (Named(), Entries()):
        net = from_torch(module, {"right": (1, 3), "left": (1, 3)})
        names = {row.name.removeprefix("batch_"): row.name for row in net.inputs}
        got = net.evaluate({names["left"]: [1, 2, 3], names["right"]: [0, 1, 0]})
        assert np.array_equal(got, [1, 0, 3])


def test_batch_or_none() -> None:
    module = nn.Conv2d(2, 3, 3)
    assert from_torch(module, (2, 5, 5)).outputs[0].shape == (3, 3, 3)
    assert from_torch(module, (1, 2, 5, 5)).outputs[0].shape == (3, 3, 3)
    assert from_torch(module, (4, 2, 5, 5)).outputs[0].shape == (4, 3, 3, 3)


def test_what_is_taken_for_a_batch_is_said() -> None:
    module = nn.Conv2d(2, 3, 3)
    (note,) = from_torch(module, (2, 5, 5)).notes
    assert note == "input_shape=(2, 5, 5): it has no batch; batch=True says that it begins with one"
    assert "begins with a batch" in str(report(from_torch(module, (1, 2, 5, 5))))
    assert from_torch(module, (2, 5, 5), batch=False).notes == ()
    with pytest.raises(ConvgraphError, match="without a batch, and fails the other way too"):
        from_torch(module, (3, 5, 5))


def test_a_result_without_entries_is_refused_for_its_shape() -> None:
    class Nothing(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.cat([x[:, :0], x[:, 3:]], 1)

    with pytest.raises(
        ConvgraphError, match=r"shape=\(1, 0, 4\) of 'cat': an array without any entry"
    ):
        from_torch(Nothing(), (1, 3, 4))


def test_several_inputs() -> None:
    class Both(nn.Module):
        def forward(self, a: Any, b: Any) -> Any:
            return torch.stack([a, 2 * b], 1)

    net = from_torch(Both(), [(1, 3), (1, 3)])
    got = net.evaluate({"a": [1, 2, 3], "b": [4, 5, 6]})
    assert np.array_equal(got, [[1, 2, 3], [8, 10, 12]])


def test_what_is_not_known_is_said() -> None:
    class Sorted(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.sort(x, dim=1).values

    net = from_torch(Sorted(), (1, 4))
    assert "sort" in net.caveats[0]
    assert set(receptive_fields(net)[net.outputs[0].units()[0]]) == set(net.inputs[0].units())
    with pytest.raises(ConvgraphError, match="sort"):
        from_torch(Sorted(), (1, 4), strict=True)


@pytest.mark.parametrize(
    ("module", "shape", "words"),
    [
        (nn.Conv2d(3, 4, 3), (2, 5, 5), "torch.export cannot trace"),
        (nn.Conv2d(3, 4, 3), (3, 5, 0), "a shape is a positive integer"),
        (nn.Conv2d(3, 4, 3), (), "input_shape"),
        ("a module", (3,), "a torch.nn.Module"),
    ],
)
def test_refused(module: Any, shape: Any, words: str) -> None:
    with pytest.raises(ConvgraphError, match=words):
        from_torch(module, shape)
