"""The pages of the site that are made: figures, motion, explorers, claims, the reference."""

import ast
import re
import runpy
from pathlib import Path
from typing import Any

from drawings import DRAWINGS
from reference import write_reference

import convgraph
from convgraph.book.claims import derive
from convgraph.book.claims_table import as_markdown
from convgraph.book.figure_script import figure_script
from convgraph.book.figures import figure_numbers, figure_sizes, make
from convgraph.book.sizes_page import sizes_page
from convgraph.figures.motion.settings import SETTINGS

EXAMPLES = Path(__file__).parent.parent / "examples"
NETWORKS = Path(__file__).parent / "networks"


def write(made: Path) -> None:
    """Write all of them into a folder, and what stands beside the site's pages into its `live`."""
    (made / "live").mkdir(parents=True, exist_ok=True)
    write_gallery(made)
    write_drawings(made)
    write_arithmetic(made)
    write_explorers(made)
    write_reference(made)
    (made / "claims.md").write_text(as_markdown(derive()), encoding="utf-8")


def write_gallery(made: Path) -> None:
    """Each figure of the book beside the lines that draw it, and a live copy of it."""
    parts = [
        "# Gallery",
        "Each figure has the lines that draw it below, which can be pasted anywhere. Nothing "
        "that is shaded, black or lettered is listed there: it is what a question answered.",
    ]
    for number in figure_numbers():
        figure = make(number)
        name = f"figure-{number}"
        figure.save(made / f"{name}.svg")
        figure.save(made / "live" / f"{name}.html")
        live = f'<a class="live" href="../{name}.html">The same figure, live: point at it.</a>'
        if figure_sizes(number):
            (made / "live" / f"sizes-{number}.html").write_text(sizes_page(number), "utf-8")
            live += f' <a class="live" href="../sizes-{number}.html">Change its sizes.</a>'
        parts.append(
            f"## {figure.title}\n\n![{figure.title}]({name}.svg)\n\n<p>{live}</p>\n\n"
            f"```{{code-block}} python\n{figure_script(number).rstrip()}\n```"
        )
    (made / "gallery.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_drawings(made: Path) -> None:
    """What a figure can look like: each picture beside the lines that made it."""
    parts = [
        "# Drawing what one wants",
        "Options of `draw`, `draw_grid` and `draw_matrix`, each with its picture, and below it the "
        "lines that make it. All of them can be combined, and all reach every format: SVG, PDF, "
        "PNG, DOT, TikZ and the live page.",
    ]
    for title, (remark, code) in DRAWINGS.items():
        name = "drawing-" + "-".join(re.findall("[a-z]+", title.lower()))
        figure = drawn(code).titled(title)
        figure.save(made / f"{name}.svg")
        figure.save(made / "live" / f"{name}.html")
        parts.append(
            f"## {title}\n\n{remark}\n\n![{title}]({name}.svg)\n\n"
            f'<p><a class="live" href="../{name}.html">The same figure, live.</a></p>\n\n'
            f"```{{code-block}} python\n{saving(code, name)}\n```"
        )
    (made / "drawings.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def saving(code: str, name: str) -> str:
    """The same lines as a script that keeps what the last one makes."""
    last = ast.parse(code).body[-1].lineno - 1
    lines = code.splitlines()
    lines[last] = f"figure = {lines[last]}"
    return "\n".join([*lines, f'figure.save("{name.removeprefix("drawing-")}.svg")'])


def drawn(code: str) -> Any:
    """What the last line of some code makes."""
    *lines, last = ast.parse(code).body
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {"cg": convgraph}
    exec(compile(ast.Module(lines, []), "drawing", "exec"), names)
    return eval(compile(ast.Expression(last.value), "drawing", "eval"), names)


def write_arithmetic(made: Path) -> None:
    """Every setting of convolution arithmetic in motion, beside the line that made it."""
    parts = [
        "# Convolution arithmetic",
        "The settings that textbooks animate, after Dumoulin and Visin, *A guide to convolution "
        "arithmetic for deep learning* (2016). Every frame is read off the layer's wiring; taps "
        "that share a weight share a colour. Each film is the line below it, after "
        '`import convgraph as cg`; `.save("film.gif")` keeps it, `.save("film.html")` as a page.',
    ]
    for title, (spec, shape) in SETTINGS.items():
        film = convgraph.animate(spec.on(shape))
        parts.append(_film(made, title, film, f"cg.animate(cg.{spec!r}.on({shape}))"))
    for title, (spec, shape) in SETTINGS.items():
        if isinstance(spec, convgraph.ConvTranspose):
            line = f'cg.animate(cg.{spec!r}.on({shape}), reading="scattered")'
            parts.append(_film(made, f"{title}, scattered", drawn(line), line))
    stack = 'net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(7)'
    films = {
        "A field that grows": 'unit="g4"',
        "A gradient that runs back": 'unit="g4", gradient=True',
        "A shift through the network": "transformation=cg.Shift(1)",
    }
    for title, arguments in films.items():
        lines = f"{stack}\nfilm = cg.animate(net, {arguments})"
        names = {"cg": convgraph}
        exec(lines, names)  # what the page shows is what made its film
        parts.append(_film(made, title, names["film"], lines))
    (made / "arithmetic.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _film(made: Path, title: str, film: Any, lines: str) -> str:
    """A film as a still that plays when asked, and a live page, beside the lines that made it."""
    name = "motion-" + "-".join(re.findall("[a-z]+", title.lower()))
    film.save(made / f"{name}.png", frames=[len(film.frames) // 2])
    film.save(made / "live" / f"{name}.gif")
    film.save(made / "live" / f"{name}.html")
    return (
        f"## {title}\n\n![{title}: {film.title}]({name}.png)\n\n"
        f'<p><a class="plays" href="../{name}.gif">Play.</a> '
        f'<a class="live" href="../{name}.html">Step by step.</a></p>\n\n'
        f"```{{code-block}} python\n{lines}\n```"
    )


def write_explorers(made: Path) -> None:
    """The pages of two real networks: torchvision's ResNet-50, and the original U-Net."""
    networks = {
        "ResNet-50": convgraph.from_onnx(NETWORKS / "resnet50.onnx"),
        "U-Net": runpy.run_path(str(EXAMPLES / "original_unet.py"))["net"],
    }
    for name, network in networks.items():
        file = f"explorer-{name.lower().replace('-', '')}.html"
        convgraph.report(network).save(made / "live" / file, title=name)
