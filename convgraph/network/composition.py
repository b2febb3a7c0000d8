"""Residual and parallel branches of specs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from convgraph.core.errors import ConvgraphError
from convgraph.core.tensor import Tensor
from convgraph.layers.merging import Add, Concat
from convgraph.layers.spec import Spec

__all__ = ["Parallel", "Residual"]


@dataclass(frozen=True, repr=False)
class Residual(Spec):
    """x + f(x): the input added to what a spec makes of it; the shapes agree.

    Parameters
    ----------
    spec
        The branch f.
    shortcut
        What the input passes through on the other branch, where f changes its shape.

    Examples
    --------
    >>> from convgraph import Conv
    >>> Residual(Conv(3, padding="same")).on(5).expressions()["g1"]
    w_2*x1 + w_3*x2 + x1
    """

    spec: Spec
    shortcut: Spec | None = None

    def __post_init__(self) -> None:
        for argument in ("spec", "shortcut"):
            value = getattr(self, argument)
            if not isinstance(value, Spec) and not (argument == "shortcut" and value is None):
                raise ConvgraphError(f"{argument}={value!r}: a branch is a spec, such as Conv(3)")

    @property
    def rank(self) -> int | None:
        return (
            self.spec.rank
            if self.spec.rank is not None or self.shortcut is None
            else self.shortcut.rank
        )

    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        branch = self.spec(*tensors)
        direct = self.shortcut(*tensors) if self.shortcut is not None else tensors[0]
        return Add()(direct, branch, name=name)


@dataclass(frozen=True, init=False, repr=False)
class Parallel(Spec):
    """Several specs on the same input, their results concatenated (along channels) or added.

    >>> from convgraph import Conv
    >>> Parallel(Conv(3, padding="same"), Conv(5, padding="same")).on(8).outputs[0].shape
    (2, 8)
    """

    specs: tuple[Spec, ...]
    merge: Literal["concat", "add"]

    def __init__(self, *specs: Spec, merge: Literal["concat", "add"] = "concat") -> None:
        if len(specs) < 2 or not all(isinstance(spec, Spec) for spec in specs):
            raise ConvgraphError(f"specs={specs!r}: two or more specs, such as Conv(3) and Conv(5)")
        if not isinstance(merge, str) or merge not in ("concat", "add"):
            raise ConvgraphError(f'merge={merge!r}: branches are merged by "concat" or "add"')
        object.__setattr__(self, "specs", specs)
        object.__setattr__(self, "merge", merge)

    @property
    def rank(self) -> int | None:
        return next((spec.rank for spec in self.specs if spec.rank is not None), None)

    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        branches = [spec(*tensors) for spec in self.specs]
        merged = Concat() if self.merge == "concat" else Add()
        return merged(*branches, name=name)

    def __repr__(self) -> str:
        return f"Parallel({', '.join(map(repr, self.specs))}, merge={self.merge!r})"
