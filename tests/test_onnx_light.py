"""Nine real architectures: their sizes, and their receptive fields against two oracles."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

pytest.importorskip("onnx")

from convgraph import from_onnx, projective_field, receptive_field
from tests.onnx_light import NAMES, light, seen, shapes, spatial, with_weights

# As counted by their authors or by torchvision: weights and biases, with a scale and a shift for
# each normalised channel.
PARAMETERS = {
    "bvlc_alexnet": 60_965_224,
    "vgg19": 143_667_240,
    "squeezenet": 1_235_496,
    "resnet50": 25_557_032,
}


def exhaustive_but(quick: tuple[str, ...]) -> list:
    """All nine, of which the few that are quick run each time."""
    marked = pytest.mark.exhaustive
    return [name if name in quick else pytest.param(name, marks=marked) for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_every_tensor_is_a_row_of_the_shape_that_onnx_infers(name: str) -> None:
    net, inferred = from_onnx(light(name), strict=True), shapes(name)
    assert net.caveats == ()
    for row in net.rows:
        assert inferred[row.name] == (1, *row.shape), row
    held = {t.name for t in light(name).graph.initializer}
    computed = []
    for node in light(name).graph.node:
        if held.issuperset(node.input):  # it only shapes parameters
            held.update(node.output)
        else:
            computed.append(node.output[0])
    assert computed == [row.name for row in net.rows[1:]]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    net = from_onnx(light(name))
    arrays = {tying.letter: tying.shape for layer in net.layers for tying in layer.arrays}
    assert sum(prod(shape) for shape in arrays.values()) == PARAMETERS[name]
    initial = {t.name for t in light(name).graph.initializer}
    made = {n.output[0] for n in light(name).graph.node if n.op_type == "ConstantOfShape"}
    assert set(arrays) <= initial | made
    assert set(arrays) == set(net.weights)


@pytest.mark.parametrize("name", exhaustive_but(("zfnet512", "squeezenet", "shufflenet")))
def test_fields_against_the_nodes_walked_backwards(name: str) -> None:
    net, sizes = from_onnx(light(name)), shapes(name)
    tensors = spatial(name)
    for number in (len(tensors) // 4, len(tensors) // 2, -1):
        tensor = tensors[number]
        _, channels, rows, columns = sizes[tensor]
        for index in ((0, 0, 0), (channels // 2, rows // 2, columns - 1)):
            reached = seen(name, tensor, (0, *index))
            unit = net.row(tensor).unit(index)
            for row in (net.inputs[0].name, tensors[number // 2] if number > 0 else tensors[0]):
                found = receptive_field(net, unit, row).mask()
                wanted = reached.get(row, np.zeros(sizes[row], bool))[0]
                assert np.array_equal(found, wanted), (tensor, index, row)


def test_outputs_see_all_of_the_image() -> None:
    net = from_onnx(light("resnet50"))
    field = receptive_field(net, net.outputs[0].unit((0,)))
    assert len(field) == 3 * 224 * 224
    reached = seen("resnet50", net.outputs[0].name, (0, 0))
    assert reached[net.inputs[0].name].all()


@pytest.mark.parametrize("name", exhaustive_but(("squeezenet", "resnet50")))
def test_fields_against_numerical_influence(name: str) -> None:
    from onnx.reference import ReferenceEvaluator

    tensors = spatial(name)
    chosen = tensors[len(tensors) // 5 :: len(tensors) // 5]
    # shufflenet reshapes to the sizes of images of 224; the pools of others need more than 40
    size = {"shufflenet": 224, "squeezenet": 40, "resnet50": 40}.get(name, 64)
    model = with_weights(name, chosen, size)
    net = from_onnx(model)
    start = net.inputs[0]
    x = np.random.default_rng(1).uniform(0.5, 1.5, (1, 3, size, size)).astype(np.float32)
    at = (1, size // 3, size // 2)
    evaluator = ReferenceEvaluator(model)

    def values(of_pixel: float) -> list[np.ndarray]:
        moved = x.copy()
        moved[(0, *at)] = of_pixel
        with np.errstate(over="ignore"):
            return evaluator.run(None, {start.name: moved})

    before = evaluator.run(None, {start.name: x})
    # a great value wins every maximum; small ones change what a normalisation would drown
    after = [values(v) for v in (1e17, -20.0, 20.0)]
    for number, row in enumerate(net.outputs):
        changed = np.any([a[number] != before[number] for a in after], axis=0)[0]
        field = projective_field(net, start.unit(at), row.name).mask()
        assert np.array_equal(changed, field), row.name


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("squeezenet", 24),
        ("resnet50", 24),
        pytest.param("squeezenet", 224, marks=pytest.mark.exhaustive),
    ],
)
def test_values_against_the_reference_evaluator(name: str, size: int) -> None:
    from onnx.reference import ReferenceEvaluator

    tensors = spatial(name)
    model = with_weights(name, [tensors[8]], size)
    net = from_onnx(model)
    x = np.random.default_rng(2).normal(size=(1, 3, size, size)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {net.inputs[0].name: x})
    np.testing.assert_allclose(net.evaluate(x[0]), wanted[0], 1e-3, 1e-5)
