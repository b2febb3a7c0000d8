"""The pages of the site that are made, as far as they can be read without Sphinx."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph import testing

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.exhaustive
def test_what_made_pages_show_was_made(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("PIL")
    write = "import sys, pathlib, pages; pages.write(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", write, str(tmp_path)], cwd=DOCS, check=True)
    shown = 0
    for page in tmp_path.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
        live = [f"live/{name}" for name in re.findall(r'href="\.\./([^"]+)"', text)]
        for name in pictures + live:
            assert (tmp_path / name).stat().st_size > 0, (page.name, name)
        shown += len(pictures) + len(live)
    assert shown > 50


def test_the_reference_has_every_public_name_once(tmp_path: Path) -> None:
    runpy.run_path(str(DOCS / "reference.py"))["write_reference"](tmp_path)
    rooms = [path.read_text(encoding="utf-8") for path in (tmp_path / "reference").iterdir()]
    described = re.findall(r"^\.\. auto\w+:: ([\w.]+)$", "\n".join(rooms), re.MULTILINE)
    assert len(described) == len(set(described))
    public = {f"convgraph.{name}" for name in cg.__all__}
    public |= {f"convgraph.testing.{name}" for name in testing.__all__}
    assert public <= set(described)
    first = (tmp_path / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r'<span id="([\w.]+)">', first)) == public  # where old addresses arrive
    answers = {name.rpartition(".")[2] for name in set(described) - public}
    assert {"Units", "Uses", "Verdict", "Report", "Row", "Spec"} <= answers


def facts(row: Any) -> Any:
    """What is known of a row, but for its name."""
    return row.kind, row.shape, row.receptive_field, row.stride, row.padding, row.multiply_adds


def test_the_resnet_of_the_site_has_the_sizes_that_torchvision_states() -> None:
    pytest.importorskip("onnx")
    path = DOCS / "networks" / "resnet50.onnx"
    net = cg.from_onnx(path)
    assert path.stat().st_size < 300_000
    assert net.parameter_count == 25_557_032  # "num_params" of its weights
    assert round(cg.cost(net).macs / 1e9, 2) == 4.09  # "_ops"
    assert not net.caveats
    stages = {f"layer{i}": net.row(f"layer{i}.{n}").shape for i, n in enumerate((2, 3, 5, 2), 1)}
    assert stages == {f"layer{i}": (128 * 2**i, 112 >> i, 112 >> i) for i in (1, 2, 3, 4)}
    assert {"conv1", "layer1.0.downsample.1", "layer4.1.conv2", "avgpool", "fc"} <= {
        row.name for row in net.rows
    }


@pytest.mark.exhaustive
def test_the_resnet_of_the_site_is_what_from_torch_reads(models: Any) -> None:
    pytest.importorskip("onnx")
    made = runpy.run_path(str(DOCS / "networks" / "resnet50.py"))
    read = cg.from_torch(models.resnet50(weights=None).eval(), made["SHAPE"])
    for model in (made["model"](), made["FILE"]):
        site = cg.from_onnx(model)
        assert [(row.name, *facts(row)) for row in cg.report(site).rows] == [
            (row.name, *facts(row)) for row in cg.report(read).rows
        ]


def test_the_scripts_of_drawings_keep_what_they_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.chdir(tmp_path)
    saving = runpy.run_path(str(DOCS / "pages.py"))["saving"]
    code = "import convgraph as cg\n\nnet = cg.Conv(3).on(5)\ncg.draw(\n    net,\n)"
    script = saving(code, "drawing-a-net")
    exec(script, {})
    assert [path.name for path in tmp_path.iterdir()] == ["a-net.svg"]
