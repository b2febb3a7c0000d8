"""Recurrent layers: what each step sees, by autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from convgraph import ConvgraphError, from_torch, receptive_fields  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Result(nn.Module):
    """One of a layer's results: all states, the last ones, or the cells."""

    def __init__(self, layer: nn.Module, which: int, between: bool = False) -> None:
        super().__init__()
        self.layer, self.which, self.between = layer, which, between

    def forward(self, x: Any) -> Any:
        if self.between:  # states that depend on the input to begin with
            size = x.shape[1 - int(self.layer.batch_first) if x.ndim == 3 else 0]
            begin = x.mean((0, 1))[None, None].expand(self.layer.num_layers, size, 2)
            states, last = self.layer(x, begin)
        else:
            states, last = self.layer(x)
        cells = last if isinstance(last, tuple) else (last, last)
        return (states, *cells)[self.which]


CASES: dict[str, tuple[nn.Module, tuple[int, ...], bool]] = {
    "lstm": (nn.LSTM(3, 2), (4, 1, 3), False),
    "of a batch": (nn.LSTM(3, 2, batch_first=True), (2, 4, 3), False),
    "both ways, twice": (nn.LSTM(3, 2, 2, bidirectional=True, batch_first=True), (1, 4, 3), False),
    "gru": (nn.GRU(3, 2, bidirectional=True), (4, 2, 3), False),
    "rnn without a bias": (nn.RNN(3, 2, bias=False, batch_first=True), (1, 4, 3), False),
    "begun with": (nn.GRU(2, 2), (4, 2, 2), True),
}


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("name", CASES)
def test_steps_see_what_changes_them(name: str, which: int) -> None:
    layer, shape, begun = CASES[name]
    module = Result(layer, which, begun).double().eval()
    net = from_torch(Result(layer, which, begun).float().eval(), shape, batch=True)
    x = torch.randn(shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    changed = torch.autograd.functional.jacobian(module.double(), x).reshape(-1, x.numel())
    place = {unit: i for i, unit in enumerate(net.inputs[0].units())}
    fields = receptive_fields(net)
    seen = np.zeros(changed.shape, bool)
    for row, unit in zip(seen, net.outputs[0].units(), strict=True):
        row[[place[other] for other in fields[unit]]] = True
    assert np.array_equal(seen, changed.abs().numpy() > 1e-12)
    assert all("recurrent parameters are not counted" in caveat for caveat in net.caveats)


def test_parameters_are_those_of_the_inputs() -> None:
    net = from_torch(nn.Sequential(nn.LSTM(3, 2)), (4, 1, 3), batch=True)
    assert net.parameter_count == 8 * 3 + 8
    assert net.caveats == (
        "node='lstm' (LSTM): of its values only the connections are known, and its 24 recurrent "
        "parameters are not counted",
    )
    with pytest.raises(ConvgraphError, match="values are not known"):
        net.evaluate(np.ones(net.inputs[0].shape))
