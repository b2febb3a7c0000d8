"""Proofs for all sizes that layers commute with shifts."""

from __future__ import annotations

from typing import Literal, get_args

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.named_row import output_row, rows_before
from convgraph.core.network import Network
from convgraph.core.sizes import Size, is_symbolic
from convgraph.layers.spec import Spec
from convgraph.symmetry.instances.find_instances import instances
from convgraph.symmetry.proofs.derivation import argue
from convgraph.symmetry.proofs.premises import in_setting, own
from convgraph.symmetry.proofs.proof import Proof
from convgraph.symmetry.proofs.refutation import Refutation, Undecided, refute
from convgraph.symmetry.proofs.row_shifts import Unproved
from convgraph.symmetry.statements.statement import Statement
from convgraph.symmetry.transformations.geometric import Shift
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["behind", "prove"]

Asked = Literal["line", "circle", "interior", "frame"]
WHERE_RULE = 'where is "line", "circle", "interior" or "frame"'

AT_THE_BORDER = "the border reaches some outputs"


@checked
def prove(
    spec: Spec | Network,
    transformation: Transformation,
    where: Asked | None = None,
    channels: Size | None = None,
    row: str | None = None,
) -> Proof | Refutation | Undecided:
    """Prove for all sizes that a spec commutes with a shift, or refute it.

    Sizes, strides, dilations, paddings, numbers of channels and the amount of the shift may be
    sympy symbols. A shift of the input by s t is one of the output by t behind a stride of s;
    through a stack strides multiply.

    Parameters
    ----------
    spec
        A layer, or layers joined by `>>`, `Residual` or `Parallel`. Or a bound network, a model
        that was read among them: what is proved of its layers holds for an input of any size, on a
        circle for the size that it has.
    transformation
        A `Shift`. For others there is no proof, but perhaps a counterexample.
    where
        What lies beyond the border. "line": nothing does, every row has a position at each
        integer (the plane, for two axes). "circle": positions are counted modulo the size, which
        the strides divide (the torus); layers have to go around it (`padding_mode="circular"`, or
        no padding and windows that do not overlap). "interior": a finite frame, and the claim is
        for the outputs that its border does not reach; the proof says exactly which these are.
        "frame": all outputs of a finite frame, zeros filled in; for a shift with boundary "wrap" it
        is a circle of any size. By default the line for a shift with boundary "zeros", the circle
        for one with boundary "wrap": nothing wraps on a line, and nothing comes in on a circle.
    channels
        Input channels; one unnamed channel by default. A network has its own.
    row
        Up to which row of a network; its output by default.

    Returns
    -------
    Proof, Refutation or Undecided
        Each has `holds`: True, False or None.

    Raises
    ------
    ConvgraphError
        If the spec takes no such input, the shift has other axes, or its boundary is not one of
        `where`.

    Examples
    --------
    >>> import convgraph as cg
    >>> from sympy import Symbol, symbols
    >>> k, s = symbols("k s", integer=True, positive=True)
    >>> t = Symbol("t", integer=True)
    >>> proof = cg.prove(cg.Conv(k, stride=s), cg.Shift(s * t))
    >>> print(proof)
    Theorem. Conv(k, stride=s) commutes with Shift(s*t) on the whole line:
        y'[i] = y[i - t]
    Given
        x'[i] = x[i - s*t]
        y[i] = sum[j=0..k - 1] w[j]*x[s*i + j]
        and a prime marks what is computed from the shifted input.
    Proof
        y'[i]
          = sum[j=0..k - 1] w[j]*x'[s*i + j]
              (1) definition of y'
          = sum[j=0..k - 1] w[j]*x[s*i + j - s*t]
              (2) definition of x'
          = sum[j=0..k - 1] w[j]*x[s*(i - t) + j]
              (3) the same index
          = y[i - t]
              (4) definition of y
    Therefore y'[i] = y[i - t].
    >>> proof.verify()
    True

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.2.
    """
    if where is not None and not (isinstance(where, str) and where in get_args(Asked)):
        raise ConvgraphError(f"where={where!r}: {WHERE_RULE}")
    subject = _subject(spec, channels, row)
    if not isinstance(transformation, Shift):
        asked: Asked = "frame"
        reason = "proofs are about shifts"
    else:
        asked = where or ("circle" if transformation.boundary == "wrap" else "line")
        try:
            return _proved(subject, transformation, asked, channels)
        except Unproved as unproved:
            reason = str(unproved)
    found = refute(subject, transformation, asked, channels, reason)
    if found is None and reason == AT_THE_BORDER:
        reason = "proofs are sought away from borders only"
    return found or Undecided(subject, transformation, asked, reason)


def _subject(spec: Spec | Network, channels: Size | None, row: str | None) -> Spec | Network:
    """What the question is about: a spec, or a network up to a row."""
    if isinstance(spec, Network):
        if channels is not None:
            raise ConvgraphError(f"channels={channels!r}: a bound network has its own")
        if any(is_symbolic(each.shape) for each in spec.rows):
            raise ConvgraphError(
                f"spec={spec!r}: a network has numbers for its sizes; a spec is proved for inputs "
                "of any size as it is, without .on(...)"
            )
        return behind(spec, row)
    if not isinstance(spec, Spec):
        raise ConvgraphError(
            f"spec={spec!r}: a proof is about a spec, such as Conv(k, stride=s), or a network"
        )
    if row is not None:
        raise ConvgraphError(f"row={row!r}: a row is one of a bound network's")
    return spec


def behind(network: Network, row: str | None) -> Network:
    """The part of a network that computes a row, its only output by default."""
    target = network.layer(output_row(network, row).name).target
    needed = rows_before(network, target.name)
    return Network.of(
        [each for each in network.rows if each.name in needed],
        [layer for layer in network.layers if layer.target.name in needed],
        [each for each in network.inputs if each.name in needed],
        [target],
    )


def _proved(spec: Spec | Network, shift: Shift, asked: Asked, channels: Size | None) -> Proof:
    around = asked == "frame" and shift.boundary == "wrap"
    place: Asked = "circle" if around else asked
    if place == "frame":
        raise Unproved(AT_THE_BORDER)
    bound, known = in_setting(spec, shift, place, channels)
    if around and isinstance(spec, Spec) and not bound.of_any_size:
        raise Unproved("the strides do not divide every size")
    steps, known = argue(bound, known), own(known)
    claim = known.claims[-1]
    statement = Statement("equivariance", spec, shift, place, channels, claim, known.notes)
    try:
        known.check(steps)
        instances(statement)
    except ConvgraphError as wrong:  # a step that no rule allows, or an instance that fails
        raise Unproved(str(wrong).split(";")[0]) from None
    return Proof(statement, known.definitions, known.claims, steps, claim.as_sympy)
