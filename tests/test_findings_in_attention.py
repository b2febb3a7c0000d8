"""What attention does on purpose is no finding: windows, pairs of positions, encodings."""

from __future__ import annotations

from typing import Any

import pytest

import convgraph as cg

torch = pytest.importorskip("torch")
nn = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Windowed(nn.Module):  # type: ignore[name-defined]
    """Patches, and attention within windows of 2 x 2 of them beside a shortcut."""

    def __init__(self, moved: int) -> None:
        super().__init__()
        self.patches, self.qkv, self.moved = nn.Conv2d(3, 4, 4, 4), nn.Linear(4, 12), moved

    def forward(self, x: Any) -> Any:
        x = self.patches(x).permute(0, 2, 3, 1)
        shifted = nn.functional.pad(x, (0, 0, self.moved, 0))[:, :, : x.shape[2]]
        parts = shifted.view(1, 4, 2, 4, 2, 4).transpose(2, 3).reshape(16, 4, 4)
        q, k, v = self.qkv(parts).chunk(3, -1)
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        return x + seen.view(1, 4, 4, 2, 2, 4).transpose(2, 3).reshape(x.shape)


def test_a_window_of_attention_is_aligned_with_the_middle_of_its_units() -> None:
    net = cg.from_torch(Windowed(0), (3, 32, 32))
    assert not cg.findings(net, select="misaligned-merge")
    (finding,) = cg.findings(cg.from_torch(Windowed(1), (3, 32, 32)), select="misaligned-merge")
    (difference,) = finding.details["differences"]
    assert (difference["axis"], abs(difference["offset"])) == (2, 4)


class Reduced(nn.Module):  # type: ignore[name-defined]
    """Attention whose keys stand on a coarser grid than its queries."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.coarser = nn.Conv2d(3, 4, 4, 4), nn.Conv2d(4, 4, 2, 2)

    def forward(self, x: Any) -> Any:
        x = self.patches(x)
        q, k = (each.flatten(2).transpose(1, 2) for each in (x, self.coarser(x)))
        return nn.functional.scaled_dot_product_attention(q, k, k)


def test_queries_and_keys_are_not_merged_position_by_position() -> None:
    net = cg.from_torch(Reduced(), (3, 32, 32))
    assert not cg.findings(net, select="misaligned-merge")


class Rotary(nn.Module):  # type: ignore[name-defined]
    """Pairs of features turned by an angle that grows with the position."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        q = self.query(x)
        angles = torch.arange(6.0)[:, None] * torch.tensor([1.0, 0.5]).repeat(2)
        turned = torch.cat((-q[..., 2:], q[..., :2]), -1)
        return q * angles.cos() + turned * angles.sin()


@pytest.mark.parametrize("axes", [None, "NTC"])
def test_the_sine_of_position_0_wastes_nothing(axes: Any) -> None:
    net = cg.from_torch(Rotary(), (1, 6, 4), axes=axes)
    assert not cg.findings(net).at_least("warning")
