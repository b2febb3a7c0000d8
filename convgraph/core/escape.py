"""Names from outside as text: one function for each language that a name is written in.

The names of a model's tensors and of a graph's nodes are what somebody else chose. Whatever stands
in them is written through one of these functions, so that it is read as the text that it is and
never as markup, a command or a formula.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

# html, json and hashlib are imported where they are used: with them, making the first network of
# a process would take a third longer

__all__ = [
    "chart",
    "csv",
    "dot",
    "formula",
    "is_plain",
    "json",
    "json_in_html",
    "log",
    "log_lines",
    "markdown",
    "markup",
    "pdf",
    "plain",
    "policy",
    "smt",
    "tex",
    "tex_lines",
]


def plain(text: str, keep: str = "") -> str:
    r"""Text of printable characters alone, for a terminal and as the ground of all that follows.

    Control characters, line breaks, marks that turn the direction of writing and halves of
    characters are written as Python writes them; those in `keep` stay. So is the start of what a
    service that builds software takes for a command to itself, wherever a program prints it.

    >>> print(plain("conv\x1b]0;owned\x07"), plain("a\nb\u202e", keep="\n").replace("\n", "/"))
    conv\x1b]0;owned\x07 a/b\u202e
    >>> print(plain("##vso[task.complete]"))
    #\x23vso[task.complete]
    """
    text = _printable(text, keep)
    return _COMMAND.sub(r"#\\x23", text) if "##" in text else text


def is_plain(text: str) -> bool:
    r"""Whether a text is one line that a terminal and a log show as it is, and take for no command.

    >>> (
    ...     is_plain("conv::1"),
    ...     is_plain("::stop-commands::x"),
    ...     is_plain("##[error]x"),
    ...     is_plain("\x07"),
    ... )
    (True, False, False, False)
    """
    return text.isprintable() and text == log_lines(text)


def _printable(text: str, keep: str = "") -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def log(text: str) -> str:
    r"""Lines of plain text, as they may stand in the log of a service that builds software.

    >>> print(log("a::b\x1b\n ::stop-commands::x"))
    a::b\x1b
     \x3a:stop-commands::x
    """
    return log_lines(plain(text, keep="\n"))


def log_lines(text: str) -> str:
    r"""Lines none of which is a command in such a log; what colours them stays as it is.

    Commands are `##[error]` and `##vso[task.complete]` anywhere, and `::add-mask::` where a line
    begins: Azure Pipelines, "Logging commands"; GitHub Actions, "Workflow commands".

    >>> print(log_lines("##[error]x ## [y]"))
    #\x23[error]x ## [y]
    """
    text = _COMMAND.sub(r"#\\x23", text) if "##" in text else text
    return _COMMAND_LINE.sub(r"\1\\x3a", text) if "::" in text else text


_COMMAND = re.compile(r"##(?=\w*\[)")
_COMMAND_LINE = re.compile(r"(?m)^((?:[^\S\n]|\x1b\[[\d;]*m)*):(?=:)")


def markup(text: str) -> str:
    """A text in HTML, in SVG or in an attribute between quotes; line breaks stay.

    >>> markup('<img src=x onerror="alert(1)">')
    '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;'
    """
    import html

    # a page is no log, and its script finds units by their names
    return html.escape(_printable(text, keep="\n"))


def dot(text: str) -> str:
    r"""What stands between the quotes of a DOT string, as a label or a tooltip; lines stay lines.

    Graphviz reads backslashes as escapes and `&amp;` and its like as characters; a text between
    angle brackets would be markup, in which links and files may be named.

    >>> print(dot('say "\\N" & <b>'))
    say \"\\N\" &amp; &lt;b>
    """
    shown = plain(text, keep="\n").replace("&", "&amp;").replace("<", "&lt;")
    return shown.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


_GREEK = "αβγδεζηθικλμνξπρσςτυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_GREEK_NAMES = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma "
    "varsigma tau upsilon varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi "
    "Psi Omega"
)
_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "...": r"\dots{}",
    "\N{VERTICAL ELLIPSIS}": r"$\vdots$",
    "<": r"\textless{}",  # which LaTeX's own fonts have other characters for
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{MINUS SIGN}": "$-$",
    "\N{ALMOST EQUAL TO}": r"$\approx$",
    "\N{INFINITY}": r"$\infty$",
    "\N{LESS-THAN OR EQUAL TO}": r"$\leq$",
    "\N{GREATER-THAN OR EQUAL TO}": r"$\geq$",
    "\N{NOT EQUAL TO}": r"$\neq$",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$",
    "\N{LEFTWARDS ARROW}": r"$\leftarrow$",
    "\N{HORIZONTAL ELLIPSIS}": r"\dots{}",
    "\N{SUPERSCRIPT MINUS}": "$^-$",
    **{raised: rf"\textsuperscript{{{n}}}" for n, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{character: f"\\{character}" for character in "&%$#_{}"},
    # Of LaTeX's usual faces only those for formulas have Greek letters.
    **{c: f"$\\{name}$" for c, name in zip(_GREEK, _GREEK_NAMES.split(), strict=True)},
}
_TEX_SPECIAL = re.compile("|".join(map(re.escape, _TEX)))


def tex(text: str) -> str:
    r"""A text in a LaTeX document, outside of formulas.

    >>> print(tex(r"\input{x} & $y_1$"))
    \textbackslash{}input\{x\} \& \$y\_1\$
    """
    return _TEX_SPECIAL.sub(lambda match: _TEX[match[0]], plain(text))


def tex_lines(text: str) -> str:
    r"""The lines of a text in LaTeX; a bracket or a star that begins one is no option of a break.

    >>> print(tex_lines("a\n[5pt]"))
    a\\{}[5pt]
    """
    first, *more = text.split("\n")
    return tex(first) + "".join(
        r"\\" + ("{}" if line.lstrip().startswith(("[", "*")) else "") + tex(line) for line in more
    )


def chart(text: str, by_tex: bool = False) -> str:
    r"""A text in a chart of matplotlib, where dollars begin a formula; or LaTeX draws all texts.

    >>> print(chart("a$b$"), chart("a_1", by_tex=True))
    a\$b\$ a\_1
    """
    return tex(text) if by_tex else plain(text).replace("$", r"\$")


def pdf(text: str) -> str:
    r"""What stands between the brackets of a string in PDF (ISO 32000-1, 7.3.4.2).

    >>> print(pdf("f(x)\\"))
    f\(x\)\\
    """
    return re.sub(r"[\\()]", r"\\\g<0>", plain(text))


_FORMULA = {
    "\\": r"\backslash ",
    "~": r"\sim ",
    "^": r"\wedge ",
    "<": "< ",  # a page reads < before a letter as a tag, whatever a formula makes of it
    ">": "> ",
    "[": r"\lbrack ",  # where formulas are not known, Markdown would make a link of [a](b)
    "]": r"\rbrack ",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_FORMULA_PARTS = re.compile(r"[][\\~^<>&%$#_{}]|[^][\\~^<>&%$#_{}]+")


def formula(text: str) -> str:
    r"""A text in a formula of LaTeX, as LaTeX and MathJax both read it.

    >>> print(formula("layer_1"), formula(r"\href{javascript:f}"))
    \text{layer}\_\text{1} \backslash \text{href}\{\text{javascript:f}\}
    """
    parts = _FORMULA_PARTS.findall(plain(text))
    return "".join(_FORMULA.get(part) or rf"\text{{{part}}}" for part in parts)


_MARKDOWN = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKDOWN_SPECIAL = re.compile(
    r"[\\`*_\[\]{}|~$&<>]|(?i:(?<=http)|(?<=https)|(?<=ftp)):|(?i:(?<=www))\.|^[#+=-]|^\d+[.)]"
)


def markdown(text: str) -> str:
    r"""A text in one line of Markdown, in a cell of a table too.

    >>> print(markdown("a|b\n# <i>*c*</i>"))
    a\|b # &lt;i&gt;\*c\*&lt;/i&gt;
    >>> print(markdown("1. first"))
    1\. first
    """
    line = plain(" ".join(text.split("\n"))).lstrip()
    return _MARKDOWN_SPECIAL.sub(lambda m: _MARKDOWN.get(m[0], f"{m[0][:-1]}\\{m[0][-1]}"), line)


_FORMULA_STARTS = tuple("=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{MINUS SIGN}")
_FORMULA_STARTS += ("\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}", "\\t", "\\r")
_SEPARATORS = re.compile("[\",;|'\\s]|^::")  # a line that begins with :: is a command in a log


def csv(value: Any) -> str:
    """A cell of comma-separated values, quotes included; numbers are what they are, None nothing.

    A spreadsheet takes a text that begins with one of `= + - @` for a formula, and a semicolon for
    the end of a cell in some countries: the text gets an apostrophe before it, or quotes around it.

    >>> csv("=1+1"), csv("a;=b"), csv(-1), csv(None)
    ('"\\'=1+1"', '"a;=b"', '-1', '')
    """
    if value is None or isinstance(value, int | float | Fraction):
        return "" if value is None else str(value)
    text = plain(str(value))
    if text.lstrip().startswith(_FORMULA_STARTS):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if _SEPARATORS.search(text) else text


def smt(name: str) -> str:
    """A name between the bars of an SMT-LIB symbol, different names differently.

    Nothing ends such a symbol but a bar, and no backslash may stand in one (SMT-LIB 2.6, 3.1);
    of `#`, two may be a command in a log.

    >>> smt("a|) (assert false) ;")
    'a{7c}) (assert false) ;'
    """
    return "".join(f"{{{ord(c):x}}}" if c in "|\\{#" or not c.isprintable() else c for c in name)


def json(value: Any, indent: int | None = 2) -> str:
    r"""JSON in letters of all languages, and in escapes for what is no printable character.

    >>> json(["é", "\x9b\u202e"], indent=None)
    '["é", "\\u009b\\u202e"]'
    """
    import json as _json

    text = _json.dumps(value, indent=indent, ensure_ascii=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(c if c.isprintable() or c == "\n" else _json.dumps(c)[1:-1] for c in text)
    return _COMMAND.sub(r"#\\u0023", text) if "##" in text else text


def json_in_html(value: Any) -> str:
    """JSON that cannot end the script element it stands in.

    >>> json_in_html("</script>")
    '"\\\\u003c/script>"'
    """
    import json as _json

    return _json.dumps(value, sort_keys=True).replace("<", "\\u003c")


def policy(scripts: Iterable[str] = ()) -> str:
    r"""The element of a page's head that allows these scripts and no other, and no request.

    The hashes are of the contents of `script` elements, as the policy's own standard asks: Content
    Security Policy Level 3, https://www.w3.org/TR/CSP3/ .

    >>> print(policy().replace("; ", ";\n"))
    <meta http-equiv="Content-Security-Policy" content="default-src 'none';
    style-src 'unsafe-inline';
    img-src data:;
    base-uri 'none';
    form-action 'none'">
    """
    import base64
    import hashlib

    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    ]
    rules = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"]
    rules += ["base-uri 'none'", "form-action 'none'"]
    rules += [f"script-src {' '.join(hashes)}"] if hashes else []
    return f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(rules)}">'
