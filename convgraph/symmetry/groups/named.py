"""Groups written as text: dihedral:8, or cyclic:4*symmetric:3 for their product on a grid."""

from __future__ import annotations

from collections.abc import Callable

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.symmetry.groups.group import Group

__all__ = ["KINDS", "parse_group"]

KINDS: dict[str, Callable[[int], Group]] = {
    "cyclic": Group.cyclic,
    "dihedral": Group.dihedral,
    "symmetric": Group.symmetric,
    "alternating": Group.alternating,
    "p4": Group.p4,
    "p4m": Group.p4m,
    "trivial": Group.trivial,
}

LARGEST = 1_000_000  # places of an array, 8 MB for each permutation: what a command line may ask
RULE = "a group is a kind and a size, such as dihedral:8, or several joined by *"


def parse_group(text: str) -> Group:
    """The group that a text describes.

    >>> parse_group("dihedral:8"), parse_group("cyclic:4*symmetric:3")
    (Group(D_8 on 8 units: order 16), Group(Z_4 × S_3 on 4x3 units: order 24))
    """
    found: Group | None = None
    for part in text.split("*"):
        kind, _, size = part.strip().partition(":")
        if kind not in KINDS:
            known = nearest(kind, KINDS) or f"; the kinds are {', '.join(KINDS)}"
            raise ConvgraphError(f"group={text[:80]!r}: {RULE}{known}")
        if not (size.isascii() and size.isdigit()) or not 0 < int(size[:9]) <= LARGEST:
            raise ConvgraphError(f"group={text[:80]!r}: {RULE}; sizes go up to {LARGEST:,}")
        group = KINDS[kind](int(size[:9]))
        if found is not None and found.degree * group.degree > LARGEST:
            raise ConvgraphError(f"group={text[:80]!r}: a product of at most {LARGEST:,} units")
        found = group if found is None else found * group
    assert found is not None
    return found
