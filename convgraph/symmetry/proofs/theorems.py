"""Two more theorems for all sizes: the converse of equivariance, and strides as downsampling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size, as_size
from convgraph.core.window import Window
from convgraph.layers.arguments import as_sizes
from convgraph.layers.convolution import STRIDE_RULE, Conv
from convgraph.layers.pooling import AvgPool, MaxPool
from convgraph.symmetry.proofs.argument import Chain
from convgraph.symmetry.proofs.equation import Equation
from convgraph.symmetry.proofs.meaning import meaning
from convgraph.symmetry.proofs.opening import setting
from convgraph.symmetry.proofs.proof import Proof, Statement
from convgraph.symmetry.proofs.restate import Hypotheses
from convgraph.symmetry.proofs.setting import Setting
from convgraph.symmetry.proofs.vocabulary import Impulse, applied, index, unused
from convgraph.symmetry.proofs.walking import axis_pairs

__all__ = ["converse_given", "downsampling_given", "prove_converse", "prove_downsampling"]


def prove_converse(stride: Size = 1) -> Proof:
    """Prove that a linear map that commutes with every shift is a convolution.

    Let y[i] be the sum of M[i, a] x[a] over all integers a, where each output reads finitely many
    inputs. If shifting every input x by s t shifts the output by t, for all t, then M[i, a]
    depends on a - s i only: the parameters are tied, and M is a convolution of stride s.

    Parameters
    ----------
    stride
        The shift of the input that is a shift of the output by one.

    >>> proof = prove_converse()
    >>> proof.conclusion.rhs
    Sum(w(j)*x(i + j), (j, -oo, oo))
    >>> proof.verify()
    True

    References
    ----------
    Bronstein, Bruna, Cohen and Velickovic, Geometric Deep Learning (2021), section 3.1.
    """
    s = sp.sympify(as_size("stride", stride, STRIDE_RULE))
    hypotheses, claim, _ = converse_given(s)
    i, a, b, j, t = _converse_variables(s)
    matrix, w = "M", "w"
    entry = Equation(applied(matrix, i, a), applied(w, a - s * i))
    away = Impulse(b - (a - s * i))
    chain = Chain()
    chain.begin(entry)
    chain.to(sp.Sum(applied(matrix, i, b) * Impulse(b - a), (b, -sp.oo, sp.oo)), "sift")
    chain.to(
        sp.Sum(applied(matrix, 0, b) * away, (b, -sp.oo, sp.oo)),
        "hypothesis",
        "assumption",
        (t, i, applied("x", b), away),
    )
    chain.to(applied(matrix, 0, a - s * i), "sift")
    chain.to(entry.right, "definition", w)
    chain.begin(claim)
    every = (j, -sp.oo, sp.oo)
    chain.to(sp.Sum(applied(matrix, i, j) * applied("x", j), every), "definition", "y")
    chain.to(sp.Sum(applied(w, j - s * i) * applied("x", j), every), "lemma", matrix)
    chain.to(claim.right, "reindex", data=(j, j + s * i))
    statement = Statement("converse", s, None, "line", None, claim)
    return Proof(statement, hypotheses, (entry, claim), tuple(chain.steps), claim.as_sympy)


def _converse_variables(s: sp.Expr) -> tuple[sp.Symbol, ...]:
    taken = {symbol.name for symbol in s.free_symbols}
    return tuple(index(unused(name, taken)) for name in "iabjt")


def converse_given(s: sp.Expr) -> Hypotheses:
    """What the converse assumes, and what it claims."""
    i, _, b, j, t = _converse_variables(s)

    def total(kernel: sp.Expr, at: sp.Expr, var: sp.Symbol) -> sp.Expr:
        return sp.Sum(kernel * applied("x", at), (var, -sp.oo, sp.oo))

    commutes = Equation(
        total(applied("M", i, b), b - s * t, b),
        total(applied("M", i - t, b), b, b),
        quantified=(i, t, applied("x", b)),
    )
    kernel = Equation(applied("w", j), applied("M", 0, j))
    output = Equation(applied("y", i), total(applied("M", i, j), j, j))
    claim = Equation(applied("y", i), total(applied("w", j), s * i + j, j))
    return (commutes, kernel, output), claim, ()


def prove_downsampling(spec: Conv | MaxPool | AvgPool, channels: Size | None = None) -> Proof:
    """Prove that a layer of stride s is the layer of stride 1, of which every s-th output is kept.

    Both have the same padding before the first position. (The word "same" may stand for another
    padding at another stride: here it means that of the layer with the stride.)

    Parameters
    ----------
    spec
        A convolution or a pooling layer.
    channels
        Input channels; one unnamed channel by default.

    >>> import sympy as sp
    >>> k, s = sp.symbols("k s", integer=True, positive=True)
    >>> prove_downsampling(Conv(k, stride=s)).conclusion
    Eq(y(i), z(i*s))

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figure 9.12.
    """
    if not isinstance(spec, Conv | MaxPool | AvgPool):
        raise ConvgraphError(f"spec={spec!r}: a convolution or a pooling layer, such as Conv(3)")
    hypotheses, claim, notes = downsampling_given(spec, channels)
    _, strided = hypotheses
    chain = Chain()
    chain.begin(claim)
    chain.to(strided.right, "definition", "y")
    chain.to(claim.right, "definition", "z")
    statement = Statement("downsampling", spec, None, "line", channels, claim, notes)
    return Proof(statement, hypotheses, (claim,), tuple(chain.steps), claim.as_sympy)


def _still(spec: Any, channels: Size | None) -> Setting:
    return setting(spec, (0,) * spec.rank, "line", channels)


def downsampling_given(spec: Any, channels: Size | None) -> Hypotheses:
    """The two layers, and that one is the other at every s-th position."""
    bound = _still(spec, channels)
    (layer,) = bound.network.layers
    strided = meaning(layer, bound)
    padding = tuple(
        (bound.named(axis.padding),) * 2
        for axis, place, _ in axis_pairs(layer.joints[0], layer.target)
        if isinstance(axis, Window) and place is not None and _in_space(place, layer.joints[0])
    )
    dense = replace(spec, stride=1, padding=padding)
    whole = _still(dense, channels)
    every = meaning(whole.network.layers[0], whole)
    z = Equation(applied("z", *every.variables), every.right)
    strides = as_sizes("stride", spec.stride or spec.kernel, spec.rank, STRIDE_RULE)
    lead = len(strided.variables) - spec.rank
    kept = [i if a < lead else strides[a - lead] * i for a, i in enumerate(strided.variables)]
    return (z, strided), Equation(strided.left, applied("z", *kept)), bound.notes()


def _in_space(place: int, joint: Any) -> bool:
    return place >= joint.source.channels
