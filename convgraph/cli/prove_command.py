"""`convgraph prove`: that layers commute with shifts, for all sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import print_json, print_lines, print_text, progress
from convgraph.cli.shared_arguments import SpecType
from convgraph.core.sympified import sympified

if TYPE_CHECKING:
    from convgraph.core.sizes import Size
    from convgraph.symmetry.proofs.proof import Proof
    from convgraph.symmetry.transformations.geometric import Shift

NOT_PROVED = 1


class SpecOrModel(SpecType):
    """A spec, or the name of an ONNX file."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if not str(value).endswith(".onnx"):
            return super().convert(value, param, ctx)
        from convgraph.importers.onnx.graph import from_onnx

        return from_onnx(value)


@click.command("prove")
@click.argument("expression", type=SpecOrModel(), metavar="EXPRESSION")
@click.option(
    "--shift",
    required=True,
    metavar="AMOUNT",
    help="Positions, such as s*t; one for each axis: s*t,0. A letter of EXPRESSION is positive, "
    "any other may be negative.",
)
@click.option("--axis", type=int, default=-1, help="The axis of a single amount; by default -1.")
@click.option(
    "--where",
    type=click.Choice(["line", "circle", "interior", "frame"]),
    default="line",
    show_default=True,
    help="What lies beyond the border; see `convgraph.prove`.",
)
@click.option("--channels", metavar="NUMBER", help="Input channels: a number or a letter.")
@click.option("--row", metavar="ROW", help="The row of a model to stop at; its output by default.")
@click.option("--latex", "form", flag_value="latex", help="Print LaTeX.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--smt2", "form", flag_value="smt2", help="Print an SMT-LIB 2 script.")
@click.option("--verify", is_flag=True, help="Check every step anew, and ask z3 if it is there.")
@click.pass_context
def command(
    context: click.Context,
    expression: Any,
    shift: str,
    axis: int,
    where: Any,
    channels: str | None,
    row: str | None,
    form: str | None,
    verify: bool,
) -> None:
    """Prove that the layers that EXPRESSION describes commute with a shift, for all sizes.

    EXPRESSION may also be an ONNX model, whose layers are taken for an input of any size.

    A proof is printed step by step. What does not hold is refuted by a counterexample, with the
    exit status 1; so is what stays undecided.

    \b
    convgraph prove "Conv(k, stride=s)" --shift "s*t"
    convgraph prove "Conv(3, padding='same') >> ReLU()" --shift 1 --where interior --verify
    convgraph prove resnet50.onnx --row r171 --shift 32,0 --verify
    """
    import convgraph as cg

    inputs = None if channels is None else _channels(channels)
    moved = _shift(expression, shift, axis, where)
    checks: list[str] = []
    with progress("The proof", 2) as step:
        found = cg.prove(expression, moved, where, inputs, row)
        step()
        if verify and isinstance(found, cg.Proof) and form != "smt2":
            checks = _checks(found)
        step()
        if form == "json":
            print_json({**found.to_dict(), **({"checks": checks} if checks else {})})
        elif form == "smt2":
            print_text(_smt2(found), nl=False)
        elif isinstance(found, cg.Proof):
            print_text(getattr(found, form)() if form else str(found))
            print_lines(checks)
        else:
            print_text(str(found))
    if not isinstance(found, cg.Proof):
        context.exit(NOT_PROVED)


def _channels(text: str) -> Size:
    """The number of input channels, or a letter for it."""
    from convgraph.cli.expression import parse_amounts
    from convgraph.core.errors import ConvgraphError

    amounts = parse_amounts("channels", text)
    if len(amounts) != 1:
        raise ConvgraphError(f"channels={text!r}: one number, or one letter")
    return amounts[0]


def _shift(spec: Any, text: str, axis: int, where: str) -> Shift:
    """The shift that a text describes; letters that the spec does not have are of either sign."""
    import sympy as sp

    import convgraph as cg
    from convgraph.cli.expression import parse_amounts
    from convgraph.symmetry.instances.symbol_values import free_symbols

    sizes = free_symbols(spec)
    amounts = []
    for amount in map(sympified, parse_amounts("shift", text)):
        free = {s: sp.Symbol(s.name, integer=True) for s in amount.free_symbols - sizes}
        moved = amount.xreplace(free)
        amounts.append(int(moved) if moved.is_Integer else moved)
    boundary: Any = "wrap" if where == "circle" else "zeros"
    return cg.Shift(amounts[0] if len(amounts) == 1 else tuple(amounts), axis, boundary)


def _checks(proof: Proof) -> list[str]:
    """What the checks of a proof come to."""
    from importlib.util import find_spec

    proof.verify()
    lines = [f"checked: {len(proof.steps)} steps follow"]
    if find_spec("z3") is None:
        return [*lines, "z3 is not installed: pip install 'convgraph[smt]'"]
    again = proof.recheck()
    found = "confirmed" if again.holds else "not confirmed"
    lemmas = sum(answer.query.lemma for answer in again.answers)
    asked = f"{lemmas} lemmas and {len(again.answers) - lemmas} questions"
    return [*lines, f"z3: {found}, {asked}"]


def _smt2(found: Any) -> str:
    from convgraph.core.errors import ConvgraphError
    from convgraph.symmetry.proofs.refutation import Undecided

    if isinstance(found, Undecided):
        raise ConvgraphError(f"where={found.where!r}: {found}")
    return str(found.smt2())
