"""The part of a report's page that answers: its elements, its script, and what it knows."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from convgraph.core import escape
from convgraph.core.sympified import sympified
from convgraph.explorer.page_data import facts
from convgraph.figures.live.page import asset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convgraph.core.network import Network
    from convgraph.explorer.interfaces import Place, Reported

__all__ = ["refusal", "script", "section", "style"]

SHARED = ("indices.js", "boxes.js", "blocks.js", "axes.js")  # with live figures
SCRIPTS = (
    "sets.js",
    "network.js",
    "unclipped.js",
    "shift.js",
    "uses.js",
    "slices.js",
    "picture.js",
    "colours.js",
    "imagepanel.js",
    "gridpanel.js",
    "magnifier.js",
    "thumbnails.js",
    "tree.js",
    "details.js",
    "words.js",
    "links.js",
    "answers.js",
    "controls.js",
    "places.js",
    "explorer.js",
)
MOST_UNITS = 4_000_000  # of a row that a browser holds several times over
# What is written before each slider; the first words of the first one go for all.
WAYS = {1: ("Shift",), 2: ("Shift down", "right"), 3: ("Shift through slices", "down", "right")}

BODY = """<section class="ex" id="explorer" aria-label="Explorer">
<div class="ex-bar" role="toolbar" aria-label="View">
<span class="ex-group ex-view" role="group" aria-label="What is shown of a field">
<button type="button" value="exact">exact field</button>
<button type="button" value="effective">effective field</button></span>
<button type="button" class="ex-keep" aria-pressed="false">keep to compare</button>
<label class="ex-photo">photograph<input type="file" class="ex-file"
accept="image/png,image/jpeg,image/webp,image/gif,image/avif,image/bmp"></label>
<span class="ex-group ex-shifts">{sliders}</span>
<button type="button" class="ex-clear">clear</button>
</div>
<p class="ex-caption" id="ex-said" role="status" aria-live="polite"></p>
<div class="ex-body">
<nav class="ex-panel ex-list" aria-label="Tensors">
<input type="search" class="ex-search" placeholder="Search {count} tensors"
aria-label="Search tensors">
<div class="ex-tree" role="tree" aria-label="Tensors in order of computation"></div></nav>
<figure class="ex-panel ex-image" aria-label="Input"><figcaption><b></b><span></span></figcaption>
<div class="ex-stage"><canvas tabindex="0" role="application" aria-label="The input: arrow keys
move over its pixels and say what each affects" aria-describedby="ex-said"></canvas></div>
<div class="ex-part" hidden><p></p><canvas aria-hidden="true"></canvas></div></figure>
<figure class="ex-panel ex-tensor" aria-label="Tensor"><figcaption><b></b><span></span>
<label class="ex-channel"><span class="ex-axis">channel</span>
<input type="number" min="1" placeholder="all"> <span class="ex-of"></span></label>
</figcaption><div class="ex-stage"><canvas tabindex="0" role="application" aria-label="The tensor:
arrow keys move over its cells and say what each sees, Page Up and Page Down over its channels"
aria-describedby="ex-said"></canvas></div>
<div class="ex-part" hidden><p></p><canvas aria-hidden="true"></canvas></div>
<div class="ex-details"></div></figure>
</div>
<ul class="ex-legend" aria-label="Legend">
<li class="ex-if-asked ex-not-told"><i style="background:var(--point)"></i>what is
asked about</li>
<li class="ex-not-shift ex-not-kept ex-not-told"><i style="background:var(--field)"></i>cells that
carry it</li>
<li class="ex-if-told"><i style="background:var(--field)"></i>what the finding is about</li>
<li class="ex-if-beyond"><i style="background:var(--field)"></i>on the input: what those units
see, which others may see, too</li>
<li class="ex-if-pads"><i class="ex-pads"></i>padding</li>
<li class="ex-if-pads"><i class="ex-fold"></i>cells that see padding</li>
<li class="ex-if-heat"><i class="ex-ramp"></i>few to many paths</li>
<li class="ex-if-kept"><i style="background:var(--point)"></i>of the first alone</li>
<li class="ex-if-kept"><i style="background:var(--other)"></i>of the second alone</li>
<li class="ex-if-shift"><i style="background:var(--holds)"></i>moves along exactly</li>
<li class="ex-if-shift"><i style="background:var(--breaks)"></i>does not (crossed)</li>
</ul>
<p class="ex-help">Point or touch; a click stays. With the keyboard: Tab to the list, the image or
the tensor, arrow keys to move (with Shift by ten), Escape to clear. Where cells or pixels are too
small to be met one by one, those around the place pointed at are magnified below: a click holds the
place, and single ones are pointed at there. A photograph can be dropped on the image or pasted; it
does not leave this page.</p>
<div class="ex-places"><h2>Findings</h2></div>
<script type="application/json" class="ex-data">{data}</script>
</section>
"""


def refusal(network: Network) -> str | None:
    """Why a page about a network has no explorer, or None if it has one."""
    if network.symbolic:
        sizes = [sympified(size) for row in network.rows for size in row.shape]
        names = sorted({str(symbol) for size in sizes for symbol in size.free_symbols})
        return (
            f"The explorer needs sizes in numbers, and {', '.join(names)} can be any; report the "
            "network on an input of one size to explore it."
        )
    if not network.layers:
        return "Nothing is computed in this network, and there is nothing to explore."
    largest = max(network.rows, key=lambda row: row.size)
    if largest.size > 64 * MOST_UNITS or max(_space(network)) > MOST_UNITS:
        return (
            f"The row {largest.name} has {int(largest.size):,} units, more than a browser goes "
            "through while somebody points; report the network on a smaller input to explore it."
        )
    return None


def _space(network: Network) -> list[int]:
    """The units of each row in one channel."""
    return [int(r.size) // (int(r.shape[0]) if r.channels else 1) for r in network.rows]


def section(report: Reported, found: Iterable[Place] | None) -> str:
    """The explorer of a report's network, or why there is none."""
    why = refusal(report.network)
    if why is None:
        known = facts(report, found)
        data = escape.json_in_html(known)
        rank = len(known["network"]["rows"][known["source"]]["shape"])
        rank -= known["network"]["rows"][known["source"]]["cut"]
        return BODY.format(sliders=_sliders(rank), count=len(report.rows), data=data)
    return f'<p class="ex-refused">{escape.markup(why)}</p>'


def _sliders(rank: int) -> str:
    """A slider for each axis along which the input can move."""
    words = WAYS.get(rank, tuple(f"Shift along axis {axis + 1}" for axis in range(rank)))
    return "".join(
        f'<span class="ex-group ex-shift"><label>{word} <input type="range" value="0" '
        f'aria-label="{word if word.startswith("Shift") else f"Shift {word}"}"></label> '
        '<output aria-live="off">0</output></span>\n'
        for word in words
    )


def script() -> str:
    """The script of the page: the same for all networks."""
    return "\n" + "".join(map(asset, SHARED)) + "".join(map(_asset, SCRIPTS))


def style() -> str:
    """The style of the explorer."""
    return _asset("explorer.css")


def _asset(name: str) -> str:
    return resources.files("convgraph.explorer").joinpath(name).read_text(encoding="utf-8")
