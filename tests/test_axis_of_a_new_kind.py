"""An axis of a new kind is one class: it is proved, tried in numbers and checked again as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import convgraph as cg
from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, SUM
from convgraph.core.sizes import Size, floor_div
from convgraph.core.tying import Constant, Learned, Tying, taps
from convgraph.core.wiring import Product


@dataclass(frozen=True)
class Backwards(Axis):
    """Output i reads the inputs i, i - gap, i - 2 gap, ..., as a causal convolution does."""

    inputs: Size
    taps: Size
    gap: Size

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return self.inputs

    @property
    def pace(self) -> tuple[Size, Size]:  # type: ignore[override]
        return 1, 1

    def place(self, output: Any, tap: Any) -> Any:
        return output - self.gap * tap

    def span(self, output: Size) -> tuple[Size, Size]:
        return self.place(output, self.taps - 1), output

    def resized(self, inputs: Size) -> Axis:
        return replace(self, inputs=inputs)

    def _positions(self) -> NDArray[np.int64]:
        read = np.arange(self.inputs)[:, None] - int(self.gap) * np.arange(self.taps)[None, :]
        return np.maximum(read, -1)


def network(size: int, learned: bool) -> Network:
    """x[i], x[i - 2] and x[i - 4], added up with weights of their own, or the greatest of them."""
    axis = Backwards(size, 3, 2)
    x, y = Row("x", (size,)), Row("y", (size,))
    tying: Tying = Learned(taps([axis]), "w") if learned else Constant()
    layer = Layer(cg.Conv(3), (Joint(x, Product((axis,)), tying),), y, SUM if learned else MAX)
    return Network.of([x, y], [layer], [x], [y])


@pytest.mark.parametrize("learned", [True, False])
def test_a_causal_axis_has_a_theorem_that_z3_confirms(learned: bool) -> None:
    pytest.importorskip("z3")
    proof = cg.prove(network(12, learned), cg.Shift(3), "interior")
    assert isinstance(proof, cg.Proof)
    assert proof.verify()
    answer = proof.recheck()
    assert answer.holds
    assert any("Backwards" in lemma for lemma in answer.lemmas)
    # what comes in are zeros, as beyond the border; a maximum tells that they are there
    assert str(proof).splitlines()[2].endswith(f"for {3 if learned else 7} <= i, i <= n - 1")
    assert cg.check_equivariance(network(12, learned), cg.Shift(3)).exact


def test_a_lemma_that_is_not_true_of_an_axis_is_not_confirmed() -> None:
    """An axis that says that it keeps pace where it does not has no lemma."""
    pytest.importorskip("z3")

    class Wrong(Backwards):
        @property
        def pace(self) -> tuple[Size, Size]:  # type: ignore[override]
            return 2, 1

    from convgraph.symmetry.smt import lemmas
    from convgraph.symmetry.smt.recheck import ask

    assert ask([lemmas.translated(Backwards(12, 3, 2))]).holds
    assert not ask([lemmas.translated(Wrong(12, 3, 2))]).holds


@dataclass(frozen=True)
class Straying(Backwards):
    """Keeps pace with every second position only; its field has the name of a lemma's symbol."""

    u: Size = 2

    def place(self, output: Any, tap: Any) -> Any:
        return output + self.u * floor_div(output, self.u)

    def link(self, output: Any, tap: Any, read: Any) -> Any:
        return (self.u * floor_div(output, self.u) - read,), ()


@dataclass(frozen=True)
class Switched(Backwards):
    """Reads the own place, or twice as far away."""

    straight: bool = False

    def place(self, output: Any, tap: Any) -> Any:
        return output if self.straight else 2 * output


@dataclass(frozen=True)
class Choosing(Backwards):
    """Reads twice as far away at one size only."""

    def place(self, output: Any, tap: Any) -> Any:
        return 2 * output if self.gap == 2 else output


@pytest.mark.parametrize("kind", [Straying, Switched, Choosing])
def test_a_lemma_is_for_the_axis_and_not_for_others_of_its_class(kind: Any) -> None:
    pytest.importorskip("z3")
    from convgraph.symmetry.smt import lemmas
    from convgraph.symmetry.smt.recheck import ask

    if kind is not Choosing:  # a lemma that is not true
        assert not ask([lemmas.translated(kind(12, 3, 2))]).holds
        return
    with pytest.raises(cg.ConvgraphError, match="no lemma"):
        lemmas.translated(kind(12, 3, 2))
