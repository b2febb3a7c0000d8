"""Names that are too long for their place: the middle is left out, as ends tell them apart."""

from __future__ import annotations

__all__ = ["short"]


def short(name: str, most: int) -> str:
    """A name in at most so many letters; two thirds of what is shown are its end.

    >>> short("layer4.2.conv3", 20), short("features.denseblock1.denselayer6.conv2", 20)
    ('layer4.2.conv3', 'featur…elayer6.conv2')
    """
    if len(name) <= most:
        return name
    first = most // 3
    return f"{name[:first]}…{name[len(name) - (most - 1 - first) :]}"
