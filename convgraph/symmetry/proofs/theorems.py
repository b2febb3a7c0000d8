"""Two more theorems for all sizes: the converse of equivariance, and strides as downsampling."""

from __future__ import annotations

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size, as_size
from convgraph.core.sympified import sympified
from convgraph.layers.convolution import STRIDE_RULE, Conv
from convgraph.layers.pooling import AvgPool, MaxPool
from convgraph.symmetry.proofs.derivation import Chain
from convgraph.symmetry.proofs.premises import (
    converse_given,
    converse_variables,
    downsampling_given,
)
from convgraph.symmetry.proofs.proof import Proof
from convgraph.symmetry.statements.dense import WINDOWS
from convgraph.symmetry.statements.statement import Statement
from convgraph.symmetry.statements.vocabulary import Impulse, applied

__all__ = ["prove_converse", "prove_downsampling"]


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
    s = sympified(as_size("stride", stride, STRIDE_RULE))
    known = converse_given(s)
    entry, claim = known.claims
    i, a, b, j, t = converse_variables(s)
    matrix, w = "M", "w"
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
    return Proof(statement, known.definitions, known.claims, tuple(chain.steps), claim.as_sympy)


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
    if not isinstance(spec, WINDOWS):
        raise ConvgraphError(f"spec={spec!r}: a convolution or a pooling layer, such as Conv(3)")
    known = downsampling_given(spec, channels)
    _, strided = known.definitions
    (claim,) = known.claims
    chain = Chain()
    chain.begin(claim)
    chain.to(strided.right, "definition", "y")
    chain.to(claim.right, "definition", "z")
    statement = Statement("downsampling", spec, None, "line", channels, claim, known.notes)
    return Proof(statement, known.definitions, known.claims, tuple(chain.steps), claim.as_sympy)
