"""The list of operators in the documents: what is read of ONNX, and what is not and why."""

from __future__ import annotations

from convgraph.importers import walk
from convgraph.importers.builder import BUILDERS
from convgraph.importers.constants.folding import FOLDS
from convgraph.importers.onnx.file import NEWEST, OLDEST
from convgraph.importers.onnx.nodes import branch
from convgraph.importers.operators.not_read import NOT_READ, PARTLY, VALUES_UNKNOWN

__all__ = ["markdown", "operators_read"]

assert walk, branch  # they register the operators

NOT_OF_ONNX = {"Atan2", "CumMax", "Pointwise", "SumPool"}  # PyTorch or JAX has them
HEAD = f"""# The operators of ONNX

Operator sets {OLDEST} to {NEWEST}. `python -m convgraph.importers.onnx.operator_list` writes this
page, and the tests hold it against the operator cases that the `onnx` package ships: each case of
an operator that is read either gives the expected values, or is one of those that the third column
leaves out.

An operator that is not read is taken to connect each of its outputs with all of its inputs, and the
network's `caveats` say so; with `strict=True` it is refused. Values are computed in real numbers,
without the rounding and the overflow of a model's types; an axis has at least one position.
Everything that does not depend on the input is computed beforehand.
"""


def operators_read() -> set[str]:
    """The operators whose nodes become layers, or are computed beforehand."""
    ours = {op for op in BUILDERS if "." not in op}
    folded = {op for op in FOLDS if "." not in op} - set(
        NOT_READ
    )  # of those, what does not depend on the input is
    named = ours | folded | {"Shape", "Size"} | said_by_others()
    return named - set(VALUES_UNKNOWN) - NOT_OF_ONNX


def said_by_others() -> set[str]:
    """The operators that are read by the functions of others that ONNX defines them by."""
    from onnx import defs

    schemas = [s for s in defs.get_all_schemas() if not s.domain and s.since_version <= NEWEST]
    found = {s.name for s in schemas if s.has_function or s.has_context_dependent_function}
    return found - set(BUILDERS) - set(NOT_READ)


def markdown() -> str:
    """The page."""
    rows = [f"| {op} | read | {PARTLY.get(op, '')} |" for op in operators_read()]
    rows += [f"| {op} | connections only | {why} |" for op, why in VALUES_UNKNOWN.items()]
    rows += [f"| {op} | no | {why} |" for op, why in NOT_READ.items()]
    table = ["| operator | | what is not read, and why |", "| --- | --- | --- |", *sorted(rows)]
    return HEAD + "\n" + "\n".join(table) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
