"""Tensors that a module writes to region by region, and then adds to what it computes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from convgraph.importers.torch.places import settled  # noqa: E402
from tests.test_from_torch_operations import assert_as_in_pytorch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts

Write = tuple[int, int, str, int]
SHAPE = (1, 3, 4)


class Masked(torch.nn.Module):
    """A mask that is written in regions, through views, and is read at some step of that."""

    def __init__(self, writes: list[Write], read: int) -> None:
        super().__init__()
        self.writes, self.read = writes, read

    def forward(self, x: Any) -> Any:
        mask = x.new_zeros(x.shape[1:])
        flat = mask.view(-1)
        result = x
        for step, (first, last, how, value) in enumerate(self.writes):
            if step == self.read:
                result = result + mask * x
            # PyTorch adds no number to a region that it is in
            first = max(first, 1) if how == "itself" else first
            part = flat[first:last] if how != "columns" else mask[:, first % 4 : last]
            if how == "times":
                part.mul_(value)
            elif how == "itself":
                part += flat[0]
            else:
                part[...] = value
        return result - mask.unsqueeze(0) * x


writes = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.integers(4, 12),
        st.sampled_from(["put", "columns", "times", "itself"]),
        st.integers(-2, 3),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=4)
@given(writes, st.integers(0, 5))
def test_what_is_written_in_regions_has_the_values_of_pytorch(
    drawn: list[Write], read: int
) -> None:
    module = Masked(drawn, read)
    assert_as_in_pytorch(module, SHAPE)
    with torch.no_grad():
        found = settled(torch, torch.export.export(module, (torch.zeros(SHAPE),)))
    # what is read before it has its last values cannot be computed beforehand
    assert (found is None) == (read < len(drawn))


def test_a_dropout_in_place_of_what_nobody_else_reads_is_read_as_it_stands() -> None:
    module = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Dropout(0.2, inplace=True), torch.nn.Linear(12, 2)
    )
    with torch.no_grad():
        program = torch.export.export(module.eval(), (torch.zeros(SHAPE),))
    assert settled(torch, program) == {}
    assert_as_in_pytorch(module, SHAPE)


class Halves(torch.nn.Module):
    """What is computed is changed in place, as a whole or in views, and parts of it are read."""

    def __init__(self, steps: list[tuple[str, str, str]]) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Any) -> Any:
        whole = 2 * x
        views = {"whole": whole, "left": whole[..., :2], "flat": whole.view(-1), "same": whole[0]}
        results = [x.sum()]
        for name, how, read in self.steps:
            view = views[name]
            if how == "add":
                views[name] += 3 * x.view(-1)[: view.numel()].view(view.shape)
            elif how == "relu":
                views[name] = view.relu_()
            else:
                views[name] = view.mul_(5)
            if read:
                results.append(views[read].sum())
        return torch.stack(results)


steps = st.lists(
    st.tuples(
        st.sampled_from(["whole", "left", "flat", "same"]),
        st.sampled_from(["add", "relu", "mul"]),
        st.sampled_from(["whole", "left", "flat", "same", ""]),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=6)
@given(steps)
def test_what_is_changed_in_views_has_the_values_of_pytorch(
    drawn: list[tuple[str, str, str]],
) -> None:
    assert_as_in_pytorch(Halves(drawn), SHAPE)


def test_a_part_that_is_changed_and_read_alone_is_read_as_it_stands() -> None:
    read_as_it_stands = []
    for read in ("left", "whole"):
        module = Halves([("left", "add", read)])
        with torch.no_grad():
            program = torch.export.export(module.eval(), (torch.zeros(SHAPE),))
        read_as_it_stands.append(settled(torch, program) == {})
    assert read_as_it_stands == [True, False]


class Split(torch.nn.Module):
    """What is written into a mask comes of a call with several results."""

    def forward(self, x: Any) -> Any:
        low, high = torch.split(torch.arange(8.0), 4)
        mask = x.new_zeros(x.shape[1:])
        mask[:, 0] += 1
        mask[1:, 2] = low[1] + high[2]
        return x * mask


def test_what_is_written_may_come_of_a_call_with_several_results() -> None:
    assert_as_in_pytorch(Split(), SHAPE)
