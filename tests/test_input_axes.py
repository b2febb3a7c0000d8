"""Which axes of an input are channels and which are space: as somebody said, or as windows tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import convgraph as cg

NHWC = (1, 6, 7, 3)


def channels_last(pads: tuple[int, ...] = (1, 1, 1, 1)) -> Any:
    """A convolution of an image that stands channels last, as exporters of TensorFlow write it."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "w"], ["y"], kernel_shape=[3, 3], pads=list(pads)),
    ]
    kernel = numpy_helper.from_array(
        np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype("f"), "w"
    )
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, NHWC)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([*nodes], "last", [x], [y], [kernel])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def evaluated(model: Any, x: Any) -> Any:
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model).run(None, {"x": x.astype("f")})[0]


def test_a_window_tells_which_axes_are_channels() -> None:
    model = channels_last()
    net = cg.from_onnx(model)
    assert [(row.name, row.shape) for row in net.rows[:2]] == [
        ("x", (3, 6, 7)),
        ("x/NHWC", (6, 7, 3)),
    ]
    assert "taken to be NHWC" in net.notes[0]
    result = cg.report(net)
    assert result.notes == net.notes
    assert result.row("y").receptive_field == (3, 3)
    assert cg.receptive_field(net, "y1,1,1").bounds == ((0, 2), (0, 1), (0, 1))
    x = np.random.default_rng(1).normal(size=NHWC)
    found = net.evaluate(x[0].transpose(2, 0, 1))
    assert found == pytest.approx(evaluated(model, x)[0], abs=1e-4)


@pytest.mark.parametrize("axes", ["NHWC", {"x": "NHWC"}])
def test_what_is_said_is_not_guessed(axes: Any) -> None:
    net = cg.from_onnx(channels_last(), axes=axes)
    assert net.notes == ()
    assert cg.compare(net, cg.from_onnx(channels_last())).alike


def test_what_is_said_counts_even_against_a_window() -> None:
    net = cg.from_onnx(channels_last(), axes="NCHW")
    assert net.inputs[0].shape == (6, 7, 3)
    assert net.rows[1].name == "t"


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ("NHW", "'x' of .* has 4 axes"),
        ("nhwc", "axes='nhwc': a capital letter for each axis"),
        ("NHHC", "none twice"),
        (7, "axes=7: a capital letter"),
        ({"y": "NHWC"}, r"axes\['y'\]: no input; there is 'x'"),
        (["NHWC", "NC"], "letters for each of 1 inputs"),
    ],
)
def test_letters_that_do_not_fit_are_refused(axes: Any, words: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=words):
        cg.from_onnx(channels_last(), axes=axes)


def test_the_command_line_takes_letters(tmp_path: Any) -> None:
    import onnx
    from click.testing import CliRunner

    from convgraph.cli import main

    path = tmp_path / "last.onnx"
    onnx.save(channels_last(), path)
    said = CliRunner().invoke(main, ["analyze", str(path), "--axes", "NHWC", "--json"])
    assert said.exit_code == 0
    assert '"notes": []' in said.output
    named = CliRunner().invoke(main, ["analyze", str(path), "--axes", "x=NCHW"])
    assert "6 x 7 x 3" in named.output
    wrong = CliRunner().invoke(main, ["compare", str(path), str(path), "--axes", "HWC"])
    assert wrong.exit_code == 2
    assert "axes='HWC'" in wrong.output


class TestTorch:
    """The same of modules; what a unit sees is held against gradients."""

    torch = None

    @pytest.fixture(autouse=True)
    def _torch(self) -> None:
        self.torch = pytest.importorskip("torch")

    def assert_masks(self, module: Any, shape: tuple[int, ...], net: Any, order: Any) -> None:
        """Of some output units: gradients, with the input's axes as the row has them."""
        x = self.torch.randn(shape, requires_grad=True)
        y = module(x)
        row = net.outputs[0]
        lead = (0,) * (y.ndim - len(row.shape))
        for place in ((0,) * len(row.shape), tuple(n - 1 for n in row.shape)):
            (back,) = self.torch.autograd.grad(y[(*lead, *place)], x, retain_graph=True)
            wanted = (back != 0).numpy().transpose(order).reshape(net.inputs[0].shape)
            seen = cg.receptive_field(net, row.unit(place), net.inputs[0].name)
            np.testing.assert_array_equal(seen.mask(), wanted)

    def test_features_behind_time(self) -> None:
        nn = self.torch.nn

        class Steps(nn.Module):  # type: ignore[name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv = nn.Conv1d(4, 5, 3, 2)

            def forward(self, x: Any) -> Any:
                return self.conv(x.transpose(1, 2)).transpose(1, 2)

        net = cg.from_torch(Steps(), (1, 12, 4))
        assert net.inputs[0].shape == (4, 12)
        assert cg.report(net).row(net.outputs[0].name).receptive_field == (3,)
        self.assert_masks(Steps(), (1, 12, 4), net, (0, 2, 1))
        assert cg.compare(net, cg.from_torch(Steps(), (12, 4), axes="NTC")).alike

    def test_sound_that_becomes_an_image_has_no_channels(self) -> None:
        nn = self.torch.nn

        class Spectrum(nn.Module):  # type: ignore[name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv = nn.Conv2d(1, 2, 3)

            def forward(self, x: Any) -> Any:
                return self.conv(x.unsqueeze(1).transpose(2, 3))

        net = cg.from_torch(Spectrum(), (1, 9, 6), batch=True)
        assert (net.inputs[0].shape, net.inputs[0].channels) == ((9, 6), False)
        assert cg.report(net).row(net.outputs[0].name).receptive_field == (3, 3)
        self.assert_masks(Spectrum(), (1, 9, 6), net, (0, 1, 2))

    def test_frames_that_a_convolution_takes_for_a_batch(self) -> None:
        nn = self.torch.nn

        class Frames(nn.Module):  # type: ignore[name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.conv = nn.Conv2d(2, 3, 3)

            def forward(self, x: Any) -> Any:
                return self.conv(x.flatten(0, 1)).unflatten(0, x.shape[:2]).mean(1)

        net = cg.from_torch(Frames(), (1, 5, 2, 6, 6), batch=True)
        assert net.inputs[0].shape == (2, 5, 6, 6)
        assert cg.report(net).row("conv").receptive_field == (1, 3, 3)
        self.assert_masks(Frames(), (1, 5, 2, 6, 6), net, (0, 2, 1, 3, 4))

    def test_where_no_window_tells_letters_do(self) -> None:
        nn = self.torch.nn
        layer = nn.TransformerEncoderLayer(4, 2, 8).eval()
        guessed = cg.from_torch(layer, (6, 1, 4), batch=True)
        assert not guessed.inputs[0].channels
        net = cg.from_torch(layer, (6, 4), axes="TNC")
        assert (net.inputs[0].shape, net.inputs[0].channels) == ((4, 6), True)
        assert net.notes == ()
        linear = cg.from_torch(nn.Linear(4, 3), (1, 6, 4))
        assert (
            "the first axis behind the batch, of 6, is taken to count channels" in linear.notes[1]
        )
        net = cg.from_torch(nn.Linear(4, 3), (1, 6, 4), axes="NTC")
        assert cg.report(net).row(net.outputs[0].name).receptive_field == (1,)
        with pytest.raises(cg.ConvgraphError, match="axes= says what is the batch, too"):
            cg.from_torch(nn.Linear(4, 3), (1, 6, 4), axes="NTC", batch=True)

    def test_several_inputs_have_letters_each(self) -> None:
        nn = self.torch.nn

        class Both(nn.Module):  # type: ignore[name-defined]
            def forward(self, image: Any, words: Any) -> Any:
                return image.mean((1, 2)) + words.mean(1)

        shapes = {"image": (6, 7, 3), "words": (5, 3)}
        for axes in ({"image": "NHWC", "words": "NTC"}, {"words": "NTC", "image": "NHWC"}):
            net = cg.from_torch(Both(), shapes, axes=axes)
            assert [row.shape for row in net.inputs] == [(3, 6, 7), (3, 5)]
        net = cg.from_torch(Both(), [(6, 7, 3), (1, 5, 3)], axes=["NHWC", None])
        assert [row.shape for row in net.inputs] == [(3, 6, 7), (5, 3)]


def test_letters_of_jax() -> None:
    jax = pytest.importorskip("jax")

    def mixed(w: Any, x: Any) -> Any:
        return jax.numpy.tanh(x @ w)

    w = np.random.default_rng(2).normal(size=(4, 3))
    guessed = cg.from_jax(mixed, (1, 6, 4), w)
    assert guessed.inputs[0].shape == (6, 4)
    assert "of 6, is taken to count channels" in guessed.notes[0]
    net = cg.from_jax(mixed, (1, 6, 4), w, axes="NTC")
    assert (net.inputs[0].shape, net.inputs[0].channels, net.notes) == ((4, 6), True, ())
    row = net.outputs[0]
    assert cg.report(net).row(row.name).receptive_field == (1,)
    x = np.random.default_rng(3).normal(size=(6, 4))
    found = np.asarray(net.evaluate(x.T)).reshape(row.shape)
    wanted = np.tanh(x @ w)
    assert found == pytest.approx(wanted if row.shape == wanted.shape else wanted.T, abs=1e-5)
