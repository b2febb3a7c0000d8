"""Attention written in JAX: positions that a mask hides, against what moves when they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convgraph as cg

jax = pytest.importorskip("jax")
jnp = jax.numpy

TRIL = np.tril(np.ones((5, 5), bool))
SHAPE = (5, 3)


def _moved(function: Any, shape: tuple[int, ...]) -> set[tuple[int, int]]:
    """Which positions of a sequence move when one is given other numbers, several times."""
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(3):
        x = rng.standard_normal(shape).astype(np.float32)
        before = np.asarray(function(x)).reshape(shape[0], -1)
        for seen in range(shape[0]):
            other = x.copy()
            other[seen] = rng.standard_normal(shape[1:])
            after = np.asarray(function(other)).reshape(shape[0], -1)
            found |= {(int(at), seen) for at in np.flatnonzero((before != after).any(1))}
    return found


def _read(net: cg.Network) -> set[tuple[int, int]]:
    row = net.outputs[0]
    found = set()
    for at in range(row.shape[0]):
        units = row.unit((at, *[0] * (len(row.shape) - 1)))
        field = cg.receptive_field(net, units)
        found |= {(at, int(index[0])) for index in field.indices}
    return found


def _scores(x: Any) -> Any:
    return x @ x.T / 1.7


ATTENTION = {
    "nothing hidden": lambda x: jax.nn.softmax(_scores(x), axis=-1) @ x,
    "where, infinity": lambda x: (
        jax.nn.softmax(jnp.where(TRIL, _scores(x), -jnp.inf), axis=-1) @ x
    ),
    "where, the least number": lambda x: (
        jax.nn.softmax(jnp.where(TRIL, _scores(x), jnp.finfo(jnp.float32).min), axis=-1) @ x
    ),
    "added": lambda x: jax.nn.softmax(_scores(x) + np.where(TRIL, 0, -np.inf), axis=-1) @ x,
    "over columns": lambda x: (
        jax.nn.softmax(jnp.where(TRIL.T, _scores(x), -jnp.inf), axis=0).T @ x
    ),
    "by hand": lambda x: (
        (lambda e: (e / e.sum(-1, keepdims=True)) @ x)(
            jnp.exp(jnp.where(TRIL, _scores(x), -jnp.inf))
        )
    ),
    "cut off": lambda x: jnp.tril(_scores(x)) @ x,
    "times numbers": lambda x: (_scores(x) * TRIL * 0.5) @ x,
    "made numbers": lambda x: jnp.nan_to_num(
        jax.nn.softmax(jnp.where(TRIL, _scores(x), -jnp.inf), axis=-1)
    ) @ x,
    "logarithms": lambda x: jnp.exp(
        jax.nn.log_softmax(jnp.where(TRIL, _scores(x), -jnp.inf), axis=-1)
    ) @ x,
}  # fmt: skip


@pytest.mark.parametrize("name", ATTENTION)
def test_fields_are_what_moves(name: str) -> None:
    function = ATTENTION[name]
    net = cg.from_jax(function, SHAPE)
    moved = _moved(function, SHAPE)
    assert _read(net) == moved
    x = np.arange(15).reshape(SHAPE) / 7 - 1
    assert np.allclose(net.evaluate(x).reshape(SHAPE), function(x), atol=1e-5)


def test_attention_of_jax_is_causal_where_it_is_said_to_be() -> None:
    def function(x: Any) -> Any:
        return jax.nn.dot_product_attention(x[None], x[None], x[None], is_causal=True)[0]

    net = cg.from_jax(function, (5, 2, 3))
    assert _read(net) == _moved(function, (5, 2, 3))


def test_other_quotients_of_exponentials_are_no_softmax() -> None:
    def shared(x: Any) -> Any:
        powers = jnp.exp(x)
        return powers / powers.sum(-1, keepdims=True) + powers

    def twice(x: Any) -> Any:
        return jnp.exp(x) / jnp.exp(2 * x).sum(-1, keepdims=True)

    def both(x: Any) -> Any:
        return jax.nn.softmax(x, axis=(0, 1))

    x = np.arange(6).reshape(2, 3) / 5
    for function in (shared, twice, both):
        net = cg.from_jax(function, (2, 3))
        assert np.allclose(net.evaluate(x).reshape(2, 3), function(x), atol=1e-5)
