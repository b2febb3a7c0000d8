"""The documentation site: `sphinx-build -W docs SITE` (extra `docs`)."""

import inspect
import re
from pathlib import Path

import convgraph
from convgraph.book.claims import derive
from convgraph.book.claims_table import as_markdown
from convgraph.book.figures import figure_function, figure_numbers, make
from convgraph.figures.motion.settings import SETTINGS

HERE = Path(__file__).parent
MADE = HERE / "made"

project = "convgraph"
version = release = convgraph.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 2
default_role = "code"  # docstrings write names in single backquotes
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
html_extra_path = ["made/live"]


def write_gallery() -> None:
    """Each figure of the book beside the lines that drew it, and a live copy of it."""
    parts = [
        "# Gallery",
        "Each figure stands beside the function that drew it. Nothing that is shaded, black or "
        "lettered is listed there: it is what a question answered.",
    ]
    for number in figure_numbers():
        figure = make(number)
        name = f"figure-{number}"
        figure.save(MADE / f"{name}.svg")
        live = ""
        if hasattr(figure, "page"):
            figure.save(MADE / "live" / f"{name}.html")
            live = f'<p><a href="{name}.html">The same figure, live: point at it.</a></p>'
        source = inspect.getsource(figure_function(number)).rstrip()
        parts.append(
            f"## {figure.title}\n\n![{figure.title}]({name}.svg)\n\n{live}\n\n"
            f"```{{code-block}} python\n{source}\n```"
        )
    (MADE / "gallery.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_arithmetic() -> None:
    """Every setting of convolution arithmetic in motion, beside the line that made it."""
    parts = [
        "# Convolution arithmetic",
        "The settings that textbooks animate, after Dumoulin and Visin, *A guide to convolution "
        "arithmetic for deep learning* (2016). Every frame is read off the layer's wiring; taps "
        "that share a weight share a colour.",
    ]
    for title, (spec, shape) in SETTINGS.items():
        film = convgraph.animate(spec.on(shape))
        name = "motion-" + "-".join(re.findall("[a-z]+", title.lower()))
        film.save(MADE / f"{name}.gif")
        film.save(MADE / "live" / f"{name}.html")
        parts.append(
            f"## {title}\n\n![{title}: {film.title}]({name}.gif)\n\n"
            f'<p><a href="{name}.html">Step by step.</a></p>\n\n'
            f"```{{code-block}} python\ncg.animate(cg.{spec!r}.on({shape}))\n```"
        )
    (MADE / "arithmetic.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_api() -> None:
    """The reference: every public name, by the module that it lives in."""
    parts = ["# Reference", "All of these are attributes of `convgraph`."]
    for module, names in convgraph._MODULES.items():
        lines = [f"## {module.replace('.', ' / ')}", "```{eval-rst}"]
        for name in names:
            kind = "autoclass" if inspect.isclass(getattr(convgraph, name)) else "autofunction"
            if name == "ConvgraphError":
                kind = "autoexception"
            lines.append(f".. {kind}:: convgraph.{module}.{name}")
            if kind == "autoclass":
                lines.append("   :members:")
            lines.append("")
        parts.append("\n".join([*lines, "```"]))
    lines = [
        "## testing",
        "```{eval-rst}",
        ".. automodule:: convgraph.testing",
        "   :members:",
        "```",
    ]
    parts.append("\n".join(lines))
    (MADE / "api.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


(MADE / "live").mkdir(parents=True, exist_ok=True)
write_gallery()
write_arithmetic()
write_api()
(MADE / "claims.md").write_text(as_markdown(derive()), encoding="utf-8")
