"""Checking a proof's statement again with z3, from the spec and not from the proof's steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.layers.spec import Spec
from convgraph.network.functional import bound
from convgraph.symmetry.instances.symbol_values import at_numbers
from convgraph.symmetry.smt.frame_question import N, frame_query
from convgraph.symmetry.smt.questions import questions
from convgraph.symmetry.smt.script import Query
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Statement
from convgraph.symmetry.transformations.geometric import Shift

__all__ = [
    "Answer",
    "Recheck",
    "ask",
    "frame_question",
    "lemma_table",
    "recheck",
    "recheck_frame",
]

TIMEOUT = 10_000  # milliseconds for one question; what takes longer is seldom answered at all
SHORT = 1_000  # of the first try
_LEMMAS: set[str] = set()  # that z3 has confirmed, once for all theorems


@dataclass(frozen=True)
class Answer:
    """One question, what z3 answered, and after how many milliseconds."""

    query: Query
    answer: str
    milliseconds: float

    @property
    def expected(self) -> bool:
        """Whether this is the answer that confirms the statement."""
        return self.answer == self.query.expected


@dataclass(frozen=True, repr=False)
class Recheck:
    """What z3 made of a statement.

    Attributes
    ----------
    answers
        Every question with its answer: "unsat" where no counterexample exists.
    smallest
        For a refutation, the smallest size of an input that is a counterexample.
    """

    answers: tuple[Answer, ...]
    smallest: int | None = None

    @property
    def holds(self) -> bool:
        """Whether every answer confirms the statement."""
        return all(answer.expected for answer in self.answers)

    @property
    def lemmas(self) -> tuple[str, ...]:
        """The lemmas that were used, in words; each is for all sizes, and was asked for itself."""
        return tuple(a.query.what for a in self.answers if a.query.lemma and a.expected)

    @property
    def milliseconds(self) -> float:
        """How long the answers took."""
        return sum(answer.milliseconds for answer in self.answers)

    def __str__(self) -> str:
        lines = [f"{a.query.what}: {a.answer} ({a.milliseconds:.0f} ms)" for a in self.answers]
        return "\n".join(lines)

    def __repr__(self) -> str:
        found = "holds" if self.holds else "not confirmed"
        return f"Recheck({found}: {len(self.answers)} questions)"


def recheck(statement: Statement, claims: Sequence[Equation]) -> Recheck:
    """Have z3 look for a counterexample to what is claimed of each row, the last as it is stated.

    The rows are uninterpreted functions of whole numbers, so that an answer is for all inputs, and
    sizes are whole numbers of which no more is known than what the statement says.

    Raises
    ------
    ConvgraphError
        If z3 is not installed.

    Examples
    --------
    >>> import convgraph as cg
    >>> proof = cg.prove(cg.Conv(3, padding="same"), cg.Shift(1), where="interior")
    >>> recheck(proof.statement, proof.claims)
    Recheck(holds: 5 questions)
    """
    return ask(questions(statement, claims))


def lemma_table(theorems: Mapping[str, Recheck]) -> str:
    """The lemmas that z3 confirmed for all sizes, and which theorems use each.

    >>> import convgraph as cg
    >>> pooled = cg.prove(cg.GlobalMaxPool(), cg.Shift(1, boundary="wrap"))
    >>> print(lemma_table({"pooling": pooled.recheck()}))
    terms that are equal one by one have the same max: pooling
    a max over a circle may begin anywhere on it: pooling
    """
    users: dict[str, list[str]] = {}
    for name, found in theorems.items():
        for lemma in found.lemmas:
            users.setdefault(lemma, []).append(name)
    return "\n".join(f"{lemma}: {', '.join(names)}" for lemma, names in users.items())


def ask(asked: Iterable[Query]) -> Recheck:
    """Have z3 answer questions, whatever they are about."""
    z3 = solver()
    return Recheck(tuple(_asked(z3, query) for query in asked))


def recheck_frame(query: Query) -> Recheck:
    """Have z3 find the smallest frame on which a refuted equation fails (see `frame_question`)."""
    z3 = solver()
    began = perf_counter()
    one = z3.Solver()
    one.set("timeout", TIMEOUT)
    _read(z3, one, query)
    n = z3.Int("n")
    smallest = None
    answer = one.check()
    while answer == z3.sat:
        smallest = one.model()[n].as_long()
        one.add(n < smallest)
        answer = one.check()
    settled = answer == z3.unsat and smallest is not None
    milliseconds = 1000 * (perf_counter() - began)
    found = Answer(query, "sat" if settled else str(answer), milliseconds)
    return Recheck((found,), smallest)


def frame_question(
    spec: Spec | Network, shift: Any, where: str, values: Mapping[sp.Symbol, int], row: Row
) -> Query:
    """The question on which frame a refuted equation fails; `row` is the input where one does."""
    if where != "frame" or not isinstance(shift, Shift):
        raise ConvgraphError(
            f"where={where!r}: z3 looks for the smallest counterexample on a frame"
        )
    numbered, moved = at_numbers(spec, values), at_numbers(shift, values)
    rank = len(row.shape) - row.channels
    channels = row.shape[0] if row.channels else None
    network = numbered if isinstance(spec, Network) else bound(numbered, (N,) * rank, channels)
    amounts = [int(a) for a in moved.amounts(rank)]
    return replace(frame_query(network, amounts), expected="sat")


def solver() -> Any:
    """The z3 module."""
    try:
        import z3
    except ImportError:
        raise ConvgraphError(
            "z3: this needs the SMT solver; install it with pip install 'convgraph[smt]'"
        ) from None
    return z3


def _asked(z3: Any, query: Query) -> Answer:
    began = perf_counter()
    if query.text in _LEMMAS:
        return Answer(query, query.expected, 0.0)
    # the core alone mostly answers before the other has simplified a question with products
    for solver, milliseconds in ((z3.SimpleSolver(), SHORT), (z3.Solver(), TIMEOUT)):
        solver.set("timeout", milliseconds)
        _read(z3, solver, query)
        answer = str(solver.check())
        if answer != "unknown":
            break
    if query.lemma and answer == query.expected:
        _LEMMAS.add(query.text)
    return Answer(query, answer, 1000 * (perf_counter() - began))


def _read(z3: Any, solver: Any, query: Query) -> None:
    try:
        solver.from_string(query.text)
    except z3.Z3Exception as wrong:
        raise ConvgraphError(f"{query.what}: z3 does not read this question: {wrong}") from None
