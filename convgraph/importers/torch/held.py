"""What torch.export makes of a module, held against what the module computes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convgraph.core.errors import ConvgraphError

__all__ = ["OtherNumbersError", "held", "hold_program"]

WHY = (
    "Its code may write to a tensor that another one has the memory of, catch errors, or ask for "
    "the type, the attributes or the memory of a tensor, or whether it is exported; write it "
    "without"
)


class OtherNumbersError(ConvgraphError):
    """A program that is not what its module computes."""


def held(module: Any, program: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
    """A caveat on a program that cannot be held against its module; most often nothing.

    Both are run on the same random numbers, where that takes less than torch.export does. Where
    they differ, and two runs of the module do not, the program is refused.
    """
    from convgraph.importers.torch.checked import difference, is_random
    from convgraph.importers.torch.run_cost import affordable

    if not affordable(program):
        return ""
    kind = type(module).__name__
    try:
        apart = difference(module, program, arguments, keywords)
        if apart and is_random(module, program, arguments, keywords):
            return f"module={kind}: two runs of it give different numbers; what is read is of one"
    except Exception as error:  # whatever the module's own code raises
        line = " ".join(str(error).split())[:200]
        return f"module={kind}: what is read of it was not held against a run, which fails: {line}"
    if apart:
        raise OtherNumbersError(
            f"module={kind}: torch.export makes a program of it that computes other numbers than "
            f"the module does, given the same random ones: {apart}. {WHY}"
        )
    return ""


def hold_program(given: Any, read: Any) -> None:
    """Refuse a program with changes in place that is read as computing other numbers than it does.

    Not where it does not say on what it was traced.
    """
    from convgraph.importers.torch.checked import difference
    from convgraph.importers.torch.run_cost import affordable

    if given.example_inputs is None or not affordable(read):
        return
    try:
        apart = difference(given.module(), read, *given.example_inputs)
    except Exception:  # whatever a program does that is run on numbers
        return
    if apart:
        raise OtherNumbersError(
            f"module={type(given).__name__}: it writes to a tensor that another one has the memory "
            f"of in a way that is not read; of what it gives, {apart}. Write it without"
        )
