"""Steps that a program writes one by one, and layers do at once: a bias, a mean, a softmax.

A framework that traces functions shows a convolution's bias as a sum of its own, and a batch
normalisation as a difference, a product and a sum. What is put together here is the same function
of the same units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.sizes import Size
from convgraph.importers.node import Node
from convgraph.importers.operators.windows import present_counts
from convgraph.importers.values import Known

__all__ = ["tidied"]

WITH_BIAS = {"Conv": 2, "ConvTranspose": 2, "Gemm": 2, "aten.linear": 2}
AFFINE = ("Add", "Sub", "Mul", "Div")


def tidied(
    nodes: Sequence[Node],
    known: dict[str, Known],
    shapes: dict[str, tuple[Size, ...]],
    scopes: Mapping[str, str],
    outputs: Sequence[str],
) -> list[Node]:
    """The nodes with what belongs together in one."""
    return Tidying(known, shapes, scopes, outputs).over(nodes)


class Tidying:
    """Goes through nodes in order, and merges each with those before it where it may."""

    def __init__(
        self,
        known: dict[str, Known],
        shapes: dict[str, tuple[Size, ...]],
        scopes: Mapping[str, str],
        outputs: Sequence[str],
    ) -> None:
        self.known, self.shapes, self.scopes, self.outputs = known, shapes, scopes, outputs
        self._made: dict[str, Node] = {}
        self._uses: Counter[str] = Counter()
        self._next: dict[str, Node] = {}
        self._other_names: dict[str, str] = {}

    def over(self, nodes: Sequence[Node]) -> list[Node]:
        """See `tidied`."""
        self._uses = Counter([*(name for node in nodes for name in node.inputs), *self.outputs])
        self._next = {name: node for node in nodes for name in node.inputs}
        for node in nodes:
            inputs = tuple(self._other_names.get(name, name) for name in node.inputs)
            node = replace(node, inputs=inputs)
            for rule in (self._averaged, self._softmax, self._log_softmax, self._biased,
                         self._normalised, self._squeezed):  # fmt: skip
                merged = rule(node)
                if merged is not None:
                    node = merged
            for name in node.outputs:
                self._made[name] = node
        return list(dict.fromkeys(self._made.values()))

    def _before(self, name: str) -> Node | None:
        """The node that computes a tensor for nobody else."""
        return self._made.get(name) if self._uses[name] == 1 else None

    def _split(self, node: Node) -> tuple[str, Known] | None:
        """The operand that is computed and the one that is known beforehand."""
        if node.op not in AFFINE or len(node.inputs) != 2:
            return None
        a, b = node.inputs
        if b in self.known and a not in self.known:
            found = a, self.known[b]
        elif a in self.known and b not in self.known and node.op in ("Add", "Mul"):
            found = b, self.known[a]
        else:
            return None
        same = self.shapes.get(found[0]) == self.shapes.get(node.outputs[0])
        return found if same else None

    def _take(self, inner: Node, node: Node, **changed: Any) -> Node:
        """The node before with another one's output."""
        for name in inner.outputs:
            self._made.pop(name, None)
        return replace(inner, outputs=node.outputs, name=node.name, **changed)

    def _together(self, inner: Node, node: Node) -> bool:
        """Whether two nodes are steps of one module."""
        return self.scopes.get(inner.outputs[0]) == self.scopes.get(node.outputs[0])

    def _averaged(self, node: Node) -> Node | None:
        """A sum over the number of what is added up is a mean."""
        found = self._split(node)
        inner = self._before(found[0]) if found and node.op == "Div" else None
        if found is None or inner is None or not found[1].there:
            return None
        sizes, number = self.shapes[inner.inputs[0]], found[1].values()
        if inner.op == "ReduceSum":
            count = prod(int(sizes[a]) for a in inner.numbers("axes") or [])
            same = number.size == 1 and number.item() == count
            return self._take(inner, node, op="ReduceMean") if same else None
        if inner.op != "SumPool":
            return None
        kernel = inner.numbers("kernel_shape") or []
        if number.size == 1 and number.item() == prod(kernel):
            attributes = {**inner.attributes, "count_include_pad": 1}
            return self._take(inner, node, op="AveragePool", attributes=attributes)
        counts = present_counts(inner, [int(n) for n in sizes])
        wide = (1,) * (len(sizes) - number.ndim) + number.shape
        there = number.reshape(wide[-counts.ndim :]) if prod(wide[: -counts.ndim]) == 1 else None
        if there is None or not np.array_equal(np.broadcast_to(there, counts.shape), counts):
            return None
        return self._take(inner, node, op="AveragePool")

    def _softmax(self, node: Node) -> Node | None:
        """Exponentials over their sum: what a mask hides from them is to be followed through."""
        if node.op != "Div" or len(node.inputs) != 2:
            return None
        above, total = node.inputs
        summed, powers = self._before(total), self._made.get(above)
        if summed is None or powers is None or powers.op != "Exp" or self._uses[above] != 2:
            return None
        axis = self._over_one_axis(summed, "ReduceSum", above)
        if axis is None:
            return None
        return self._normaliser("Softmax", node, powers.inputs[0], axis, [powers, summed])

    def _log_softmax(self, node: Node) -> Node | None:
        """Numbers less the logarithm of the sum of their exponentials."""
        log = self._before(node.inputs[1]) if node.op == "Sub" and len(node.inputs) == 2 else None
        summed = self._before(log.inputs[0]) if log is not None and log.op == "Log" else None
        powers = self._before(summed.inputs[0]) if summed is not None else None
        if log is None or summed is None or powers is None or powers.op != "Exp":
            return None
        axis = self._over_one_axis(summed, "ReduceSum", powers.outputs[0])
        if axis is None or powers.inputs[0] != node.inputs[0]:
            return None
        return self._normaliser("LogSoftmax", node, node.inputs[0], axis, [powers, summed, log], 2)

    def _normaliser(
        self, op: str, node: Node, of: str, axis: int, gone: Sequence[Node], uses: int = 1
    ) -> Node:
        """One node for all steps; a greatest value that is taken off first changes nothing."""
        steps, shifted = list(gone), self._made.get(of)
        if shifted is not None and shifted.op == "Sub" and self._uses[of] == uses:
            signal, top = shifted.inputs
            most = self._before(top)
            if most is not None and self._over_one_axis(most, "ReduceMax", signal) == axis:
                of, steps = signal, [*steps, shifted, most]
        for step in steps:
            self._made.pop(step.outputs[0], None)
        self._uses[of] -= sum(step.inputs.count(of) for step in (*steps, node)) - 1
        return replace(node, op=op, inputs=(of,), attributes={"axis": axis})

    def _over_one_axis(self, node: Node, op: str, of: str) -> int | None:
        """The one axis that a reduction of a tensor goes over and keeps, if it is such a one."""
        axes = node.numbers("axes") or []
        fits = node.op == op and node.inputs == (of,) and len(axes) == 1
        return axes[0] if fits and node.number("keepdims", 1) else None

    def _biased(self, node: Node) -> Node | None:
        """A parameter that is added behind a linear layer is its bias."""
        found = self._split(node) if node.op == "Add" else None
        inner = self._before(found[0]) if found else None
        if found is None or inner is None or not found[1].learned:
            return None
        slot = WITH_BIAS.get(inner.op)
        if slot is None or len(inner.inputs) > slot or not self._together(inner, node):
            return None
        shape = self.shapes[node.outputs[0]]
        axis = self._channel(inner, len(shape))
        flat = self._per_position(found[1], shape, axis)
        if flat is None:
            return None
        return self._take(inner, node, inputs=(*inner.inputs, self._hold(flat)))

    def _channel(self, inner: Node, rank: int) -> int:
        if inner.op in ("Conv", "ConvTranspose"):
            return 1
        return inner.number("axis", -1) % rank

    def _per_position(self, known: Known, shape: tuple[Size, ...], axis: int) -> Known | None:
        """An array of one number for each position of one axis, in that shape."""
        wide = (1,) * (len(shape) - len(known.shape)) + known.shape
        if any(n != 1 for a, n in enumerate(wide) if a != axis) or wide[axis] != shape[axis]:
            return None
        return known.viewed(known.name, (known.size,))

    def _hold(self, known: Known) -> str:
        """What nodes call an array, which keeps its own name."""
        name = f"{known.name}/{len(self.known)}"
        self.known[name] = known
        return name

    def _normalised(self, node: Node) -> Node | None:
        """A scale for each channel, and shifts around it: what a batch normalisation comes to."""
        shape = self.shapes.get(node.outputs[0], ())
        steps = self._steps(node) if len(shape) >= 2 and not self._goes_on(node) else []
        if len(steps) < 2 or steps[0][0].op == "Add" or sum(s[0].op == "Mul" for s in steps) != 1:
            return None
        if any(step.op == "Div" for step, _ in steps):
            return None
        flat = [self._per_position(known, shape, 1) for _, known in steps]
        if any(each is None for each in flat):
            return None
        parts = [each for each in flat if each is not None]
        scale, shift = _composed([step.op for step, _ in steps], parts)
        channels = (int(shape[1]),)
        zeros, ones = (
            Known.of(f"{node.outputs[0]}/{name}", np.full(channels, value))
            for name, value in (("zeros", 0.0), ("ones", 1.0))
        )
        given = map(self._hold, (scale, zeros if shift is None else shift, zeros, ones))
        first = next(name for name in steps[0][0].inputs if name not in self.known)
        for step, _ in steps[:-1]:
            self._made.pop(step.outputs[0], None)
        inputs = (first, *given)
        return replace(node, op="BatchNormalization", inputs=inputs, attributes={"epsilon": 0.0})

    def _goes_on(self, node: Node) -> bool:
        """Whether the next step is a shift as well."""
        after = self._next.get(node.outputs[0])
        if after is None or self._uses[node.outputs[0]] > 1 or after.op not in ("Add", "Sub"):
            return False
        return self._split(after) is not None and self._together(node, after)

    def _steps(self, node: Node) -> list[tuple[Node, Known]]:
        """The steps of a module that scale and shift, up to this one."""
        steps: list[tuple[Node, Known]] = []
        at: Node | None = node
        while at is not None and (not steps or self._together(at, node)):
            found = self._split(at)
            if found is None or len(steps) == 3:
                break
            steps.insert(0, (at, found[1]))
            at = self._before(found[0])
        while steps and steps[0][0].op == "Add":  # the bias of what comes before
            steps.pop(0)
        return steps

    def _squeezed(self, node: Node) -> Node | None:
        """Axes that are kept with one position, and then taken away, are not kept."""
        inner = self._before(node.inputs[0]) if node.op == "Reshape" else None
        if inner is None or not inner.op.startswith("Reduce") or not inner.number("keepdims", 1):
            return None
        gone = inner.numbers("axes") or []
        rest = [n for a, n in enumerate(self.shapes[inner.outputs[0]]) if a not in gone]
        wanted = node.numbers("shape") or []
        if rest != wanted:
            return None
        merged = self._take(inner, node, attributes={**inner.attributes, "keepdims": 0})
        if node.outputs[0] in self.outputs:
            return merged
        self._other_names[node.outputs[0]] = inner.outputs[0]
        self._uses[inner.outputs[0]] = self._uses[node.outputs[0]]
        self.shapes[inner.outputs[0]] = tuple(rest)
        return replace(merged, outputs=inner.outputs, name=inner.name)


def _composed(ops: Sequence[str], parts: Sequence[Known]) -> tuple[Known, Known | None]:
    """The scale and the shift of steps that add, subtract and multiply, each for a channel.

    They keep the names of the parameters behind them, where there is one for each channel: the
    scale its own, and the shift that of what is not in the scale.
    """
    at = ops.index("Mul")

    def value(arrays: Sequence[NDArray[Any]]) -> tuple[Any, Any]:
        factor, shift = arrays[at], np.zeros(())
        for number, (op, array) in enumerate(zip(ops, arrays, strict=True)):
            if op == "Mul":
                shift = shift * array
            else:
                shift = shift + (array if op == "Add" else -array)
            del number
        return factor, shift

    scale = _named_for(parts[at], [], parts, lambda *v: value(v)[0])
    others = [part for i, part in enumerate(parts) if i != at]
    if not others:
        return scale, None
    own = [root for part in others for root in part.roots if part.learned]
    own = [root for root in dict.fromkeys(own) if root not in parts[at].roots]
    size = parts[at].size
    whole = own[0].viewed(own[0].name, (size,)) if len(own) == 1 and own[0].size == size else None
    return scale, _named_for(whole, others, parts, lambda *v: value(v)[1])


def _named_for(
    named: Known | None,
    others: Sequence[Known],
    parts: Sequence[Known],
    function: Callable[..., NDArray[Any]],
) -> Known:
    """An array computed from some, under the name of the parameter that it stands for."""
    if named is not None and named.learned and len(named.roots) == 1:
        (root,) = named.roots
        if root.size == named.size and root.size == prod(named.shape):
            whole = root.viewed(root.name, named.shape)
            return whole.instead(lambda _, *v: function(*v), *parts)
    first, *rest = parts
    made = first.mapped("/".join(part.name for part in (named, *others) if part is not None),
                        function, *rest)  # fmt: skip
    made.learned = any(part.learned for part in parts if part is named or part in others)
    if not made.learned:
        made.roots = (made,)
    return made
