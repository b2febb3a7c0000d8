"""What the explorer's JavaScript answers, asked in Node.js where there is one, without a page."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.explorer import section
from convgraph.explorer.page_data import engine

# The whole script of a page, so that no part of it can stand in another's way.
SCRIPT = "const document = { querySelectorAll: () => [] };" + section.script()

# Sets are asked channel by channel, so that what is compared is every unit.
ASKED = """
const { facts, questions } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const network = new Network(facts), uses = new Uses(network);
const units = (row, terms) => {
  if (!terms) return null;
  const { values } = whole(network.rows[row], terms);
  const total = values.reduce((a, b) => a + b, 0);
  return Array.from(values, (v) => v / total);
};
const every = (found) => network.rows.map((_, row) => units(row, found.get(row)));
const runs = (values) => {
  const found = [0];
  for (let i = 0, inside = false; i < values.length; i++) {
    if (values[i] > 0 !== inside) { inside = !inside; found.push(0); }
    found[found.length - 1]++;
  }
  return found;
};
const boxes = (found) => network.rows.map((_, row) =>
  (found.get(row) || []).map(({ vector, array }) => [runs(vector), runs(everywhere(array))]));
const answers = questions.map(([kind, ...given]) => {
  if (kind === "sees") return every(network.sees(given[0], network.unit(...given)));
  if (kind === "boxes") return boxes(network.sees(given[0], network.unit(...given)));
  if (kind === "affects") return every(network.affects(given[0], network.unit(...given)));
  if (kind === "padded") return every(network.padded());
  if (kind === "unclipped") return unclipped(network, ...given);
  if (kind === "uses") {
    const counts = (joint) => indices(joint).map((index) => uses.count(joint, index));
    return uses.of(given[0]).map((joint) => [joint.letter, counts(joint)]);
  }
  const [source, strides, amounts] = given;
  const shift = new Shift(network, strides, source, amounts);
  const judged = (row, i) =>
    Array.from({ length: divided(row).channels }, (_, c) => [...shift.verdict(i, c)]).flat();
  return network.rows.map(judged);
});
function indices(joint) {
  const dims = joint.digits.map((digit) => digit[1]);
  return Array.from({ length: size(dims) }, (_, at) => unravel(at, dims));
}
process.stdout.write(JSON.stringify(answers));
"""


def answers(network: cg.Network, *questions: tuple[Any, ...]) -> list[Any]:
    """What the page would say, question by question."""
    given = json.dumps({"facts": engine(network), "questions": questions})
    found: list[Any] = in_node(ASKED, given)
    return found


def in_node(code: str, given: str = "") -> Any:
    """What some code prints as JSON, run behind the page's script."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine; the exhaustive tests ask a browser")
    with tempfile.TemporaryDirectory() as folder:  # a page's script is too long for an argument
        path = Path(folder) / "asked.js"
        path.write_text(SCRIPT + code, encoding="utf-8")
        done = subprocess.run(
            [node, path], input=given, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
