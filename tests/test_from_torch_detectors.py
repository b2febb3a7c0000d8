"""Modules of which a part depends on values are read up to it."""

from __future__ import annotations

from typing import Any

import pytest

import convgraph as cg

torch = pytest.importorskip("torch")
nn = torch.nn

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts


class Head(nn.Module):  # type: ignore[name-defined]
    """Scores and boxes of each position."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.scores, self.boxes = nn.Conv2d(4, 1, 1), nn.Conv2d(4, 4, 1)

    def forward(self, x: Any) -> Any:
        h = self.conv(x).relu()
        return {"scores": self.scores(h), "boxes": self.boxes(h)}


class Anchors(nn.Module):  # type: ignore[name-defined]
    """What no input goes into."""

    def forward(self, x: Any) -> Any:
        return torch.arange(float(x.shape[-1]))


class Proposals(nn.Module):  # type: ignore[name-defined]
    """The boxes with good scores, three of them if there are so many."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.anchors = Head(), Anchors()

    def forward(self, x: Any) -> Any:
        found, anchors = self.head(x), self.anchors(x)
        kept = found["boxes"].flatten(2)[0, :, found["scores"].flatten() > 0]
        return kept[:, :3] + anchors[0] if kept.shape[1] > 3 else kept


class Detector(nn.Module):  # type: ignore[name-defined]
    """A backbone, proposals, and a classifier of what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU())
        self.rpn, self.classes = Proposals(), nn.Linear(4, 7)

    def forward(self, x: Any) -> Any:
        return self.classes(self.rpn(self.backbone(x)).T)


class Before(nn.Module):  # type: ignore[name-defined]
    """The same up to the proposals, written by hand."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.backbone, self.rpn = detector.backbone, detector.rpn

    def forward(self, x: Any) -> Any:
        features = self.backbone(x)
        return features, self.rpn.head(features)


def test_a_detector_is_read_up_to_its_proposals() -> None:
    detector = Detector()
    net = cg.from_torch(detector, (3, 16, 16))
    assert net.caveats == (
        "module: it is read up to backbone, rpn.head, as what it computes next depends on values",
    )
    assert [row.name for row in net.outputs] == ["backbone.1", "rpn.head.scores", "rpn.head.boxes"]
    read = [*detector.backbone.parameters(), *detector.rpn.head.parameters()]
    assert net.parameter_count == sum(p.numel() for p in read)
    assert cg.compare(net, cg.from_torch(Before(detector), (3, 16, 16))).alike
    x = torch.randn(1, 3, 16, 16)
    features, head = Before(detector)(x)
    found = net.evaluate(x[0].numpy())
    for row, tensor in zip(net.outputs, (features, head["scores"], head["boxes"]), strict=True):
        assert found[row.name] == pytest.approx(tensor[0].detach().numpy(), abs=1e-5)
    # the module is as it was
    assert not any("forward" in vars(part) for part in detector.modules())
    assert detector(x).shape[1] == 7


def test_strict_refuses_what_is_left_out() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"up to backbone, rpn\.head.*strict=True"):
        cg.from_torch(Detector(), (3, 16, 16), strict=True)


class Chosen(nn.Module):  # type: ignore[name-defined]
    """Nothing before the choice."""

    def forward(self, x: Any) -> Any:
        kept = x[x > 0]
        return kept[:3] if kept.shape[0] > 3 else kept


def test_where_nothing_comes_before_there_is_no_network() -> None:
    with pytest.raises(cg.ConvgraphError, match="cannot trace the module"):
        cg.from_torch(Chosen(), (3, 16, 16))


class Batched(nn.Module):  # type: ignore[name-defined]
    """A detector that copies its images into a batch with a border, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.classes = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        batch = torch.zeros((len(x), 3, 16, 16))
        for place, image in enumerate(x):
            batch[place, :, : image.shape[1], : image.shape[2]].copy_(image)
        h = self.backbone(batch)
        kept = h.flatten(2)[0, :, h[0, 0].flatten() > 0]
        return self.classes(kept[:, :3].T if kept.shape[1] > 3 else kept.T)


def test_what_is_copied_into_a_batch_is_read() -> None:
    detector = Batched()
    net = cg.from_torch(detector, (1, 3, 12, 12))
    assert net.caveats[-1].startswith("module: it is read up to backbone, as")
    x = torch.randn(1, 3, 12, 12)
    wanted = detector.backbone(nn.functional.pad(x, (0, 4, 0, 4)))[0]
    assert net.evaluate(x[0].numpy()) == pytest.approx(wanted.detach().numpy(), abs=1e-5)
    seen = cg.receptive_field(net, net.outputs[0].unit((0, 12, 4)))
    assert seen.bounds == ((0, 2), (11, 11), (3, 5))


class Aside(nn.Module):  # type: ignore[name-defined]
    """Sizes that depend on values, of what goes into no result."""

    def __init__(self, used: bool) -> None:
        super().__init__()
        self.conv, self.used = nn.Conv2d(3, 4, 3), used

    def forward(self, x: Any) -> Any:
        kept = x[x > 0].clone()
        kept += 1
        h = self.conv(x)
        return (h, kept) if self.used else h


def test_sizes_that_depend_on_values_matter_where_a_result_does() -> None:
    net = cg.from_torch(Aside(used=False), (3, 8, 8))
    assert cg.compare(net, cg.from_torch(nn.Conv2d(3, 4, 3), (3, 8, 8))).alike
    with pytest.raises(cg.ConvgraphError, match="how many units there are depends on the input"):
        cg.from_torch(Aside(used=True), (3, 8, 8))


def test_a_branch_that_a_module_catches_is_no_number_aside() -> None:
    class Caught(nn.Module):  # type: ignore[misc]
        """PyTorch cannot tell which way it goes, and it goes a third one."""

        def forward(self, x: Any) -> Any:
            try:
                return 2 * x if x.sum() > 0 else -x
            except RuntimeError:
                return 3 * x

    with pytest.raises(cg.ConvgraphError, match="computes other numbers than the module does"):
        cg.from_torch(Caught(), (1, 3, 4))
