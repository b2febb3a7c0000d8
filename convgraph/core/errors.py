"""The one exception that convgraph raises for input that it cannot take."""

from __future__ import annotations

from collections.abc import Iterable

from convgraph.core import escape

__all__ = ["ConvgraphError", "nearest"]


class ConvgraphError(ValueError):
    """Input that breaks a rule; the message names the argument, its value and the rule.

    >>> from convgraph import Conv
    >>> Conv(3, stride=0)
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: stride=0: a stride is a positive integer

    Of a message that is very long, as of a value that prints itself at length, both ends are kept;
    characters that are not printed, as in a name that somebody quotes, are shown as escapes.
    """

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(_short(a) if isinstance(a, str) else a for a in arguments))


LONGEST = 500  # characters, some six lines of a terminal
RULE = 200  # of them, at the end, where the rule stands


def _short(message: str) -> str:
    message = escape.log(message)
    if len(message) <= LONGEST:
        return message
    return f"{message[: LONGEST - RULE - 5]} ... {message[-RULE:]}"


def nearest(wrong: str, known: Iterable[str]) -> str:
    """A hint that lists the known names closest to a wrong one, or nothing.

    >>> nearest("g33", ["g1", "g2", "g3"])
    '; did you mean g3, g2 or g1?'
    """
    import difflib  # only who mistypes waits for it

    names = list(known)
    close = difflib.get_close_matches(str(wrong), names, n=3, cutoff=0.4)
    if not close:
        return ""
    listed = " or ".join([", ".join(close[:-1]), close[-1]] if len(close) > 1 else close)
    return f"; did you mean {listed}?"
