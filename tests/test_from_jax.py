"""Functions of JAX: values as JAX computes them, fields as its derivatives say, parameters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

import convgraph as cg  # noqa: E402
from convgraph import ConvgraphError, from_jax, receptive_fields  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # jax warns of its own parts
LAST = ("NHWC", "HWIO", "NHWC")


def drawn(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def whole(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


def first(array: np.ndarray, last: bool) -> np.ndarray:
    """An array as its row stands: channels first."""
    return np.moveaxis(array, -1, 1) if last and array.ndim >= 3 else array


def compared(
    function: Callable[..., Any], shape: tuple[int, ...], last: bool = False, parameters: Any = None
) -> Any:
    """The network of a function, whose values are those of JAX."""
    net = from_jax(function, shape, parameters, strict=True)
    x = jnp.asarray(drawn(3, shape))
    wanted = np.asarray(function(x) if parameters is None else function(parameters, x))
    row = first(x, last).reshape(net.inputs[0].shape)
    got = net.evaluate(row)
    wanted = first(wanted, last).reshape(net.outputs[0].shape)
    np.testing.assert_allclose(np.asarray(got, float), wanted, 1e-3, 1e-4)
    return net


def seen_by(net: Any) -> np.ndarray:
    """Which inputs each output sees."""
    place = {unit: i for i, unit in enumerate(net.inputs[0].units())}
    fields = receptive_fields(net)
    seen = np.zeros((int(net.outputs[0].size), len(place)), bool)
    for row, unit in zip(seen, net.outputs[0].units(), strict=True):
        row[[place[other] for other in fields[unit]]] = True
    return seen


def changed_by(function: Callable[..., Any], shape: tuple[int, ...], last: bool) -> np.ndarray:
    """Which inputs change each output, by the Jacobian at points that are drawn."""
    found: Any = False
    for seed in range(3):
        x = drawn(seed, shape)
        made = np.asarray(jax.jacobian(function)(x))
        outs = made.ndim - x.ndim
        if last:
            made = np.moveaxis(made, -1, outs + 1)
            made = np.moveaxis(made, outs - 1, 1) if outs >= 3 else made
        found = found | (np.abs(made.reshape(-1, x.size)) > 1e-7)
    return np.asarray(found)


def conv(x: Any, w: Any, stride: int = 1, padding: Any = "SAME", **more: Any) -> Any:
    rank = x.ndim - 2
    names = LAST if rank == 2 else ("NWC", "WIO", "NWC")
    return lax.conv_general_dilated(
        x, w, (stride,) * rank, padding, dimension_numbers=names, **more
    )


def pooled(x: Any, kind: str) -> Any:
    how = {"max": (-jnp.inf, lax.max), "sum": (0.0, lax.add)}[kind]
    return lax.reduce_window(x, *how, (1, 3, 2, 1), (1, 2, 2, 1), "SAME")


def by_steps(w: Any, x: Any) -> Any:
    def step(h: Any, now: Any) -> Any:
        h = jnp.tanh(h @ w + now)
        return h, h

    return lax.scan(step, jnp.zeros(x.shape[-1]), x)[1]


def shaken(x: Any) -> Any:
    return lax.cond(x.sum() > 0, lambda v: v[::-1], lambda v: 2 * v, x)


W = drawn(11, (3, 3, 2, 4))
FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[int, ...], bool]] = {
    "convolution": (lambda x: conv(x, W), (1, 5, 6, 2), True),
    "stride": (lambda x: conv(x, W, 2, [(1, 2), (0, 1)]), (1, 7, 6, 2), True),
    "dilated": (lambda x: conv(x, W, 1, "VALID", rhs_dilation=(2, 1)), (1, 7, 6, 2), True),
    # a convolution's own negative padding gives on CPUs what lies in memory beyond the array
    "cut off": (
        lambda x: conv(lax.pad(x, 0.0, [(0, 0, 0), (-1, 1, 0), (0, 0, 0), (0, 0, 0)]), W),
        (1, 7, 6, 2), True,
    ),
    "grouped": (
        lambda x: conv(x, drawn(1, (3, 3, 1, 4)), feature_group_count=2), (1, 4, 4, 2), True
    ),
    "transposed": (
        lambda x: lax.conv_transpose(x, W, (2, 2), "SAME", dimension_numbers=LAST),
        (1, 3, 4, 2), True,
    ),
    "transposed with room": (
        lambda x: lax.conv_transpose(x, W, (3, 2), "VALID", dimension_numbers=LAST),
        (1, 2, 3, 2), True,
    ),
    "channels first": (
        lambda x: lax.conv(x, drawn(2, (3, 2, 3, 3)), (1, 1), "SAME"), (1, 2, 4, 5), False
    ),
    "one axis": (lambda x: conv(x, drawn(2, (3, 2, 3))), (1, 6, 2), True),
    "greatest": (lambda x: pooled(x, "max"), (1, 5, 6, 2), True),
    "mean of what is there": (
        lambda x: pooled(x, "sum") / pooled(jnp.ones_like(x), "sum"), (1, 5, 6, 2), True
    ),
    "normalised": (
        lambda x: (conv(x, W) - drawn(5, (4,))) * drawn(6, (4,)) + drawn(7, (4,)),
        (1, 4, 4, 2), True,
    ),
    "gate": (
        lambda x: x * jax.nn.sigmoid(jnp.mean(x, (1, 2), keepdims=True) @ drawn(1, (2, 2))),
        (1, 3, 3, 2), False,
    ),
    "a matrix on channels": (
        lambda x: jnp.tanh(conv(x, W)) @ drawn(1, (4, 4)) + drawn(2, (4,)), (1, 3, 4, 2), True
    ),
    "twice as large": (
        lambda x: jnp.repeat(jnp.repeat(conv(x, W), 2, 1), 3, 2), (1, 3, 2, 2), True
    ),
    "flattened": (
        lambda x: conv(x, W).reshape(1, -1)[:, 3:] @ drawn(1, (45, 3)), (1, 3, 4, 2), True
    ),
    "attention": (
        lambda x: jax.nn.softmax(jnp.einsum("btc,bsc->bts", x, x) / 2) @ x, (1, 4, 3), False
    ),
    "heads": (
        lambda x: jnp.einsum(
            "bhts,bshd->bthd", jnp.einsum("bthd,bshd->bhts", x, 2 * x), x
        ).reshape(1, 3, 4),
        (1, 3, 2, 2), False,
    ),
    "layer norm": (
        lambda x: (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-3),
        (1, 3, 4), False,
    ),
    "turned": (lambda x: jnp.rot90(x.transpose(0, 2, 1), axes=(1, 2)), (1, 3, 4), False),
    "rolled": (lambda x: jnp.roll(x, 2, 1) + jnp.flip(x, 1), (1, 5), False),
    "padded": (
        lambda x: lax.pad(x, 0.0, [(0, 0, 0), (2, -1, 0), (1, 0, 2)]), (1, 4, 3), False
    ),
    "padded with something": (lambda x: jnp.pad(x, ((0, 0), (2, 1)), "reflect"), (1, 4), False),
    "picked": (lambda x: x[:, jnp.array([3, 0, 0])] + x[:, 1:4], (1, 5), False),
    "picked pairs": (lambda x: x[0, jnp.array([0, 2]), jnp.array([1, 1])], (1, 3, 2), False),
    "put": (lambda x: x.at[:, 1:3].set(7.0).at[:, 4].add(x[:, 0]), (1, 5), False),
    "put a part": (lambda x: lax.dynamic_update_slice(x, 3 * x[:, :2], (0, 2)), (1, 5), False),
    "joined": (
        lambda x: jnp.concatenate([conv(x, W), x, jnp.ones((1, 3, 3, 1))], -1), (1, 3, 3, 2), True
    ),
    "stacked": (lambda x: jnp.stack([x, 2 * x], 1) * jnp.ones((1, 2, 3)), (1, 3), False),
    "resized": (
        lambda x: jax.image.resize(conv(x, W), (1, 7, 4, 4), "linear"), (1, 4, 3, 2), True
    ),
    "before": (lambda x: jnp.cumsum(x, 1) + lax.cummax(x[:, ::-1], 1), (1, 4), False),
    "a table of numbers": (lambda x: x @ jnp.tril(jnp.ones((4, 4))) + x[:, ::-1], (1, 4), False),
    "functions": (
        lambda x: jnp.expm1(x) + jnp.log1p(x**2) + lax.rsqrt(x**2 + 1) + jnp.cbrt(x)
        + jax.nn.gelu(x) + jnp.arctan2(x, x[:, ::-1]) + jax.nn.softplus(x) + jnp.exp2(x)
        + jnp.where(x > 0, x, 3 * x) + jnp.clip(x, -1, x[:, ::-1]) + x**3 + 1 / x,
        (1, 4), False,
    ),
    "unrolled": (lambda x: by_steps(drawn(1, (2, 2)), x), (3, 2), False),
    "backwards": (
        lambda x: lax.associative_scan(jnp.add, x, reverse=True, axis=0), (4, 2), False
    ),
    "counted": (lambda x: lax.fori_loop(0, 3, lambda i, v: v + jnp.roll(v, i), x), (5,), False),
    "for each": (lambda x: jax.vmap(lambda v: jnp.outer(v, v))(x), (2, 3), False),
    "branch": (shaken, (4,), False),
    "checkpointed": (jax.checkpoint(lambda x: jnp.sin(x) + x[:, ::-1]), (1, 4), False),
    "jitted": (jax.jit(lambda x: jnp.tanh(x).sum(1)), (2, 3), False),
}  # fmt: skip
# a condition reads what it compares, and a greatest value what is less: their derivative is zero
WIDER = {"branch", "functions", "greatest", "before"}


# one of each kind; derivatives are compiled, which takes a second or several for each
QUICK = {"dilated", "transposed with room", "greatest", "mean of what is there", "normalised",
         "turned", "put a part", "a table of numbers", "checkpointed", "jitted"}  # fmt: skip
NAMES = [
    pytest.param(name, marks=[] if name in QUICK else pytest.mark.exhaustive) for name in FUNCTIONS
]


@pytest.mark.parametrize("name", NAMES)
def test_values_and_fields_are_those_of_jax(name: str) -> None:
    function, shape, last = FUNCTIONS[name]
    net = compared(function, shape, last)
    seen, changed = seen_by(net), changed_by(function, shape, last)
    if name in WIDER:
        assert not np.any(changed & ~seen)
    else:
        assert np.array_equal(seen, changed)


@settings(deadline=None, max_examples=4)
@given(st.data())
def test_drawn_networks(data: st.DataObject) -> None:
    """Layers one behind the other, drawn: values on whole numbers, and parameters."""
    draw = data.draw
    parameters: dict[str, Any] = {}
    steps: list[Callable[[Any, Any], Any]] = []
    start = channels = draw(st.integers(1, 2))
    for number in range(draw(st.integers(1, 4))):
        kinds = ["conv", "pool", "residual", "dense"] if number else ["conv"]
        kind, key, seed = draw(st.sampled_from(kinds)), f"layer_{number}", draw(st.integers(0, 99))
        if kind == "pool":
            steps.append(
                lambda p, x: lax.reduce_window(x, 0.0, lax.add, (1, 2, 1), (1, 1, 1), "SAME")
            )
            continue
        wide = channels if kind == "residual" else draw(st.integers(1, 3))
        taps = 1 if kind == "dense" else draw(st.integers(1, 3))
        parameters[key] = {"kernel": whole(seed, (taps, channels, wide)) + 0.5}
        stride, spread = draw(st.integers(1, 2)), draw(st.integers(1, 2))

        def layer(p: Any, x: Any, key: str = key, kind: str = kind,
                  stride: int = stride, spread: int = spread) -> Any:  # fmt: skip
            w = p[key]["kernel"]
            if kind == "dense":
                return x @ w[0]
            if kind == "residual":
                return x + conv(x, w, rhs_dilation=(spread,))
            return conv(x, w, stride, rhs_dilation=(spread,))

        steps.append(layer)
        channels = wide

    def network(p: Any, x: Any) -> Any:
        for step in steps:
            x = step(p, x)
        return x

    x = whole(1, (1, draw(st.integers(6, 8)), start))
    net = from_jax(network, x.shape, parameters, strict=True)
    got = net.evaluate(first(x, True).reshape(net.inputs[0].shape))
    wanted = first(np.asarray(network(parameters, x)), True)
    assert np.array_equal(np.asarray(got, float), wanted.reshape(net.outputs[0].shape))
    used = {f"{key}.kernel": w["kernel"].size for key, w in parameters.items()}
    assert net.parameter_count == sum(used.values())
    assert set(net.weights) == set(used)


def test_names_are_paths_and_what_moves_numbers_moves_labels() -> None:
    def network(p: Any, x: Any) -> Any:
        kernel = p["a"]["kernel"].at[0].set(0.0)  # masked
        x = conv(x, kernel)
        x = conv(x, p["a"]["kernel"][::-1, :, :, :].swapaxes(2, 3))  # turned, and shared
        return x * p["b"][0] + p["b"][1]

    parameters = {
        "a": {"kernel": jnp.asarray(drawn(0, (3, 3, 2, 2)))},
        "b": [jnp.asarray(drawn(1, (2,))), jnp.asarray(drawn(2, (2,)))],
    }
    net = compared(network, (1, 4, 4, 2), True, parameters)
    assert net.parameter_count == 36 + 4
    assert not net.caveats
    assert set(net.weights) == {"a.kernel", "b.0", "b.1"}
    # what is masked is used by the second convolution alone, whose labels are those of the first
    rows = [
        {target.split(":")[0] for _, target in cg.uses(net, name).edges}
        for name in ("a.kernel_1_2_1_1", "a.kernel_2_2_1_1")
    ]
    assert len(rows[0]) == 1
    assert len(rows[1]) == 2


def test_the_structure_does_without_numbers() -> None:
    shapes = {"w": jax.ShapeDtypeStruct((3, 3, 2, 4), np.float32)}
    net = from_jax(lambda p, x: conv(x, p["w"]), (1, 64, 64, 2), shapes)
    assert net.inputs[0].shape == (2, 64, 64)
    assert net.parameter_count == 72
    assert cg.report(net).rows[-1].multiply_adds == net.layers[0].connections


def test_what_is_not_known_is_said() -> None:
    def growing(x: Any) -> Any:
        return lax.while_loop(lambda v: v.sum() < 9, lambda v: v * 2, x)

    net = from_jax(growing, (3,))
    assert len(net.caveats) == 1
    assert "while" in net.caveats[0]
    assert seen_by(net).all()
    with pytest.raises(ConvgraphError, match=r"(?s)while.*ends when a computed value says so"):
        from_jax(growing, (3,), strict=True)
    spectrum = from_jax(lambda x: jnp.abs(jnp.fft.fft(x)), (4,))
    assert "fft" in " ".join(spectrum.caveats)
    with pytest.raises(ConvgraphError, match="fft"):
        from_jax(lambda x: jnp.abs(jnp.fft.fft(x)), (4,), strict=True)


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: from_jax(3, (4,)), r"function=int: a function of arrays"),
    (lambda: from_jax(jnp.sin, (4.5,)), r"input_shape"),
    (lambda: from_jax(jnp.sin, "abc"), r"input_shape"),
    (lambda: from_jax(jnp.sin, {}), r"input_shape"),
    (lambda: from_jax(lambda x: x @ x, (3, 4)), r"function: JAX cannot trace it on .*\(3, 4\)"),
    (lambda: from_jax(lambda x: x if x.sum() > 0 else -x, (3,)), r"cannot trace.*Tracer"),
    (lambda: from_jax(lambda x: jnp.ones(3), (3,)), r"none of its results depends"),
    (lambda: from_jax(lambda p, x: x, (3,), "params"), r"parameters=str: a tree of arrays"),
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_bad_input_is_said_in_one_error(number: int) -> None:
    call, message = BAD[number]
    with pytest.raises(ConvgraphError, match=message):
        call()


def test_inputs_by_name_and_whole_numbers() -> None:
    def network(p: Any, words: Any, scale: Any) -> Any:
        return p["table"][words] * scale

    table = {"table": drawn(0, (7, 3))}
    net = from_jax(network, {"words": jnp.zeros((4,), int), "scale": (3,)}, table)
    assert [row.name for row in net.inputs] == ["words", "scale"]
    got = net.evaluate({"words": [1, 6, 0, 2], "scale": [1, 2, 3]})
    wanted = network(table, np.array([1, 6, 0, 2]), np.array([1, 2, 3]))
    np.testing.assert_allclose(np.asarray(got, float), wanted, 1e-5)
    assert net.parameter_count == 21


def test_frames_of_a_batch_are_not_mixed() -> None:
    net = from_jax(lambda x: conv(x, W), (2, 4, 4, 2))
    assert (net.inputs[0].shape, net.outputs[0].shape) == ((2, 2, 4, 4), (2, 4, 4, 4))


def test_partial_functions_and_results_in_trees() -> None:
    def network(x: Any, train: bool) -> Any:
        return {"left": x[:2] * 2, "right": (x[2:], 3)} if not train else None

    net = from_jax(partial(network, train=False), (5,))
    assert [row.shape for row in net.outputs] == [(2,), (3,)]
