"""A page of its own, which asks for nothing and on which no script runs but its own."""

from __future__ import annotations

from importlib import resources

from convgraph.core import escape

__all__ = ["html_page"]


def html_page(title: str, style: str, body: str, script: str = "") -> str:
    """The text of a page with a style, a body, and maybe a script.

    With a script the page can be told to be light or dark, as `scheme.js` says how, and tells its
    height to a page around it that asks, as `frame.js` says how.

    >>> html_page("a < b", "", "<p>c</p>").splitlines()[-3:]
    ['<p>c</p>', '</body>', '</html>']
    """
    if script:
        folder = resources.files("convgraph.figures")
        told = [folder.joinpath(n).read_text(encoding="utf-8") for n in ("scheme.js", "frame.js")]
        script = f"\n{''.join(told)}{script}"
    code = f"<script>{script}</script>\n" if script else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{escape.policy([script] if script else [])}\n<title>{escape.markup(title)}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n{body}\n{code}</body>\n</html>\n"
    )
