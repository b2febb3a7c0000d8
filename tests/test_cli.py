"""The command line, as a user runs it."""

from __future__ import annotations

import inspect
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.book.claims import claim_numbers
from convgraph.book.figures import figure_numbers
from convgraph.cli import main, output
from convgraph.cli.commands import COMMANDS
from convgraph.cli.expression import parse_shape, parse_spec, spec_names
from tests.command_line import refused, run

TWICE = "Conv(3, padding='same') >> Conv(3, padding='same')"


@pytest.fixture(autouse=True)
def _plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal, whatever the environment of the tests says of it."""
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def process(*arguments: Any, **options: Any) -> Any:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "convgraph", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# -- the frame -------------------------------------------------------------------------------------


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom convgraph.cli import main\n"
        "try: main(['--help'], prog_name='convgraph')\n"
        "except SystemExit: pass\n"
        "print({'numpy', 'sympy', 'networkx', 'scipy', 'rich', 'graphviz'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, heavy = done.stdout.splitlines()
    assert heavy == "set()"
    assert lines[0] == "Usage: convgraph [OPTIONS] COMMAND [ARGS]..."
    assert all(any(line.split()[:1] == [name] for line in lines) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: Any) -> None:
    out, _ = run(name, "--help")
    assert out.startswith(f"Usage: convgraph {name} [OPTIONS]")
    assert COMMANDS[name].split()[0] in out


def test_version() -> None:
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"convgraph {cg.__version__}\n")


def test_errors_are_one_line_in_a_process_of_its_own() -> None:
    done = process("show", "Conv(3, stride=0)", "--input", "5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "convgraph: stride=0: a stride is a positive integer\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shw"], "convgraph: No such command 'shw'."),
        (["show"], "convgraph show: Missing argument 'EXPRESSION'."),
        (["show", "Conv(3)"], "convgraph show: Missing option '--input'."),
        (["show", "Conv(3)", "--input"], "convgraph: Option '--input' requires an argument."),
        (["show", "Conv(3)", "--inptu", "5"], "convgraph show: No such option"),
    ],
)
def test_usage_errors_are_one_line(arguments: list[str], message: str) -> None:
    assert refused(*arguments).startswith(message)


def test_without_a_command_comes_the_help() -> None:
    _, err = run(status=2)
    assert err.startswith("Usage: ")


def completing(instruction: str, **asked: str) -> dict[str, str]:
    """The environment in which a shell asks for completions."""
    return {"_CONVGRAPH_COMPLETE": instruction, **asked}


@pytest.mark.parametrize("shell", ["zsh", "fish"])  # bash: below
def test_completion_script(shell: str) -> None:
    done = CliRunner().invoke(main, prog_name="convgraph", env=completing(f"{shell}_source"))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "_CONVGRAPH_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"), [("convgraph bo", "book"), ("convgraph book 9.", "9.4")]
)
def test_completion(words: str, expected: str) -> None:
    asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = CliRunner().invoke(main, prog_name="convgraph", env=completing("bash_complete", **asked))
    assert expected in [line.split(",")[-1] for line in done.stdout.splitlines()]


def test_completion_in_a_process_of_its_own() -> None:
    done = process(env={**os.environ, **completing("bash_source")})
    assert "_CONVGRAPH_COMPLETE" in done.stdout


def test_a_reader_that_stops_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m convgraph show 'Conv(3)' --input 2000 --unit s3 --json | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""


@pytest.fixture
def short_book(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book of one figure and of three claims, which hold and hold under conditions."""
    assert {"9.4", 2} <= {*figure_numbers(), *claim_numbers()}  # which loads all of them
    monkeypatch.setattr("convgraph.book.figures.figure_numbers", lambda: ["9.4"])
    monkeypatch.setattr("convgraph.book.claims.claim_numbers", lambda: [2, 3, 4])


@pytest.mark.usefixtures("short_book")
def test_a_terminal_gets_colours_and_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "WAIT", 0)
    arguments = ["book", "--out", tmp_path]
    out, err = run(*arguments, env={"FORCE_COLOR": "1", "TERM": "xterm-256color"})
    assert "\x1b[32mholds" in out  # green
    assert "\x1b[33mholds when" in out
    assert "The chapter" in err
    out, err = run(*arguments, env={"FORCE_COLOR": "1", "NO_COLOR": "1"})
    assert "\x1b[32m" not in out


def test_progress_is_quiet_before_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("Nothing", 3) as step:
        for _ in range(3):
            step()
    assert capsys.readouterr() == ("", "")


# -- show ------------------------------------------------------------------------------------------


def test_show_prints_what_the_library_answers() -> None:
    net = parse_spec(TWICE).on(5)
    out, _ = run("show", TWICE, "--input", 5, "--unit", "g3", env={"COLUMNS": "120"})
    assert "g3 sees h2, h3, h4 (3 units of h)" in out
    assert "g3 sees x1, x2, x3, x4, x5 (5 units of x)" in out
    assert f"g3 = {net.expressions()['g3']}" in out
    assert re.search(r"in all +26 +50 +6 +42", out)
    assert re.search(r"^h +h1 \[h2\]\[h3\]\[h4\] h5", out, re.MULTILINE)


def test_show_in_the_middle_and_in_one_row() -> None:
    out, _ = run("show", TWICE, "--input", 5, "--unit", "h1")
    assert "h1 sees x1, x2 (2 units of x)" in out
    assert "h1 affects g1, g2 (2 units of g)" in out
    out, _ = run("show", TWICE, "--input", 5, "--unit", "g3", "--row", "h")
    assert "of h)" in out
    assert "of x)" not in out


def test_show_a_parameter() -> None:
    out, _ = run("show", "Conv(3, padding='same')", "--input", 5, "--parameter", "w_1")
    assert "w_1 is used 4 times: x1 -> s2, x2 -> s3, x3 -> s4, x4 -> s5" in out
    assert "not at s1" in out
    out, _ = run("show", "Conv(k)", "--input", "n", "--parameter", "w_1")
    assert "w_1 is used -k + n + 1 times" in out


def test_show_json() -> None:
    arguments = ["show", TWICE, "--input", "5", "--unit", "g3", "--parameter", "v_1", "--json"]
    facts = json.loads(run(*arguments)[0])
    assert [row["name"] for row in facts["rows"]] == ["x", "h", "g"]
    assert (facts["connections"], facts["dense"], facts["parameters"]) == (26, 50, 6)
    assert [row["receptive_field"] for row in facts["rows"]] == [[1], [3], [5]]
    assert facts["unit"]["receptive_field"]["h"]["units"] == ["h2", "h3", "h4"]
    assert facts["unit"]["projective_field"] == {}
    assert facts["parameter"]["count"] == 4
    assert not any("\x1b" in str(value) for value in facts.values())


def test_show_closed_forms() -> None:
    out, _ = run("show", "Conv(k) >> Dense(m)", "--input", "n + k - 1")
    lines = [line.strip() for line in out.splitlines()]
    assert "connections: k*n" in lines
    assert "receptive field: k" in lines
    assert "dense: m*n" in lines


def test_show_images_and_large_inputs() -> None:
    out, _ = run("show", "Conv((5, 5), padding='same')", "--input", "3x100x100", "--unit", "s1,1,1")
    assert "300,000,000" in out
    assert "27 units within 3x3x3" in out
    assert "s1,1,1 =" not in out  # it would fill the screen


def test_show_deep_networks() -> None:
    out, _ = run("show", " >> ".join(["Activation('phi')"] * 300), "--input", 2, "--unit", "s1")
    assert "s1 sees x1 (1 unit of x)" in out


def test_a_picture_is_drawn_in_a_theme(tmp_path: Path) -> None:
    theme = tmp_path / "lab.toml"
    theme.write_text('ink = "#123456"', encoding="utf-8")
    run("show", TWICE, "--input", 5, "--out", tmp_path / "a.svg", "--theme", theme)
    assert 'stroke="#123456"' in (tmp_path / "a.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["f.svg", "f.dot"])
def test_show_draws_what_it_answers(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    out, _ = run("show", TWICE, "--input", 5, "--unit", "g3", "--out", path)
    assert out.endswith(f"Drawn to {path}\n")
    if name == "f.dot":
        assert path.read_text().count('class="unit shaded"') == 1 + 3 + 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "5", "--unit", "g9"], "unit='g9': no unit of this network"),
        (["--input", "5", "--row", "h"], "show: --row says where to look for the field of a"),
        (["--input", "5", "--unit", "g1", "--row", "g"], "row='g': the unit's own"),
        (["--input", "5", "--unit", "g1", "--row", "z"], "row='z': no row of this network"),
        (["--input", "5", "--parameter", "w_9"], "'w_9': no parameter"),
        (["--input", "5.5"], "input='5.5': a shape is sizes joined by x"),
        (["--input", "0"], "shape=(0,): a shape is a positive integer"),
        (["--input", "2x3x5"], "shape=(2, 3, 5): a kernel of rank 1 takes a shape of rank 1"),
        (["--input", "n", "--unit", "g1"], "needs numbers"),
        (["--input", "5", "--out", "f.gif"], "a figure is saved as"),
        (["--input", "5", "--theme", "dark"], "show: --theme says how the picture of --out looks"),
        (["--input", "5", "--out", "f.svg", "--theme", "drak"], "did you mean"),
        (["--input", "5", "--out", "missing/f.svg"], "a folder that exists"),
        (["--input", "500000", "--out", "f.svg"], "too many to draw"),
    ],
)
def test_show_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused("show", TWICE, *arguments)
    assert not list(tmp_path.iterdir())


# -- book ------------------------------------------------------------------------------------------


@pytest.mark.exhaustive
def test_book_draws_figures_and_writes_the_claims(tmp_path: Path) -> None:
    out, err = run("book", "--out", tmp_path / "new")
    names = {path.name for path in (tmp_path / "new").iterdir()}
    assert names >= {f"figure-9.{i}.svg" for i in (2, 3, 4, 5)} | {"claims.json", "claims.md"}
    assert re.search(r"\d+ claims: \d+ hold as they stand, \d+ holds? in some cases", out)
    assert "267,960" in out
    assert err == ""
    claims = json.loads((tmp_path / "new" / "claims.json").read_text())
    assert [claim["number"] for claim in claims[:13]] == list(range(1, 14))


def test_book_draws_chosen_figures_in_chosen_formats(tmp_path: Path) -> None:
    out, _ = run("book", "9.5", "9.4", "--out", tmp_path, "--format", "dot", "--format", "svg")
    assert sorted(path.name for path in tmp_path.glob("figure*")) == [
        "figure-9.4.dot",
        "figure-9.4.svg",
        "figure-9.5.dot",
        "figure-9.5.svg",
    ]
    assert "figure-9.5.dot, figure-9.5.svg, figure-9.4.dot" in out
    assert {"5", "8"} == set(re.findall(r"^ (\d+) ", out, re.MULTILINE))  # the claims about them
    assert not list(tmp_path.glob("claims*"))
    assert not list(tmp_path.glob("claims*"))


@pytest.mark.usefixtures("short_book")
def test_book_json(tmp_path: Path) -> None:
    out, _ = run("book", "--out", tmp_path, "--json")
    answer = json.loads(out)
    assert answer["files"][0] == str(tmp_path / "figure-9.4.svg")
    assert answer["claims"] == json.loads((tmp_path / "claims.json").read_text())


@pytest.mark.usefixtures("short_book")
def test_book_twice_is_the_same(tmp_path: Path) -> None:
    for folder in "ab":
        out, err = run("book", "--out", tmp_path / folder)
        assert re.search(r"3 claims: 2 hold as they stand, 1 holds in some cases", out)
        assert err == ""
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {"figure-9.4.svg", "claims.json", "claims.md"}
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_book_without_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = process("book", "9.7", "--out", tmp_path / "book", env={**os.environ, "PATH": ""})
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "book").glob("*.svg"))) == 1
    monkeypatch.setenv("PATH", "")
    said = refused("book", "9.7", "--out", tmp_path / "png", "--format", "png")
    assert said.startswith("convgraph: format='png': png and pdf are drawn by Graphviz's")
    assert not (tmp_path / "png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["9.99"], "figure='9.99': a figure is one of 9.2, "),
        (["--format", "gif"], "format='gif': a format is one of svg, png, pdf, dot"),
        (["--out", "file"], "out='file': a folder that exists or can be made"),
        (["--out", "file/book"], "out='file/book': a folder that exists or can be made"),
        (["--out", "no/book"], "out='no/book': a folder that exists or can be made"),
    ],
)
def test_book_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert message in refused("book", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_book_into_a_folder_that_is_read_only(tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("whoever may write everywhere finds no such folder")
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "out=" in refused("book", "9.4", "--out", tmp_path)


# -- expressions -----------------------------------------------------------------------------------

n, k = (sp.Symbol(name, integer=True, positive=True) for name in "nk")


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("Conv(3)", cg.Conv(3)),
        ("Conv(kernel=3, padding='same')", cg.Conv(3, padding="same")),
        ("Conv((3, 5), filters=2*4, bias=True)", cg.Conv((3, 5), filters=8, bias=True)),
        ("Conv([3, 3])", cg.Conv((3, 3))),
        ("Conv(k, padding=(k - 1) // 2)", cg.Conv(k, padding=sp.floor((k - 1) / sp.Integer(2)))),
        ("Conv(3, padding=((0, 1),))", cg.Conv(3, padding=((0, 1),))),
        ("MaxPool(2, stride=None)", cg.MaxPool(2)),
        ("LeakyReLU(0.1)", cg.LeakyReLU(sp.Rational(1, 10))),
        ("LeakyReLU(1 / 3)", cg.LeakyReLU(sp.Rational(1, 3))),
        ("Residual(Conv(3, padding='same'))", cg.Residual(cg.Conv(3, padding="same"))),
        ("Parallel(ReLU(), ReLU(), merge='add')", cg.Parallel(cg.ReLU(), cg.ReLU(), merge="add")),
        (" Conv(3)\n>> ReLU()", cg.Conv(3) >> cg.ReLU()),
        ("Conv(3) ** 2 >> ReLU()", cg.Conv(3) ** 2 >> cg.ReLU()),
        ("(Conv(3) >> ReLU()) ** 3", (cg.Conv(3) >> cg.ReLU()) ** 3),
        ("Conv(3) >> (ReLU() >> Conv(1))", cg.Conv(3) >> cg.ReLU() >> cg.Conv(1)),
    ],
)
def test_expressions_mean_what_python_means(text: str, spec: Any) -> None:
    parsed = parse_spec(text)
    if "LeakyReLU" in text:  # a fraction, exactly as written
        parsed, spec = (s.on(1).expressions() for s in (parsed, spec))
    assert parsed == spec


@pytest.mark.parametrize("name", spec_names())
def test_every_public_spec_can_be_written(name: Any) -> None:
    arguments = {
        "Dense": "2", "Activation": "'phi'", "Pad": "1", "Crop": "1", "Upsample": "2",
        "LeakyReLU": "1/3", "Residual": "ReLU()", "Parallel": "ReLU(), ReLU()",
    }  # fmt: skip
    windowed = "3" if "kernel" in inspect.signature(getattr(cg, name)).parameters else ""
    spec = parse_spec(f"{name}({arguments.get(name, windowed)})")
    assert type(spec) is getattr(cg, name)


@pytest.mark.parametrize(
    ("text", "shape"),
    [("5", (5,)), ("3x100x100", (3, 100, 100)), ("nxn", (n, n)), ("2*n+1", (2 * n + 1,))],
)
def test_shapes(text: str, shape: Any) -> None:
    assert parse_shape(text) == shape


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an expression"),
        ("Conv(3", "not an expression ('(' was never closed)"),
        ("Conv", "Conv is a spec: write Conv("),
        ("3", "a network is a spec, or specs joined by >>"),
        ("conv(3)", "'conv' is not a spec; did you mean Conv?"),
        ("print(1)", "'print' is not a spec"),
        ("Conv(3).on(5)", "is not a spec"),
        ("__import__('os').system('true')", "is not a spec"),
        ("Conv(3) >> 3", ">> joins specs, and 3 is not one"),
        ("Conv(3) + Conv(3)", "arithmetic takes numbers and sizes"),
        ("Conv()", "missing a required argument: 'kernel'"),
        ("Conv(3, strid=2)", "Conv has no argument 'strid'; did you mean stride?"),
        ("Conv(3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)", "too many positional arguments"),
        ("Conv(3, padding=same)", "'same' is neither a size"),
        ("Conv(*[3])", "without *"),
        ("Conv(**{'kernel': 3})", "without **"),
        ("Conv(lambda: 3)", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv([i for i in (3,)])", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(f'{3}')", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(b'3')", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(3j)", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(...)", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(x := 3)", "is not a spec, a number, a quoted word or a tuple"),
        ("Conv(2 ** 3)", "** repeats a spec, and 2 is not one"),
        ("Conv(2 % 3)", "arithmetic is +, -, *, / and //"),
        ("Conv(3) ** 0", "a depth is a positive integer"),
        ("(Conv(3) ** 1000 >> ReLU()) ** 1000", "a network has at most 10,000 layers here"),
        ("Conv(1 // 0)", "division by zero"),
        ("Conv('a' * 3)", "arithmetic takes numbers and sizes"),
        ("Conv(True + 1)", "arithmetic takes numbers and sizes"),
        ("Conv(9999999999999999)", "at most 15 digits"),
        ("Conv(999999999999 * 999999999999)", "at most 15 digits"),
        ("Conv(" + "+".join("n" * 40) + ")", "at most 24 arithmetic operations"),
        ("Conv(3.5)", "kernel="),
        ("Conv(-1)", "kernel=-1"),
        ("ReLU(" * 60 + ")" * 60, "nested at most 40 deep"),
        ("(" * 5000, "not an expression"),
        ("-" * 9999 + "1", "not an expression, or nested too deeply"),
        ("Conv(3) >> " * 2000 + "Conv(3)", "at most 20,000 characters"),
        ("\0", "not an expression"),
        ("1(2)", "is not a spec"),
        ("Conv(n / 2)", "a symbolic size is an integer"),
    ],
)
def test_what_is_no_expression(text: Any, message: str) -> None:
    with pytest.raises(ConvgraphError) as error:
        parse_spec(text)
    assert message in str(error.value)
    assert len(str(error.value)) < 600


def test_hundreds_of_layers_are_not_nested_deeply() -> None:
    assert len(parse_spec(" >> ".join(["Conv(3)"] * 500)).specs) == 500


PIECES = st.sampled_from(
    ["Conv", "Dense", "(", ")", ",", "3", "n", "k", "padding=", "'same'", ">>", "*", "//", "-", "0",
     "Pad", "Upsample", "**", "Residual", "Parallel", "None", "True", "[", "]", "1.5", "letter=",
     "MaxPool"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
@example("Dense((2,-1))")
@example("Conv(3,letter=3)")
@example("Parallel(Conv,3)")
def test_any_text_is_a_network_or_our_error(text: list[Any]) -> None:
    try:
        net = parse_spec(text).on(parse_shape("2x9x9"))
    except ConvgraphError:
        return
    assert net.rows


def test_book_leaves_out_what_cannot_be_drawn_unless_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr("convgraph.book.claims.claim_numbers", list)
    result = CliRunner().invoke(main, ["book", "--out", str(tmp_path / "all")])
    assert result.exit_code == 0
    assert "Left out: figure 9.6: " in result.output
    assert "convgraph[plot]" in result.output
    drawn = {path.name for path in (tmp_path / "all").glob("figure*")}
    assert "figure-9.5.svg" in drawn
    assert "figure-9.6.svg" not in drawn
    assert "convgraph[plot]" in refused("book", "9.6", "--out", tmp_path / "one")
    assert not (tmp_path / "one").exists()
