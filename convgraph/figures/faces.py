"""How wide a text can be, whichever face a machine has for it."""

from __future__ import annotations

from convgraph.figures.symbols import SUBSCRIPT_SIZE, split_symbol

__all__ = ["TYPEWRITER", "room_for", "widest"]

# Advance widths in thousandths of the size: of DejaVu Sans, DejaVu Serif and its italic, which are
# wider than Times and Helvetica and stand in for them on many machines, the largest.
_WIDTHS = {
    280: "'", 320: " ,.ijl", 340: "/:;\\|", 380: "-f", 400: "()I[]", 420: "!Jt⁰¹²³⁴⁵⁶⁷⁸⁹",
    460: '"', 480: "r", 500: "*_`", 540: "?sz⁻", 580: "c", 600: "vxy", 620: "aeko",
    640: "$0123456789{}", 660: "bdghnpqu", 680: "LPTY", 700: "FSZ", 720: "X", 740: "ABEV",
    760: "KR", 780: "C", 800: "G", 820: "DOQ", 840: "#+<=>^~×−≈∞", 860: "Uw", 880: "HN",
    900: "&", 960: "%", 980: "m", 1000: "@", 1040: "MW",
}  # fmt: skip
# And of their bold faces.
_BOLD_WIDTHS = {
    320: "'", 360: " ", 380: ",./\\ijl|", 400: ":;", 420: "-", 440: "f", 460: "!",
    480: "()IJ[]t⁰¹²³⁴⁵⁶⁷⁸⁹", 500: "_`", 540: '"*r⁻', 600: "?sz", 620: "c", 660: "vxy",
    680: "ae", 700: "$0123456789ko", 720: "FLbdgpq{}", 740: "SYZhnu", 760: "PT", 780: "AEVX",
    800: "C", 840: "#+<=>R^~×−≈∞", 860: "BG", 880: "DKOQU", 920: "&N", 940: "w", 960: "H",
    1000: "@", 1020: "%", 1060: "m", 1120: "M", 1140: "W",
}  # fmt: skip
TYPEWRITER = 0.61  # of each character of DejaVu Sans Mono, Courier and their bold faces, or less
_WIDTH = {character: width / 1000 for width, text in _WIDTHS.items() for character in text}
_BOLD = {character: width / 1000 for width, text in _BOLD_WIDTHS.items() for character in text}


def widest(text: str, size: float) -> float:
    """The width in points that a text, or its longest line, needs in any common face.

    >>> widest("Downsampling", 14) > 100
    True
    >>> widest("x10", 10) < widest("x\\n100", 10)
    True
    """
    symbol = split_symbol(text)
    if symbol is not None:
        return _length(symbol[0], size) + _length(symbol[1], SUBSCRIPT_SIZE * size)
    return max(_length(line, size) for line in text.split("\n"))


def room_for(text: str, size: float) -> float:
    """The width in points that a plain text needs in any face, bold ones and typewriters' included.

    >>> room_for("Downsampling", 14) > widest("Downsampling", 14)
    True
    >>> room_for("illi", 10) == 4 * TYPEWRITER * 10
    True
    """
    return size * max(
        max(sum(_BOLD.get(character, 1.0) for character in line), TYPEWRITER * len(line))
        for line in text.split("\n")
    )


def _length(line: str, size: float) -> float:
    return size * sum(_WIDTH.get(character, 1.0) for character in line)
