"""Modules recorded in one call, against the programs that torch.export makes of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from convgraph import ConvgraphError, Network, from_torch, report  # noqa: E402
from convgraph.importers.torch.export import examples  # noqa: E402
from convgraph.importers.torch.functional import functional as rewritten  # noqa: E402
from convgraph.importers.torch.places import is_mutable  # noqa: E402
from convgraph.importers.torch.recorded import recorded  # noqa: E402
from convgraph.importers.torch.recorder import Recorded, UntoldError  # noqa: E402
from tests.test_from_torch import CASES, MODULES, made  # noqa: E402
from tests.test_from_torch_operations import assert_as_in_pytorch  # noqa: E402
from tests.test_torch_places import SHAPE, Halves, Masked, Write, steps, writes  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Does(nn.Module):
    """A function as a module, with a layer, a buffer, and a tensor that is neither."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function
        self.layer = nn.Linear(4, 4)
        self.same = self.layer  # a second name
        self.register_buffer("scale", torch.tensor([2.0, 3.0, 5.0, 7.0]))
        self.plain = torch.tensor([1.0, -1.0, 2.0, -2.0])
        self.kept: Any = None
        self.table: dict[str, Any] = {}
        self.list: list[Any] = []

    def forward(self, input: Any) -> Any:  # a name that torch.fx would change
        return self.function(self, input)


def told(net: Network) -> dict[str, Any]:
    """What a network says of itself, but where it is from."""
    return {
        **report(net).to_dict(),
        "source": "",
        "modules": dict(net.modules),
        "arrays": [(array.letter, array.shape) for array in net.labels.arrays],
        "shapes": [(row.name, row.shape) for row in net.rows],
    }


def assert_as_exported(module: nn.Module, *given: Any, shape: Any = None) -> None:
    """The record is the program that is exported, as far as a network tells."""
    module.eval()
    with torch.no_grad():
        program = torch.export.export(module, given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.export, "export", lambda *_: pytest.fail("exported"))
        net = from_torch(module, shape or [tuple(each.shape) for each in given], batch=True)
    wanted = told(from_torch(program))
    assert told(net) == wanted


@pytest.mark.parametrize("name", CASES)
def test_models_are_recorded_as_they_are_exported(name: str) -> None:
    kind, _, shape = CASES[name]
    assert_as_exported(made(kind), torch.zeros(1, *shape))


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_recorded_as_they_are_exported(name: str) -> None:
    module, shape = MODULES[name]
    assert_as_exported(module, *examples(torch, module, shape))


def in_regions(module: Any, x: Any) -> Any:
    mask = torch.zeros(3, 4)
    for region, places in enumerate((slice(0, 1), slice(1, -1), slice(-1, None))):
        mask[places, 1:] = region
    return x + mask


def without_gradients(module: Any, x: Any) -> Any:
    with torch.no_grad():
        left, right = module.layer(x).chunk(2, -1)
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        return torch.relu(left) - right


def remembered(module: Any, x: Any) -> Any:
    if module.kept is None:
        module.kept = module.table["half"] = torch.ones(4) / 2
        module.list.append(2 * x)
    return module.list[-1] * module.kept


ALIKE: dict[str, Callable[[Any, Any], Any]] = {
    "a layer twice": lambda m, x: m.layer(torch.tanh(m.layer(x))),
    "a layer by two names": lambda m, x: m.same(torch.tanh(m.layer(x))),
    "tied weights": lambda m, x: functional.linear(m.layer(x), m.layer.weight.t()),
    "a buffer": lambda m, x: x * m.scale,
    "a buffer that counts": lambda m, x: x * m.scale.add_(1),
    "a plain tensor": lambda m, x: x * m.plain.view(2, 2).reshape(4),
    "a tensor made inside": lambda m, x: x + torch.tensor([1.0, 2.0, 3.0, 4.0]),
    "a grid made inside": lambda m, x: x + torch.arange(4.0, device=x.device)[None] / x.shape[1],
    "noise": lambda m, x: x + torch.rand(4),
    "regions": in_regions,
    "no gradients": without_gradients,
    "remembered": remembered,
    "in place": lambda m, x: m.layer(x).relu_().add_(x).mul_(2),
    "rows": lambda m, x: sum(row * number for number, row in enumerate(x[0])),
    "branches on sizes": lambda m, x: m.layer(x) if x.shape[-1] > 3 else x,
    "several results": lambda m, x: {"sum": x.sum(-1), "rest": (m.layer(x), None, 3)},
    "broadcast": lambda m, x: x[:, :1] * x + x.mean(-1, keepdim=True),
    "resized": lambda m, x: functional.interpolate(x, scale_factor=2.5, mode="linear"),
    "decomposed": lambda m, x: functional.normalize(x, dim=-1).roll(1, 2),
    "attention": lambda m, x: functional.scaled_dot_product_attention(x, m.layer(x), x),
    "a derivative by hand": lambda m, x: torch.utils.checkpoint.checkpoint(
        m.layer, x, use_reentrant=False
    ),
}


@pytest.mark.parametrize("name", ALIKE)
def test_calls_are_recorded_as_they_are_exported(name: str) -> None:
    assert_as_exported(Does(ALIKE[name]), torch.zeros(1, 3, 4))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("both_ways", [False, True])
def test_recurrent_layers_are_recorded_as_they_are_exported(kind: Any, both_ways: bool) -> None:
    layer = kind(3, 4, num_layers=2, batch_first=True, bidirectional=both_ways)
    assert_as_exported(layer, torch.zeros(1, 5, 3))


def test_inputs_by_name_are_recorded_as_they_are_exported() -> None:
    class Entries(nn.Module):
        def forward(self, batch: dict[str, Any]) -> Any:
            return batch["Left"] - 2 * batch["right part"]

    shapes = {"right part": (1, 3), "Left": (1, 3)}
    net = from_torch(Entries(), shapes, batch=True)
    entries = {name: torch.zeros(shape) for name, shape in shapes.items()}
    program = torch.export.export(Entries(), (entries,))
    assert told(net) == told(from_torch(program))


UNTOLD: dict[str, Callable[[Any, Any], Any]] = {
    "a branch": lambda m, x: x if x.sum() > 0 else -x,
    "any": lambda m, x: x if (x > 0).any() else -x,
    "equal": lambda m, x: x if torch.equal(x, 2 * x) else -x,
    "a number": lambda m, x: x * float(x.max()),
    "which are positive": lambda m, x: x[x > 0],
    "a number as a size": lambda m, x: x[:, : int(x.sum())],
    "an array": lambda m, x: x + torch.from_numpy(x.numpy()),
    "a list": lambda m, x: x * x.tolist()[0][0][0],
    "memory": lambda m, x: x if x.data_ptr() else -x,
    "a function of numbers": lambda m, x: x.clone().apply_(lambda value: value + 1),
    "what a buffer holds": lambda m, x: x * m.scale.numpy()[0],
    "another tensor's memory": lambda m, x: setattr(m.layer.weight, "data", m.scale) or m.layer(x),
    "an argument for the result": lambda m, x: torch.add(x, x, out=torch.empty(1, 3, 4)),
    "another shape in place": lambda m, x: (2 * x).resize_(4, 3),
    "another kind in place": lambda m, x: x + torch.arange(4).add_(2.5),
    "a layer of another width": lambda m, x: m.layer(x[..., :3]),
    "a norm of another width": lambda m, x: functional.layer_norm(x, (3,)),
    "a result of a kind of its own": lambda m, x: Does(lambda n, y: y),
}


@pytest.mark.parametrize("name", UNTOLD)
def test_what_depends_on_numbers_is_not_recorded(name: str) -> None:
    with pytest.raises(Exception), torch.no_grad():  # noqa: B017, PT011 - whatever is raised
        recorded(Does(UNTOLD[name]).eval(), (torch.zeros(1, 3, 4),), {})


@pytest.mark.parametrize("name", ["a branch", "a layer of another width"])
def test_what_is_not_recorded_is_refused_as_an_export_is(name: str) -> None:
    with pytest.raises(ConvgraphError, match=r"torch\.export cannot trace the module"):
        from_torch(Does(UNTOLD[name]), (1, 3, 4))


def test_precision_that_is_chosen_for_each_call_is_not_recorded() -> None:
    def mixed(module: Any, x: Any) -> Any:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return module.layer(x)

    with pytest.raises(UntoldError, match="precision"), torch.no_grad():
        recorded(Does(mixed).eval(), (torch.zeros(1, 3, 4),), {})
    assert from_torch(Does(mixed), (1, 3, 4)).outputs[0].shape == (3, 4)


@pytest.mark.parametrize("name", [*ALIKE, *UNTOLD])
def test_a_module_is_left_as_it_was(name: str) -> None:
    module = Does({**ALIKE, **UNTOLD}[name])
    held = {key: value.clone() for key, value in module.state_dict().items()}
    had = dict(vars(module))
    try:
        from_torch(module, (1, 3, 4))
    except ConvgraphError:
        assert name in UNTOLD
    assert dict(vars(module)) == had
    assert module.training
    assert (module.table, module.list) == ({}, [])
    for key, value in module.state_dict().items():
        assert type(value) is torch.Tensor
        assert torch.equal(value, held[key])


def test_a_tensor_that_was_kept_has_no_numbers() -> None:
    kept: list[Any] = []
    from_torch(Does(lambda m, x: kept.append(2 * x) or m.layer(x)), (1, 3, 4))
    assert type(kept[0]) is Recorded
    with pytest.raises(UntoldError, match="kept from being recorded"):
        kept[0] + 1
    with torch.no_grad(), pytest.raises(UntoldError, match="recorded before"):
        recorded(Does(lambda m, x: x + kept[0]), (torch.zeros(1, 3, 4),), {})


def in_parts(module: Any, x: Any) -> Any:
    """A tensor that is changed in several of its parts, and read through others."""
    whole = 2 * x
    left, right = whole.split([1, 3], 2)
    first, *_ = whole.unbind(1)
    left += right[..., :1]
    whole.transpose(1, 2)[:, 1:, :2].mul_(3)
    first.copy_(whole[:, 2])
    whole.narrow(2, 1, 2).clamp_(min=-1).zero_()
    whole.permute(2, 0, 1)[3].fill_(0.5)
    whole.view(-1)[2:5] -= x.flatten()[:3]
    return whole + first.unsqueeze(1) + right.sum(-1, keepdim=True)


@settings(max_examples=5)
@given(steps)
def test_what_is_changed_in_views_is_recorded(drawn: list[tuple[str, str, str]]) -> None:
    unchanged(Halves(drawn))


@settings(max_examples=5)
@given(writes)
def test_what_is_written_in_regions_is_recorded(drawn: list[Write]) -> None:
    unchanged(Masked(drawn, 1))


def test_what_is_changed_in_many_ways_is_recorded() -> None:
    unchanged(Does(in_parts), (1, 3, 4))


def unchanged(module: Any, shape: tuple[int, ...] = SHAPE) -> None:
    """The program is told without changes, and computes what the module does."""
    with torch.no_grad():
        program = rewritten(recorded(module.eval(), (torch.zeros(shape),), {}))
    assert program is not None
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    assert not any(is_mutable(node) for node in calls if node.target is not operator.getitem)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.export, "export", lambda *_: pytest.fail("exported"))
        assert_as_in_pytorch(module, shape)


def caught(module: Any, x: Any) -> Any:
    try:
        return 2 * x if x.sum() > 0 else -x
    except RuntimeError:
        return 3 * x


def test_an_error_that_a_module_catches_is_no_record() -> None:
    with torch.no_grad(), pytest.raises(UntoldError, match="goes on without"):
        recorded(Does(caught).eval(), (torch.zeros(1, 3, 4),), {})


def an_alias_that_is_not_declared(module: Any, x: Any) -> Any:
    y = 2 * x
    y.type_as(x).mul_(5)
    return y


def of_several_results(module: Any, x: Any) -> Any:
    largest, _ = x.max(-1)
    part = largest[:, :1]
    largest += 1
    return part + largest


def names_of_a_record(module: Any, x: Any) -> Any:
    y = 2 * x
    y.node = 3
    return y * (1 if hasattr(x, "like") or hasattr(x, "recorder") else y.node)


def a_part_of_a_parameter(module: Any, x: Any) -> Any:
    y = module.layer(x)
    with torch.no_grad():
        module.layer.weight[0] = 0
    return y + module.layer(x)


def kept_in_an_object(module: Any, x: Any) -> Any:
    if not hasattr(module.box, "grid"):
        module.box.grid = torch.arange(4.0)
    return x + module.box.grid


def one_memory(module: Any, x: Any) -> Any:
    module.plain.add_(10)
    return x * module.part


def a_name_of_a_constant(module: Any, x: Any) -> Any:
    return x * torch.tensor([1.0, 2.0, 3.0, 5.0]) + module.lifted_tensor_1


FOREIGN = torch.tensor([1.0, 2.0, 3.0])
ADVERSE: dict[str, Callable[[Any, Any], Any]] = {
    "an alias that is not declared": an_alias_that_is_not_declared,
    "at least three axes": lambda m, x: torch.atleast_3d(y := 2 * x).mul_(5) * 0 + y,
    "several results": of_several_results,
    "names": names_of_a_record,
    "inference": lambda m, x: x if torch.is_inference_mode_enabled() or x.is_inference() else 3 * x,
    "learned or not": lambda m, x: m.layer(x) if m.layer.weight.requires_grad else x,
    "a gradient": lambda m, x: x if m.layer.weight.grad is None else m.layer(x),
    "one memory": one_memory,
    "a name of a constant": a_name_of_a_constant,
    "a number of a constant": lambda m, x: x * float(FOREIGN.numpy().sum()),
    "kept": kept_in_an_object,
    "a part of a parameter": a_part_of_a_parameter,
    "a part of a view": in_parts,
}


@pytest.mark.parametrize("name", ADVERSE)
def test_a_network_is_what_pytorch_computes_or_is_refused(name: str) -> None:
    module = Does(ADVERSE[name]).eval()
    module.box, module.part = type("Box", (), {})(), module.plain[:]
    module.lifted_tensor_1 = torch.ones(4)
    module.layer.weight.grad = torch.zeros(4, 4)
    x, weight = torch.rand(1, 3, 4), module.layer.weight.detach().clone()
    with torch.no_grad():
        wanted = module(x.clone())[0].numpy()
        module.layer.weight.copy_(weight)
    module.plain.copy_(torch.tensor([1.0, -1.0, 2.0, -2.0]))
    module.box = type("Box", (), {})()
    try:
        net = from_torch(module, (1, 3, 4), batch=True)
    except ConvgraphError:
        return
    assert torch.equal(module.layer.weight, weight)
    np.testing.assert_allclose(net.evaluate(x[0].numpy()), wanted, 1e-5, 1e-6)
    with torch.no_grad():  # the module is as it was
        np.testing.assert_allclose(module(x.clone())[0].numpy(), wanted, 1e-5, 1e-6)
