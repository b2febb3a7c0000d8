"""Frames as a video, MP4, by PyAV (the extra `video`)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.figures.motion.raster import painted
from convgraph.figures.motion.shapes import Frame

__all__ = ["video"]

MILLISECOND = Fraction(1, 1000)
CODEC = "libx264"  # what every browser and every slide program plays


def video(frames: Sequence[Frame], size: tuple[float, float], seconds: Sequence[float]) -> bytes:
    """All frames in one MP4 file, each shown for so many seconds."""
    av = _av()
    content = io.BytesIO()
    pictures = [_even(np.asarray(picture)) for picture in painted(frames, size)]
    with av.open(content, "w", format="mp4") as file:
        stream = file.add_stream(CODEC, rate=1000, options={"crf": "18", "tune": "animation"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = MILLISECOND
        lasts = dict(_times(seconds))  # said of each, or the last frame would be as long as others
        for picture, (start, _) in zip(pictures, _times(seconds), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = start, MILLISECOND
            _put(file, stream.encode(frame), lasts)
        _put(file, stream.encode(None), lasts)
    return content.getvalue()


def _times(seconds: Sequence[float]) -> list[tuple[int, int]]:
    """When each frame begins, and how long it lasts, in milliseconds."""
    ends = [round(1000 * each) for each in accumulate(seconds, initial=0.0)]
    return [(start, end - start) for start, end in pairwise(ends)]


def _put(file: Any, packets: Iterable[Any], lasts: Mapping[int, int]) -> None:
    for packet in packets:
        packet.duration = lasts[packet.pts]
        file.mux(packet)


def _even(pixels: Any) -> Any:
    """The same with even sides, which the codec asks for."""
    high, wide = pixels.shape[0] % 2, pixels.shape[1] % 2
    return np.pad(pixels, ((0, high), (0, wide), (0, 0)), mode="edge")


def _av() -> Any:
    try:
        import av
    except ModuleNotFoundError:
        raise ConvgraphError(
            "path: MP4 needs PyAV; the extra 'video' brings it: pip install 'convgraph[video]'; "
            ".html, .svg and .pdf do without"
        ) from None
    return av
