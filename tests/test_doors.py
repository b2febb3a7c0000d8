"""Files and outputs that are not what they should be end in one line, and never in a traceback."""

from __future__ import annotations

import importlib
import io
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from click.testing import CliRunner
from onnx import TensorProto
from rich.console import Console

import convgraph as cg
from convgraph.cli import main
from convgraph.cli.exit_status import reported
from convgraph.cli.output import print_json, print_line, print_text, progress
from convgraph.core import memory
from convgraph.importers.onnx import file as onnx_file
from convgraph.reports import report_tables
from tests.hostile_names import model


def command(*arguments: Any, **options: Any) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "convgraph", *arguments], stderr=subprocess.PIPE, **options
    )


@pytest.mark.parametrize(
    "location", ["w\x00", "w" * 5000, "../" * 2000 + "w", "", ".", "/dev/zero", "/dev/stdin"]
)
@pytest.mark.parametrize("length", ["12", "9" * 5000, "\u00b2", "-1"])
def test_data_in_a_place_that_is_none_is_refused(
    tmp_path: Path, location: Any, length: Any
) -> None:
    made = model("w")
    (weight,) = made.graph.initializer
    weight.ClearField("float_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", length)):
        weight.external_data.add(key=key, value=value)
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(cg.ConvgraphError, match="data is not in"):
        cg.from_onnx(path)
    assert cg.from_onnx(path, weights=False).parameter_count == 3


@pytest.mark.parametrize("name", [b"Relu", b"w z", b"w 2", b"pads"])
def test_a_name_that_is_no_text_is_refused(name: bytes) -> None:
    data = model("w").SerializeToString()
    assert name in data
    with pytest.raises(cg.ConvgraphError, match="UTF-8"):
        cg.from_onnx(data.replace(name, b"\xff" * len(name)))


def test_a_file_that_is_too_large_or_has_no_end_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(onnx_file.LARGEST + 1)  # a hole, which takes no room
    with pytest.raises(cg.ConvgraphError, match="at most 2,147,483,647"):
        cg.from_onnx(path)
    if Path("/dev/zero").exists():
        with pytest.raises(cg.ConvgraphError, match="device"):
            cg.from_onnx("/dev/zero")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_full_device_is_one_line(form: Any) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no full device here")
    with Path("/dev/full").open("wb") as full:
        done = command("show", "Conv(3)", "--input", "5", *form, stdout=full)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"output: No space left" in done.stderr


def test_output_in_ascii_is_text(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model("größe").SerializeToString())
    code = (  # one process, as each takes a second to start
        "import sys\nfrom convgraph.cli import main\n"
        "for form in ([], ['--csv'], ['--markdown'], ['--json']):\n"
        "    print(end='\\f')\n"
        "    try: main(['analyze', sys.argv[1], *form], prog_name='convgraph')\n"
        "    except SystemExit as ended: assert not ended.code\n"
    )
    ascii_only = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, check=False, env=ascii_only)
    assert (done.returncode, done.stderr) == (0, b"")
    _, *outputs = done.stdout.split(b"\f")
    assert len(outputs) == 4
    for output in outputs:
        assert b"gr??e h" in output or "größe h" in output.decode()


@pytest.mark.parametrize(
    ("spec", "size", "shown"),
    [
        ("Conv(3)", 10**8, "299,999,994"),
        ("Conv(3, stride=2, padding=1)", 10**12, "1,499,999,999,999"),
        ("Conv(3, dilation=4, padding=5)", 10**12, "2,999,999,999,994"),
        ("MaxPool(3, stride=2)", 10**12, "1,499,999,999,997"),
        ("Conv(3, padding=1000000000)", 10, "2,000,000,008"),
        ("Conv(3, filters=100000000)", 5, "900,000,000"),
        ("Conv(3, padding='same', padding_mode='reflect')", 10**12, "3,000,000,000,000"),
    ],
)
def test_what_is_large_is_counted_by_its_border(spec: str, size: int, shown: str) -> None:
    done = CliRunner().invoke(main, ["show", spec, "--input", str(size), "--json"])
    assert done.exit_code == 0
    assert shown.replace(",", "") in done.output


@pytest.mark.parametrize("size", [7, 10**9])
def test_a_long_row_before_one_of_open_size_is_counted_by_its_border(size: int) -> None:
    units = sp.Symbol("m", integer=True, positive=True)
    ring = cg.Conv(3, padding="same", padding_mode="circular")
    found = cg.sparsity((ring >> cg.Dense(units)).on(size))
    assert (found.fan_in, found.fan_out) == ({3: size, size: units}, {3: size, units: size})


def test_a_field_in_a_long_row_takes_no_copies_of_it() -> None:
    """Axes of one position come and go between a row and the view that a layer has of it."""
    tied = (cg.TiledConv(3, tiles=2) >> cg.MaxPool(2)).on(10**8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert cg.receptive_field(tied, "g7") == {"x13", "x14", "x15", "x16"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000  # kB


def test_tiles_of_a_window_that_is_too_long_are_refused_before_its_taps_are_listed() -> None:
    arguments = ["tiles", "Conv(1000000000)", "--input", "2000000000"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "positions=" in result.stderr


@pytest.mark.parametrize("kernel", [10**8, 10**9])
def test_a_border_that_is_too_large_is_refused_with_its_size(kernel: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = CliRunner().invoke(main, ["show", f"Conv({kernel})", "--input", str(2 * kernel)])
    assert result.exit_code == 2
    assert "positions=" in result.stderr
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2_000_000  # kB


def test_a_move_of_too_many_positions_is_refused_before_it_is_made() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = CliRunner().invoke(main, ["check", "Conv(3)", "--input", "100000000", "--flip"])
    assert result.exit_code == 2
    assert "positions=199,999,998" in result.stderr
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


def test_a_chance_of_too_many_positions_is_refused_before_they_are_listed() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shift = ["--input", "100000000", "--shift", "1"]
    result = CliRunner().invoke(main, ["invariance", "MaxPool(3, stride=1)", *shift])
    assert result.exit_code == 2
    assert "positions=" in result.stderr
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze", "model.onnx"],
        ["analyze", "model.onnx", "--json"],
        ["analyze", "model.onnx", "--csv"],
        ["compare", "model.onnx", "model.onnx"],
        ["group", "Conv(1)", "--input", "3"],
        ["invariance", "MaxPool(3)", "--input", "9", "--shift", "1"],
        ["prove", "Conv(3)", "--shift", "1", "--verify"],
        ["show", "Conv(3)", "--input", "5"],
        ["stream", "Conv(3)", "--input", "9"],
        ["tiles", "Conv(3)", "--input", "9", "--tile", "3"],
    ],
)
def test_what_may_take_long_shows_its_progress_until_it_is_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    if arguments[0] == "group":
        pytest.importorskip("igraph")
    steps: list[int] = []
    printed: list[bool] = []

    @contextmanager
    def counted(what: str, total: int) -> Iterator[Any]:
        steps.append(-total)
        yield lambda: steps.append(1)
        sys.stdout.flush()
        printed.append(bool(sys.stdout.buffer.seek(0, io.SEEK_END)))

    (tmp_path / "model.onnx").write_bytes(model("w").SerializeToString())
    monkeypatch.chdir(tmp_path)
    command = importlib.import_module(f"convgraph.cli.{arguments[0]}_command")
    monkeypatch.setattr(command, "progress", counted)
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert steps
    assert sum(steps) == 0
    assert printed == [True]


class Now:
    """A timer that does not wait."""

    def __init__(self, seconds: float, start: Callable[[], None]) -> None:
        self.start = start

    def cancel(self) -> None:
        pass

    join = cancel


@pytest.mark.parametrize("printing", [print_line, print_text, print_json])
def test_a_bar_ends_before_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], printing: Any
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setattr("threading.Timer", Now)
    with progress("The work", 2) as step:
        step()
        assert "The work" in capsys.readouterr().err
        printing("answer")
        out, err = capsys.readouterr()
        assert "answer" in out
        assert "\x1b[?25h" in err  # the cursor is back
        printing("more")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("width", [60, 200])
def test_a_long_report_on_a_terminal_has_all_rows(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(report_tables, "LONG", 3)
    report = cg.report((cg.Conv(3, padding=1) ** 5).on(9))
    console = Console(file=io.StringIO(), width=width)
    console.print(report)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines[:7])) <= width
    assert [line.split()[0] for line in lines[:7]] == ["tensor", "x", "h1", "h2", "h3", "h4", "s"]


@pytest.mark.parametrize(("error", "status"), [(BrokenPipeError(), 1), (OSError(28, "full"), 2)])
def test_an_output_that_is_no_file_is_given_up(
    monkeypatch: pytest.MonkeyPatch, error: OSError, status: int
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(SystemExit) as left, reported("convgraph"):
        raise error
    assert left.value.code == status


def test_what_a_command_may_take_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ALWAYS_FITS", 1000)
    with memory.at_most(50_000_000):
        memory.require("entries", 1_000_000, 8)
        with pytest.raises(cg.ConvgraphError, match="entries=10,000,000: this takes 80 MB"):
            memory.require("entries", 10_000_000, 8)
    memory.require("entries", 10_000_000, 8)  # Python may take more than a command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json", "--csv"], "--json --csv: one of them is printed at a time"),
        (["--markdown", "--csv", "--csv"], "--markdown --csv: one of them"),
        (["--csv", "--unit", "x1"], "--csv prints all rows"),
        (["--markdown", "--tensor", "x"], "--markdown prints all rows"),
    ],
)
def test_one_form_is_printed_at_a_time(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["analyze", "model.onnx", *arguments])
    assert (result.exit_code, result.output) == (2, result.stderr)
    assert message in result.stderr
