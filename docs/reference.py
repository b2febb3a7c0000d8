"""The pages of the reference: a room of the library on each, the names in a table first."""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import convgraph
from convgraph import testing

# The rooms of the library in the order in which a reader meets them: what they are called, and
# what is asked there.
ROOMS = {
    "network": ("Networks", "Layers put together, functions traced, labelled graphs read."),
    "layers": ("Layers", "What each layer is; composed with `>>` and bound with `.on(shape)`."),
    "interactions": ("Sparse interactions", "Which unit reaches which, how often, at what cost."),
    "sharing": ("Parameter sharing", "Which connections share a parameter, and what follows."),
    "symmetry": ("Equivariance", "Which shifts, flips and turns a network commutes with."),
    "importers": ("Real networks", "Models of ONNX, PyTorch, JAX and Keras; no weights needed."),
    "reports": ("Reports and findings", "What people ask of a whole network."),
    "piecewise": ("In pieces", "Tiles, streams, and what has to be computed anew."),
    "figures": ("Pictures", "Still, live and in motion."),
    "core": ("Errors", "What is raised for bad input: one class."),
}
TESTING = ("Assertions for your own tests", "From `convgraph.testing`; they show counterexamples.")


def write_reference(made: Path) -> None:
    """A page that lists every public name, and one for each room."""
    folder = made / "reference"
    folder.mkdir(exist_ok=True)
    rooms: dict[str, list[str]] = {room: [] for room in ROOMS}
    for module, names in convgraph._MODULES.items():
        rooms[module.partition(".")[0]] += names
    rooms["network"] = ["Network", *rooms["network"]]
    rooms["core"].remove("Network")
    known: set[type] = set()  # what has been described in a room before
    parts = [
        "# Reference",
        "Public names are attributes of `convgraph`: `cg.Network` or `cg.Conv`, after "
        "`import convgraph as cg`. By the question that they answer they are on "
        "[one sheet](../questions.md).",
    ]
    for room, names in rooms.items():
        title, said = ROOMS[room]
        parts.append(_listed(f"[{title}](reference/{room}.md)", said, "convgraph", names))
        text = _room(title, said, names, known)
        (folder / f"{room}.md").write_text(text, encoding="utf-8")
    parts.append(
        _listed("[Assertions](reference/testing.md)", TESTING[1], testing.__name__, testing.__all__)
    )
    text = "\n\n".join(
        [f"# {TESTING[0]}", TESTING[1], _table(testing.__name__, testing.__all__)]
        + [_described("convgraph.testing", name) for name in testing.__all__]
    )
    (folder / "testing.md").write_text(f"{text}\n", encoding="utf-8")
    pages = "\n".join(f"reference/{room}" for room in [*rooms, "testing"])
    parts.append(f"```{{toctree}}\n:hidden:\n{pages}\n```")
    (made / "api.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _listed(title: str, said: str, home: str, names: list[str]) -> str:
    """A room on the first page: its names, each where a link to the name arrives."""
    return f"## {title}\n\n{said}\n\n{_table(home, names, anchors=True)}"


def _room(title: str, said: str, names: list[str], known: set[type]) -> str:
    """The page of a room: a table, what it lists, and what that returns."""
    parts = [f"# {title}", said, _table("convgraph", names)]
    parts += [_described("convgraph", name) for name in names]
    found = [kind for name in names for kind in _kinds(getattr(convgraph, name))]
    answers = [kind for kind in dict.fromkeys(found) if kind not in known]
    known |= {*answers}
    if answers:
        parts += ["## What these give", "Nobody makes them; they are what a question answers."]
        parts += [_described(kind.__module__, kind.__name__) for kind in answers]
    return "\n\n".join(parts) + "\n"


def _table(home: str, names: list[str], anchors: bool = False) -> str:
    """Names and the first sentences of what is said of them."""
    lines = ["| name | what it is |", "| --- | --- |"]
    for name in names:
        thing = getattr(sys.modules[home], name)
        said = (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
        anchor = f'<span id="{home}.{name}"></span>' if anchors else ""
        lines.append(f"| {anchor}{{py:obj}}`{name} <{home}.{name}>` | {said} |")
    return "\n".join(lines)


def _described(home: str, name: str) -> str:
    """The directives that describe one thing."""
    thing = getattr(sys.modules[home], name)
    lines = ["```{eval-rst}", f".. py:currentmodule:: {home}", ""]
    lines.append(f".. {_directive(thing)}:: {home}.{name}")
    if inspect.isclass(thing):
        lines.append("   :members:")
    if name == "Network":  # half of it is in the class of what a network consists of
        lines.append("   :inherited-members:")
    return "\n".join([*lines, "```"])


def _directive(thing: Any) -> str:
    if not inspect.isclass(thing):
        return "autofunction"
    return "autoexception" if issubclass(thing, Exception) else "autoclass"


def _kinds(thing: Any) -> list[type]:
    """The library's own classes that a function returns or a class has, but for public ones."""
    if inspect.isclass(thing):
        functions = [p.fget for _, p in inspect.getmembers(thing) if isinstance(p, property)]
        texts = [str(text) for base in thing.__mro__ for text in _annotations(base).values()]
    else:
        functions, texts = [thing], []
    texts += [str(_annotations(function).get("return", "")) for function in functions]
    home = vars(sys.modules[thing.__module__])
    named = [home.get(name) for text in texts for name in re.findall("[A-Z][A-Za-z]+", text)]
    return [
        kind
        for kind in named
        if inspect.isclass(kind)
        and kind.__module__.startswith("convgraph.")
        and kind.__name__ not in convgraph.__all__
    ]


def _annotations(thing: Any) -> dict[str, Any]:
    return getattr(thing, "__annotations__", {})
