"""From Graphviz's SVG to one that can stand on a page beside others."""

from __future__ import annotations

import html
import re

from convgraph.figures.symbols import is_symbol, split_symbol, tspans

__all__ = ["finish"]

# Regular expressions suffice: Graphviz's SVG is regular, one element to a line, and it escapes
# <, >, & and " in whatever text it is given.
_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_ID = re.compile(r'(?<= )id="')
_REFERENCE = re.compile(r'(url\(#|href="#)')
_GROUP = re.compile(r'<g id="[^"]*" class="(?:node|edge)(?P<classes>[^"]*)">.*?</g>', re.DOTALL)
_TEXT = re.compile(r"<text (?P<attributes>[^>]*)>(?P<label>[^<]*)</text>")
_SIZE = re.compile(r'\bfont-size="([\d.]+)')
_BASELINE = re.compile(r'(?<= )y="[^"]*"')
_CENTER = re.compile(r'<ellipse [^>]*\bcy="([^"]*)"')
_FAMILY = re.compile(r'font-family="(Times|Helvetica|Courier)(?:,[a-z-]+)?"')
_UNNAMED = re.compile(r"<title>%\d+</title>\n?")

# The PostScript names that Graphviz knows by heart; left alone, browsers on one machine pick
# different fonts for them.
_FAMILIES = {
    "Times": "Times New Roman,Times,serif",
    "Helvetica": "Helvetica,Arial,sans-serif",
    "Courier": "Courier New,Courier,monospace",
}

# A letter without ascender is 0.45 of the size high; the subscript below it pulls the eye down.
_BASELINE_BELOW_CENTER = 0.2


def finish(svg: str, prefix: str) -> str:
    """Graphviz's SVG with ids of its own, typeset names and nothing that tells who drew it.

    Parameters
    ----------
    svg
        What Graphviz wrote, of any version.
    prefix
        Put before every id and every reference to one: `graph0` and `node1` are in every figure
        that Graphviz draws, and ids are shared by all that stands on a page.

    Returns
    -------
    str
        The `svg` element alone, which can be a file or a part of an HTML page. Labels of units
        and parameters (see `symbols`) are an italic letter with a roman subscript.

    Examples
    --------
    >>> print(
    ...     finish(
    ...         '<?xml version="1.0"?><!-- by x --><svg><g id="a" class="node unit"></g></svg>',
    ...         "f-",
    ...     )
    ... )
    <svg><g id="f-a" class="node unit"></g></svg>
    """
    svg = _COMMENT.sub("", svg[svg.index("<svg") :])
    svg = _UNNAMED.sub("", svg)
    svg = _GROUP.sub(_typeset, svg)
    svg = _FAMILY.sub(lambda m: f'font-family="{_FAMILIES[m[1]]}"', svg)
    svg = _ID.sub(lambda m: m[0] + prefix, svg)
    return _REFERENCE.sub(lambda m: m[0] + prefix, svg)


def _typeset(group: re.Match[str]) -> str:
    """One node or edge, its label typeset if it is a name."""
    if not is_symbol(group["classes"]):
        return group[0]
    if len(_TEXT.findall(group[0])) > 1:
        return group[0]  # lines of a text, of which a word is no name
    center = _CENTER.search(group[0])

    def text(match: re.Match[str]) -> str:
        symbol = split_symbol(html.unescape(match["label"]))
        size = _SIZE.search(match["attributes"])
        if symbol is None or size is None:
            return match[0]
        attributes = match["attributes"]
        if center is not None:
            # Versions of Graphviz differ in where they think the middle of a text is.
            y = round(float(center[1]) + _BASELINE_BELOW_CENTER * float(size[1]), 2)
            attributes = _BASELINE.sub(f'y="{y:g}"', attributes)
        return f"<text {attributes}>{tspans(*symbol, float(size[1]))}</text>"

    return _TEXT.sub(text, group[0])
