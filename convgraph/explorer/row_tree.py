"""The rows of a network folded into a tree: by module where names tell, by block where not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from convgraph.core.layer import Layer
from convgraph.core.network import Network
from convgraph.core.wiring import Product
from convgraph.interactions.behind_wirings import is_identity

__all__ = ["folds"]

Fold = dict[str, Any]
MANY = 16  # rows of a block that are folded once more
MOST = 0.8  # of the rows, if they are in one module, are the whole network, which needs no name
DEEPEST = 50  # modules inside each other; a name may say thousands


def folds(network: Network, kinds: Sequence[str]) -> list[int | Fold]:
    """Numbers of rows, and folds of several: {"name", "items"}, in order of computation.

    >>> import convgraph as cg
    >>> block = cg.Residual(cg.Conv(3, padding="same") >> cg.ReLU())
    >>> net = (cg.Conv(3) >> block >> block).on(9)
    >>> found = folds(net, ["input", "Conv", "Conv", "ReLU", "Add", "Conv", "ReLU", "Add"])
    >>> found[:2], found[2]["name"], [fold["items"] for fold in found[2]["items"]]
    ([0, 1], '2 × block', [[2, 3, 4], [5, 6, 7]])
    """
    paths = _paths(network)
    if paths is not None:
        return _by_module(list(range(len(paths))), [path[:DEEPEST] for path in paths], 0)
    return _repeated(_blocks(network, kinds), network, kinds)


def _paths(network: Network) -> list[tuple[str, ...]] | None:
    """The modules around each row, or None where names do not tell them.

    A row that is called as a module is what this gives, and is in it. One that is no module's (a
    sum, in code) is where what it reads is, if it is a merge or works unit by unit, and otherwise
    where the rows before and after it are.
    """
    names = _names(network)
    if sum(len(name) > 1 for name in names) * 2 < len(names):
        return None
    inside = [name[0] for name in names if len(name) > 1]
    if len(set(inside)) == 1 and len(inside) >= MOST * len(names):
        names = [name[1:] if len(name) > 1 else name for name in names]
        if sum(len(name) > 1 for name in names) * 2 < len(names):
            return None
    modules = {tuple(name[:depth]) for name in names for depth in range(1, len(name))}
    found: list[tuple[str, ...] | None] = [
        tuple(name)
        if tuple(name) in modules
        else tuple(name[:-1])
        if len(name) > 1 or row.name in network.modules
        else None
        for row, name in zip(network.rows, names, strict=True)
    ]
    layers = {layer.target.name: layer for layer in network.layers}
    numbers = {row.name: i for i, row in enumerate(network.rows)}
    known: list[tuple[str, ...]] = []
    for at, path in enumerate(found):
        layer = layers.get(network.rows[at].name)
        if path is None and layer is not None:
            sources = sorted(numbers[joint.source.name] for joint in layer.joints)
            if sources and (len(sources) > 1 or _unit_by_unit(layer)):
                last = sources[-1]
                given = tuple(names[last]) in modules  # what a module gives is used outside of it
                path = known[last][:-1] if given else known[last]
                path = _block(path) if len(sources) > 1 else path
        if path is None:
            after = next((p for p in found[at:] if p is not None), ())
            path = _common(known[-1] if known else (), after)
        known.append(path if layer is not None else ())
    return known


def _names(network: Network) -> list[list[str]]:
    """The modules that each row is in, and what it is called there.

    Most models state which module computes a row: one that computes several after each other is a
    fold of them. Where none does, names of rows may have dots or slashes in them.
    """
    split = [re.split(r"[./]", row.name.strip("/.")) for row in network.rows]
    if len(network.modules) * 2 < len(split):
        return split
    modules = [network.modules.get(row.name, "") for row in network.rows]
    names = []
    for at, (row, module) in enumerate(zip(network.rows, modules, strict=True)):
        several = module in (modules[at - 1 : at] + modules[at + 1 : at + 2])
        own = [split[at][-1]] if several else []
        names.append([*module.split("."), *own] if module else [row.name])
    return names


def _block(path: tuple[str, ...]) -> tuple[str, ...]:
    """The block that a module is of: modules of a sequence are numbered.

    >>> _block(("layer2", "0", "downsample"))
    ('layer2', '0')
    """
    numbered = [depth for depth, name in enumerate(path, 1) if name.isdigit()]
    return path[: numbered[-1]] if numbered else path


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        found.append(x)
    return tuple(found)


def _by_module(rows: list[int], paths: Sequence[tuple[str, ...]], depth: int) -> list[int | Fold]:
    items: list[int | Fold] = []
    at = 0
    while at < len(rows):
        path = paths[rows[at]]
        if len(path) <= depth:
            items.append(rows[at])
            at += 1
            continue
        end = at
        while end < len(rows) and paths[rows[end]][depth : depth + 1] == path[depth : depth + 1]:
            end += 1
        inner = _by_module(rows[at:end], paths, depth + 1)
        only = inner[0]
        if len(inner) == 1:
            items.append(only)
        else:
            items.append({"name": ".".join(path[: depth + 1]), "items": inner})
        at = end
    return items


def _blocks(network: Network, kinds: Sequence[str]) -> list[int | Fold]:
    """What lies between two rows past which nothing runs is a block.

    So is a layer with what is applied to it unit by unit. A block that is most of a network helps
    nobody, and is left open.
    """
    numbers = {row.name: i for i, row in enumerate(network.rows)}
    count = len(network.rows)
    farthest, applied = list(range(count)), [False] * count
    branching = set()
    for layer in network.layers:
        target = numbers[layer.target.name]
        applied[target] = _unit_by_unit(layer)
        sources = {numbers[joint.source.name] for joint in layer.joints}
        branching |= {target} if len(sources) > 1 else set()
        for source in sources:
            farthest[source] = max(farthest[source], target)
    items: list[int | Fold] = []
    block: list[int] = []
    reach = 0
    for row in range(count):
        block.append(row)
        ends = reach <= row and not (row + 1 < count and applied[row + 1] and row > 0)
        reach = max(reach, farthest[row])
        if ends or row + 1 == count:
            steps = _steps(block, applied, kinds)
            large = len(block) * 2 > count or branching.isdisjoint(block)
            inner = steps if len(block) > MANY else list(block)
            items += steps if large else [{"name": "block", "items": inner}]
            block = []
    return items


def _steps(rows: list[int], applied: Sequence[bool], kinds: Sequence[str]) -> list[int | Fold]:
    """Each layer with what is applied to it unit by unit."""
    groups: list[list[int]] = []
    for row in rows:
        if groups and applied[row]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return [
        group[0]
        if len(group) == 1
        else {"name": _step_name([kinds[row] for row in group]), "items": list(group)}
        for group in groups
    ]


def _step_name(kinds: Sequence[str]) -> str:
    """What a step is called: its layers, or the first and how many follow.

    >>> _step_name(["Conv", "ReLU"]), _step_name(["Conv", "BatchNorm", "ReLU", "Dropout"])
    ('Conv + ReLU', 'Conv + 3')
    """
    return " + ".join(kinds) if len(kinds) <= 3 else f"{kinds[0]} + {len(kinds) - 1}"


def _unit_by_unit(layer: Layer) -> bool:
    if len(layer.joints) != 1:
        return False
    wiring = layer.joints[0].wiring
    return isinstance(wiring, Product) and all(map(is_identity, wiring.axes))


def _repeated(items: list[int | Fold], network: Network, kinds: Sequence[str]) -> list[int | Fold]:
    """Blocks that follow each other and are alike are one fold."""

    def sign(item: int | Fold) -> Any:
        if isinstance(item, int):
            return item
        rows = list(_rows(item))
        return tuple(kinds[row] for row in rows), network.rows[rows[-1]].shape

    found: list[int | Fold] = []
    at = 0
    while at < len(items):
        end = at
        while end < len(items) and sign(items[end]) == sign(items[at]):
            end += 1
        if end - at > 1:
            first = items[at]
            assert isinstance(first, dict)
            found.append({"name": f"{end - at} × {first['name']}", "items": items[at:end]})
        else:
            found.append(items[at])
        at = end
    return found


def _rows(item: int | Fold) -> Iterator[int]:
    if isinstance(item, int):
        yield item
        return
    for each in item["items"]:
        yield from _rows(each)
