"""Claims: the verdicts, that each can come out otherwise, and the tables."""

from __future__ import annotations

import json
import re
from typing import Any

import networkx as nx
import pytest
import sympy as sp

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.book.claims import claim_numbers, derive
from convgraph.book.claims.claim import Check, Claim
from convgraph.book.claims.stated import Order, Over, Roughly, UpTo
from convgraph.book.claims_table import as_json, as_markdown, summary

m, n, k = sp.symbols("m n k", integer=True, positive=True)


@pytest.fixture(scope="module")
def claims() -> Any:
    return {claim.number: claim for claim in derive()}


def test_the_chapters_first_claims_are_all_there() -> None:
    assert set(range(1, 14)) <= set(claim_numbers())


@pytest.mark.parametrize("number", claim_numbers())
def test_every_claim_compares_something_and_says_so(claims: Any, number: Any) -> None:
    claim = claims[number]
    assert claim.checks
    assert claim.verdict in ("holds", "differs", "holds when")
    assert claim.derived
    assert set(claim.how.split(", ")) <= {"closed form", "axes", "edges", "proof"}
    if claim.verdict != "holds":
        assert claim.detail


def test_verdicts_of_the_first_two_ideas(claims: Any) -> None:
    verdicts = {number: claims[number].verdict for number in range(1, 14)}
    assert verdicts.pop(2) == "holds when"
    assert set(verdicts.values()) == {"holds"}
    assert "k·n is the number of connections" in claims[2].detail


def derived(claim: Any) -> Any:
    return {check.what: check.derived for check in claim.checks}


def test_numbers_of_the_edge_detector(claims: Any) -> None:
    """By hand: figure 9.6 of the book."""
    found = derived(claims[12])
    assert found["operations"] == 319 * 280 * 3
    assert found["matrix entries"] == 320 * 280 * 319 * 280 == 8_003_072_000
    assert found["times the storage"] == 8_003_072_000 / 2
    # per output one multiplication for each of the inputs, and one addition less
    assert found["operations with the matrix"] == 319 * 280 * (2 * 320 * 280 - 1)
    assert found["times the operations"] == (2 * 320 * 280 - 1) / 3
    assert found["non-zero entries"] == 2 * 319 * 280


def test_numbers_of_the_slides(claims: Any) -> None:
    assert derived(claims[11]) == {
        "parameters": 5 * 5 * 3,
        "dense parameters": (100 * 100 * 3) * (100 * 100),
    }
    assert derived(claims[10])["dense weights"] == 9 * 4
    assert derived(claims[6])["connections"] == 4 * 4


@pytest.mark.parametrize("boundary", ["valid", "same", "full"])
@pytest.mark.parametrize("size", [3, 4, 7])
def test_uses_per_element_against_the_graph(claims: Any, boundary: str, size: int) -> None:
    counts = derived(claims[7])[f"of n inputs, w_1, w_2 and w_3 are used at, {boundary}"]
    net = cg.Conv(3, padding=boundary).on(size)
    on_edges = [str(p) for _, _, p in net.graph.edges(data="parameter")]
    (size_symbol,) = set().union(*(sp.sympify(count).free_symbols for count in counts))
    for parameter, count in zip(("w_1", "w_2", "w_3"), counts, strict=True):
        assert sp.sympify(count).subs(size_symbol, size) == on_edges.count(parameter)


def test_fields_against_the_graph(claims: Any) -> None:
    graph = cg.Conv(3, padding="same").on(5).graph
    assert derived(claims[3])["x3 affects"] == nx.descendants(graph, "x3")
    assert derived(claims[4])["s3 sees"] == nx.ancestors(graph, "s3")


# -- a verdict is a comparison ---------------------------------------------------------------------


def claim(*checks: Any) -> Any:
    return Claim(99, "nobody", "what is said", "edges", checks)


def test_a_wrong_statement_differs_and_gets_the_true_value() -> None:
    wrong = claim(Check("connections", 14, 13), Check("outputs", 5, 5))
    assert wrong.verdict == "differs"
    assert wrong.detail == "connections is 13, not 14."
    assert wrong.derived == "connections: 13 (stated: 14); outputs: 5"


def test_an_open_case_gives_a_condition() -> None:
    open_case = claim(
        Check("uses", n, n, when="circular"), Check("uses", n, n - 2, when="valid", remark="Less.")
    )
    assert open_case.verdict == "holds when"
    assert open_case.detail == "Holds when: circular. Not: valid. Less."
    other_thing = claim(Check("uses", n, n, when="circular"), Check("units", 3, 4, when="valid"))
    assert other_thing.verdict == "differs"


@pytest.mark.parametrize(
    ("stated", "derived", "agree"),
    [
        (3, 3, True),
        (3, 4, False),
        (k * n, n * k, True),
        (k * n, k, False),
        ((n - 1) * 2, 2 * n - 2, True),
        ({"x1", "x2"}, cg.receptive_field(cg.Conv(2).on(5), "s1"), True),
        ({"x1"}, cg.receptive_field(cg.Conv(2).on(5), "s1"), False),
        (True, False, False),
        (Roughly(60_000), 59_733, True),
        (Roughly(60_000), 54_000, False),
        (Roughly(4 * 10**9), 4_600_000_000, False),
        (Over(8 * 10**9), 8_003_072_000, True),
        (Over(8 * 10**9), 7_999_999_999, False),
        (Over(8 * 10**9), 9_000_000_000, False),
        (Order(m * n), 2 * m * n - n, True),
        (Order(m * n), m + n, True),
        (Order(k * n), m * n, False),
        (Order(n), n**2, False),
        (Order(n), n * m, False),
        ((UpTo(n, fewer=2),) * 2, (n, n - 2), True),
        ((UpTo(n, fewer=2),) * 2, (n, n - 3), False),
        ((UpTo(n, fewer=2),) * 2, (n, n + 1), False),
        ((1, 2), (1, 2, 3), False),
    ],
)
def test_comparisons(stated: Any, derived: Any, agree: bool) -> None:
    assert Check("", stated, derived).agrees is agree


def test_unknown_claim() -> None:
    with pytest.raises(ConvgraphError, match=r"claim=999: a claim is one of 1, 2, 3"):
        derive([999])


# -- tables ----------------------------------------------------------------------------------------


def test_json_holds_every_check(claims: Any) -> None:
    rows = json.loads(as_json(list(claims.values())))
    assert [row["number"] for row in rows] == list(claims)
    by_number = {row["number"]: row for row in rows}
    assert by_number[3]["checks"][0]["derived"] == ["s2", "s3", "s4"]
    assert by_number[12]["checks"][1]["derived"] == 267960
    for number, row in by_number.items():
        assert [check["agrees"] for check in row["checks"]] == [
            check.agrees for check in claims[number].checks
        ]


def test_markdown_has_a_table_and_a_section_for_each_claim(claims: Any) -> None:
    text = as_markdown(list(claims.values()))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(claims)
    for row in rows:
        assert row.replace(r"\|", "").count("|") == 4
    sections = re.split(r"\n## Claim (\d+)\n", text)[1:]
    assert [int(number) for number in sections[::2]] == list(claims)
    for claim, section in zip(claims.values(), sections[1::2], strict=True):
        assert f"Verdict: **{claim.verdict}**." in section
        assert section.count("\n- ") == len(claim.checks)
    assert r"- operations: 2\*m\*n - n" in sections[1]


def test_summary_counts_verdicts() -> None:
    mixed = [claim(Check("", 1, 2)), claim(Check("", 1, 1)), claim(Check("", n, n))]
    assert summary(mixed) == ("3 claims: 2 hold as they stand, 1 differs from what is derived")


# -- the rest of the chapter -----------------------------------------------------------------------


def test_verdicts_on_stages_strides_and_tying(claims: Any) -> None:
    verdicts = {number: claims[number].verdict for number in (14, 19, 23, 24, 25, 26)}
    assert {number for number, v in verdicts.items() if v == "holds when"} == {14, 23}
    assert {v for number, v in verdicts.items() if number not in (14, 23)} == {"holds"}
    assert "Not: an odd number." in claims[23].detail


def test_small_filters_find_the_digit_as_correlation_does(claims: Any) -> None:
    import numpy as np
    from scipy.signal import correlate2d

    from convgraph.book.claims import stacked_filters as filters

    image = np.zeros(filters.IMAGE, int)
    parts = [
        filters._ink(filters.HALF_CIRCLE),
        filters._ink(filters.ANGLE),
    ]
    image[2:10, 4:9] = np.vstack(parts)
    for part, place in zip(parts, [[2, 4], [6, 4]], strict=True):
        answer = correlate2d(image, 2 * part - 1, mode="valid")
        assert np.argwhere(answer == part.sum()).tolist() == [place]


def test_depths_by_hand() -> None:
    from convgraph.book.claims.output_sizes import _rows

    assert [len(_rows(n, 3)) - 1 for n in (1, 2, 3, 4, 5, 7)] == [0, 0, 1, 1, 2, 3]
