"""Colours of weights: as many as eyes tell apart, from each other and from cells without one.

The first nine are Okabe and Ito's, softened, which all common kinds of colour vision tell apart.
Each further one is, of all colours on which ink can be read, that which is furthest from what there
is already (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985), measured in
Oklab (Ottosson, "A perceptual color space for image processing", 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["apart", "more_colours"]

CONTRAST = 4.5  # of ink on a colour, as WCAG 2 asks for text
CHROMAS, HUES = (0.0, 0.06, 0.11, 0.16, 0.2), 36

TO_CONES = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
])  # fmt: skip
TO_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
])  # fmt: skip

Numbers = NDArray[np.float64]


def more_colours(known: Sequence[str], ink: str, lightness: Any, count: int) -> list[str]:
    """So many colours beside known ones, on which ink can be read: the furthest apart first."""
    turns = np.arange(HUES) * (2 * np.pi / HUES)
    grid = np.array([
        (each, chroma * np.cos(turn), chroma * np.sin(turn))
        for each in lightness for chroma in CHROMAS for turn in turns
    ])  # fmt: skip
    light = (grid @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_CONES).T
    shown = ((light >= 0) & (light <= 1)).all(axis=1)
    codes = sorted({_code(each) for each in light[shown]})
    inside = np.array([_linear(code) for code in codes])
    bright, of_ink = inside @ (0.2126, 0.7152, 0.0722), _linear(ink) @ (0.2126, 0.7152, 0.0722)
    contrast = (np.maximum(bright, of_ink) + 0.05) / (np.minimum(bright, of_ink) + 0.05)
    codes = [code for code, enough in zip(codes, contrast >= CONTRAST, strict=True) if enough]
    places = np.array([_lab(code) for code in codes])
    beside = np.array([_lab(code) for code in known])
    far = np.linalg.norm(places[:, None] - beside[None], axis=2).min(axis=1)
    found = []
    for _ in range(count):
        # rounded, so that no computer's last digit decides between two
        best = int(np.round(far, 6).argmax())
        found.append(codes[best])
        far = np.minimum(far, np.linalg.norm(places - places[best], axis=1))
    return found


def apart(one: str, other: str) -> float:
    """How far apart two colours are in Oklab; about 0.02 can just be seen side by side."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _linear(code: str) -> Numbers:
    parts = np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    found: Numbers = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return found


def _lab(code: str) -> Numbers:
    found: Numbers = np.cbrt(TO_CONES @ _linear(code))
    return TO_LAB @ found


def _code(linear: Numbers) -> str:
    parts = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in parts)
