"""The lines that draw a figure of the book, as a script that can be pasted anywhere."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap

from convgraph.book.figures import figure_function

__all__ = ["figure_script"]


def figure_script(number: str) -> str:
    """The script that draws a figure: what its function uses of its module, and the function.

    Parameters
    ----------
    number
        The figure's number, as "9.4".

    Returns
    -------
    str
        Python that needs convgraph and nothing before it.

    Examples
    --------
    >>> print(figure_script("9.4"))
    import convgraph as cg
    <BLANKLINE>
    FROM_BELOW, FROM_ABOVE = "#A8A8A8", "#BDBDBD"
    <BLANKLINE>
    units, kernel = 5, 3
    net = (cg.Conv(kernel, padding="same") >> cg.Conv(kernel, padding="same")).on(units)
    middle = f"g{(units + 1) // 2}"
    seen = [cg.receptive_field(net, middle, row=row) for row in "ghx"]
    figure = cg.draw(net, shade={FROM_ABOVE: seen})
    figure.save("figure-9.4.svg")
    <BLANKLINE>
    """
    function = figure_function(number)
    module = inspect.getmodule(function)
    assert module is not None
    source = _without_annotations(inspect.getsource(module))
    tree = ast.parse(source)
    homes = {name: node for node in tree.body for name in _bound(node)}
    homes.pop("figure", None)  # what registers the functions; here it is what they return
    main = homes[function.__name__]
    assert isinstance(main, ast.FunctionDef)
    needed = [node for node in tree.body if node in _used(main, homes)]
    texts = [ast.get_source_segment(source, node) or "" for node in needed]
    imports = [text for text in texts if text.startswith(("import ", "from "))]
    others = [text for text in texts if text not in imports]
    script = "\n\n".join(["\n".join(imports), *others, _flat(source, main)])
    for node in needed:
        if isinstance(node, ast.FunctionDef):  # nothing is private in a script
            script = re.sub(rf"\b{node.name}\b", node.name.lstrip("_"), script)
    return f'{script}\nfigure.save("figure-{number}.svg")\n'


def _bound(node: ast.stmt) -> list[str]:
    """The names that a statement of a module gives a value."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    return [
        part.id
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    ]


def _used(main: ast.FunctionDef, homes: dict[str, ast.stmt]) -> set[ast.stmt]:
    """The statements that the body of a function needs, and those that these need."""
    found: set[ast.stmt] = set()
    waiting: list[ast.AST] = list(main.body)
    while waiting:
        for part in ast.walk(waiting.pop()):
            home = homes.get(part.id) if isinstance(part, ast.Name) else None
            if home is not None and home not in found:
                found.add(home)
                waiting.append(home)
    return found


def _flat(source: str, main: ast.FunctionDef) -> str:
    """The body of a function as lines of a script, what it returns being called figure."""
    said = ast.get_docstring(main) is not None
    first, last = main.body[said].lineno, main.end_lineno
    body = textwrap.dedent("\n".join(source.splitlines()[first - 1 : last]))
    before, _, result = body.rpartition("\nreturn ")
    sizes = ", ".join(argument.arg for argument in main.args.args)
    values = ", ".join(map(ast.unparse, main.args.defaults))
    given = f"{sizes} = {values}\n" if sizes else ""
    return f"{given}{before}\nfigure = {result}"


def _without_annotations(source: str) -> str:
    """The same code without the types of arguments and results."""
    lines = source.splitlines()
    spans = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg) and node.annotation:
            spans.append((node.lineno, node.col_offset + len(node.arg), node.annotation))
        elif isinstance(node, ast.FunctionDef) and node.returns:
            line = node.returns.lineno
            spans.append(
                (line, lines[line - 1].rindex(")", 0, node.returns.col_offset) + 1, node.returns)
            )
    for line, start, annotation in sorted(spans, key=lambda span: span[:2], reverse=True):
        assert annotation.end_lineno == line
        lines[line - 1] = lines[line - 1][:start] + lines[line - 1][annotation.end_col_offset :]
    return "\n".join(lines) + "\n"
