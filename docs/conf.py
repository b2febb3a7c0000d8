"""The documentation site: `sphinx-build -W docs SITE` (extra `docs`)."""

import re
import sys
from pathlib import Path
from typing import Any

import convgraph

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import pages  # noqa: E402 - what is written before Sphinx reads it

project = "convgraph"
version = release = convgraph.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 2
default_role = "code"  # docstrings write names in single backquotes
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say what arguments are
napoleon_use_rtype = False
napoleon_use_ivar = True
exclude_patterns = ["made/live/*"]
html_theme = "furo"
html_title = "convgraph"
html_theme_options = {  # lines of a hundred characters fit
    theme: {"code-font-size": "0.74rem"} for theme in ("light_css_variables", "dark_css_variables")
}
html_copy_source = False
html_show_copyright = False
html_static_path = ["static"]
html_favicon = "static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_extra_path = ["made/live"]

# Stand-ins for a colon and for a space, where napoleon and Sphinx would split at these.
COLON, SPACE = "\N{INVISIBLE SEPARATOR}", "\N{BRAILLE PATTERN BLANK}"


def hide_colons(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep napoleon from reading "What it is: more of it" as a type and its description."""
    if what in ("attribute", "property", "data") and lines:
        lines[0] = lines[0].replace(":", COLON)


# Types are shown by their own names, and public ones are linked where they are public.
_INTERNAL = re.compile(r"(?<![~.\w])convgraph(?:\.\w+)*\.(\w+)")


def _public(found: re.Match[str]) -> str:
    return f"~convgraph.{found[1]}" if found[1] in convgraph.__all__ else f"~{found[0]}"


def mend_fields(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Give colons back, keep Sphinx from reading "left, right" as a type and its name, and types
    from naming the file that they live in."""
    for i, line in enumerate(lines):
        if line.startswith((":vartype ", ":type ")):
            line = _INTERNAL.sub(_public, line)
        if line.startswith(":ivar "):
            names, colon, rest = line.removeprefix(":ivar ").partition(":")
            line = f":ivar {names.replace(' ', SPACE)}{colon}{rest}"
        lines[i] = line.replace(COLON, ":")


def hide_making(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: Any, returned: Any
) -> Any:
    """Leave out how an answer is made, which nobody does by hand."""
    public = name.split(".")[1] in convgraph.__all__ or name.startswith("convgraph.testing")
    return ("", returned) if what == "class" and not public else None


def close_up(app: Any, name: str, source: list[str]) -> None:
    """Leave out the empty line that ends an example for doctest, and that one need not see."""
    source[0] = re.sub(r"\n\n```$", "\n```", source[0], flags=re.MULTILINE)


def setup(app: Any) -> None:
    app.connect("source-read", close_up)
    app.connect("autodoc-process-signature", hide_making)
    app.connect("autodoc-process-docstring", hide_colons, priority=400)
    app.connect("autodoc-process-docstring", mend_fields, priority=600)  # napoleon's is 500


pages.write(HERE / "made")
