"""Models of Flax, Equinox and Haiku: fields of a residual network, and what a module is."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
flax = pytest.importorskip("flax")

import flax.linen as nn  # noqa: E402
import jax.numpy as jnp  # noqa: E402

from convgraph import from_jax, receptive_field, report  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # flax warns of its own parts


class Block(nn.Module):
    """The basic block of a residual network."""

    filters: int
    stride: int

    @nn.compact
    def __call__(self, x: Any) -> Any:
        conv = partial(nn.Conv, self.filters, use_bias=False)
        norm = partial(nn.BatchNorm, use_running_average=True, epsilon=1e-5)
        y = nn.relu(norm(name="bn1")(conv((3, 3), self.stride, padding=1, name="conv1")(x)))
        y = norm(name="bn2")(conv((3, 3), padding=1, name="conv2")(y))
        if x.shape != y.shape:
            x = norm(name="bn3")(conv((1, 1), self.stride, name="down")(x))
        return nn.relu(y + x)


class Residual(nn.Module):
    """ResNet-18, of any width."""

    width: int = 64
    classes: int = 1000

    @nn.compact
    def __call__(self, x: Any) -> Any:
        x = nn.Conv(self.width, (7, 7), 2, padding=3, use_bias=False, name="conv1")(x)
        x = nn.relu(nn.BatchNorm(use_running_average=True, name="bn1")(x))
        x = nn.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))
        for stage in range(4):
            for block in range(2):
                stride = 2 if stage and not block else 1
                x = Block(self.width * 2**stage, stride, name=f"layer{stage + 1}_{block}")(x)
        return nn.Dense(self.classes, name="fc")(x.mean((1, 2)))


def made(model: nn.Module, shape: tuple[int, ...]) -> Any:
    return jax.jit(model.init)(jax.random.key(0), jnp.zeros(shape))


def test_a_residual_network_has_the_known_numbers() -> None:
    """Those of torchvision's resnet18: parameters, rows, and multiply-adds as profilers count."""
    shape = (1, 224, 224, 3)
    variables = jax.eval_shape(Residual().init, jax.random.key(0), jnp.zeros(shape))
    found = report(from_jax(Residual().apply, shape, variables), effective=False)
    assert not found.network.caveats
    assert found.totals.parameters == 11_689_512
    assert found.totals.macs == 1_814_073_344
    last = next(row for row in found.rows if row.name == "layer4_1")
    assert (last.shape, last.receptive_field, last.stride) == ((512, 7, 7), (435, 435), (32, 32))
    assert found.network.row("layer4_1.bn2").shape == (512, 7, 7)


@pytest.mark.exhaustive
def test_fields_and_values_of_a_residual_network() -> None:
    """Three units of each row that the model gives back, by the Jacobian."""
    model, shape = Residual(1, 3), (1, 24, 24, 3)
    variables = jax.tree.map(abs, made(model, shape))  # so that no relu is shut
    net = from_jax(model.apply, shape, variables)
    assert net.parameter_count == sum(each.size for each in jax.tree.leaves(variables["params"]))
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    got = np.asarray(net.evaluate(np.moveaxis(image, -1, 1)[0]), float)
    np.testing.assert_allclose(got, jax.jit(model.apply)(variables, image)[0], 1e-3, 1e-4)

    def inside(x: Any) -> Any:
        seen = model.apply(variables, x, capture_intermediates=True, mutable=True)[1]
        return {name: seen["intermediates"][name]["__call__"][0] for name in ROWS}

    rng = np.random.default_rng(1)
    units = {name: [tuple(rng.integers(n) for n in net.row(name).shape) for _ in range(3)]
             for name in ROWS}  # fmt: skip

    def picked(x: Any) -> Any:
        rows = inside(x)
        return jnp.stack([rows[n][0, i, j, c] for n in ROWS for c, i, j in units[n]])

    derived = jax.jit(jax.jacrev(picked))
    changes = sum(  # what is not the greatest of its window at one point is so at another
        np.abs(derived(rng.uniform(size=shape).astype(np.float32))) for _ in range(8)
    )
    every = [(name, unit) for name in ROWS for unit in units[name]]
    for (name, unit), change in zip(every, np.asarray(changes)[:, 0], strict=True):
        bounds = receptive_field(net, net.row(name).unit(unit)).bounds
        there = np.argwhere(change > 0)
        reached = [(int(there[:, a].min()), int(there[:, a].max())) for a in (2, 0, 1)]
        for (low, high), (first, last) in zip(bounds[1:], reached[1:], strict=True):
            assert low <= first
            assert last <= high
        if name in EXACT:
            assert [tuple(b) for b in bounds] == reached


ROWS = ("conv1", "bn1", "layer1_0", "layer2_0")
EXACT = ("conv1", "bn1")  # no pool in between


@pytest.mark.exhaustive
def test_models_that_hold_their_arrays() -> None:
    shape = (1, 9, 9, 2)
    bound = nn.Sequential([nn.Conv(3, (3, 3)), nn.relu]).bind(
        made(nn.Sequential([nn.Conv(3, (3, 3)), nn.relu]), shape)
    )
    assert from_jax(bound, shape).parameter_count == 57

    from flax import nnx

    norm = nnx.Sequential(
        nnx.Conv(2, 3, (3, 3), rngs=nnx.Rngs(0)), nnx.BatchNorm(3, rngs=nnx.Rngs(0))
    )
    norm.eval()
    net = from_jax(norm, shape)
    assert net.parameter_count == 57 + 6
    assert {name.split(".")[-1] for name in net.weights} == {"kernel", "bias", "scale"}


@pytest.mark.exhaustive
def test_equinox_has_no_batch() -> None:
    eqx = pytest.importorskip("equinox")
    model = eqx.nn.Sequential(
        [eqx.nn.Conv2d(2, 3, 3, key=jax.random.key(0)), eqx.nn.Lambda(jax.nn.relu),
         eqx.nn.MaxPool2d(2, 2)]
    )  # fmt: skip
    net = from_jax(model, (2, 8, 8))
    assert (net.inputs[0].shape, net.outputs[0].shape) == ((2, 8, 8), (3, 3, 3))
    assert net.inputs[0].channels
    assert report(net).rows[-1].receptive_field == (4, 4)
    image = np.random.default_rng(0).normal(size=(2, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(net.evaluate(image), float), model(image), 1e-4, 1e-5)


@pytest.mark.exhaustive
def test_haiku_is_a_pair_of_functions() -> None:
    hk = pytest.importorskip("haiku")

    def network(x: Any, training: bool) -> Any:
        x = hk.BatchNorm(True, True, 0.9)(hk.Conv2D(4, 3)(x), is_training=training)
        return hk.Linear(3)(hk.Flatten()(hk.AvgPool(2, 2, "SAME")(jax.nn.relu(x))))

    pair = hk.without_apply_rng(hk.transform_with_state(network))
    image = np.random.default_rng(0).normal(size=(1, 5, 5, 2)).astype(np.float32)
    parameters, state = pair.init(jax.random.key(0), image, True)

    def at_inference(p: Any, x: Any) -> Any:
        return pair.apply(p, state, x, False)[0]

    net = from_jax(at_inference, image.shape, parameters)
    assert net.parameter_count == sum(each.size for each in jax.tree.leaves(parameters))
    got = np.asarray(net.evaluate(np.moveaxis(image, -1, 1)[0]), float)
    np.testing.assert_allclose(got, at_inference(parameters, image)[0], 1e-3, 1e-4)
