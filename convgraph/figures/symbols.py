"""Names typeset as the mathematics they are: an italic letter with a roman subscript.

DOT carries plain labels, which every Graphviz build understands. A node or an edge whose class is
one of `CLASSES` has a name for a label, and the name is typeset where a format can: by `tspan`
elements in SVG, by an HTML-like label in what the `dot` program draws.
"""

from __future__ import annotations

import re

from convgraph.core import escape

__all__ = ["CLASSES", "html_label", "is_symbol", "split_symbol", "tspans"]

CLASSES = frozenset({"unit", "parameter"})

# Graphviz writes <SUB> as baseline-shift, which Chromium sets too low and at full size; these
# proportions of the font size, as plain tspans, look alike in Chromium and Firefox.
SUBSCRIPT_SIZE = 0.7
SUBSCRIPT_DROP = 0.22

_SYMBOL = re.compile(
    r"(?P<letter>[^\W\d_]+)(?:_?(?P<numbers>\d[\d,:_]*)|_(?P<index>\w+)"
    r"|_\{(?P<braced>[^{}]+)\})?"
)


def is_symbol(classes: str) -> bool:
    """Whether an element with these classes (a `class` attribute) is labelled with a name.

    >>> is_symbol("node unit shaded"), is_symbol("node")
    (True, False)
    """
    return not CLASSES.isdisjoint(classes.split())


def split_symbol(name: str) -> tuple[str, str] | None:
    """The letter and the subscript of a unit's or a parameter's name, or None for other text.

    >>> split_symbol("x3"), split_symbol("x2,3"), split_symbol("h1:4"), split_symbol("w_1_2")
    (('x', '3'), ('x', '2,3'), ('h', '1:4'), ('w', '1,2'))
    >>> split_symbol("a"), split_symbol("0.1"), split_symbol("...")
    (('a', ''), None, None)

    Braces are TeX's:

    >>> split_symbol("weight_{1,1}"), split_symbol("w_{i+1}")
    (('weight', '1,1'), ('w', 'i+1'))
    """
    match = _SYMBOL.fullmatch(name)
    if match is None:
        return None
    if match["braced"]:
        return match["letter"], match["braced"]
    subscript = match["numbers"] or match["index"] or ""
    return match["letter"], subscript.replace("_", ",")


def tspans(letter: str, subscript: str, size: float) -> str:
    """The content of an SVG `text` element of this font size.

    >>> tspans("x", "", 10)
    '<tspan font-style="italic">x</tspan>'
    >>> print(tspans("x", "1", 10).replace("><", ">\\n<"))
    <tspan font-style="italic">x</tspan>
    <tspan font-style="normal" font-size="7" dy="2.2">1</tspan>
    """
    italic = f'<tspan font-style="italic">{escape.markup(letter)}</tspan>'
    if not subscript:
        return italic
    small, drop = round(SUBSCRIPT_SIZE * size, 2), round(SUBSCRIPT_DROP * size, 2)
    style = f'font-style="normal" font-size="{small:g}" dy="{drop:g}"'
    return f"{italic}<tspan {style}>{escape.markup(subscript)}</tspan>"


def html_label(letter: str, subscript: str) -> str:
    """The same as a DOT label, brackets included.

    >>> html_label("x", "2,3")
    '<<I>x</I><SUB>2,3</SUB>>'
    """
    letter, subscript = escape.markup(letter), escape.markup(subscript)
    return f"<<I>{letter}</I>" + (f"<SUB>{subscript}</SUB>" if subscript else "") + ">"
