"""Frames as a video, MP4, by PyAV (the extra `video`)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
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
        stream = file.add_stream(CODEC, options={"crf": "18", "tune": "animation"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.time_base = "yuv420p", MILLISECOND
        start = 0.0
        # the last one comes again at its end, as a frame lasts until the next
        for picture, length in zip([*pictures, pictures[-1]], [*seconds, 0.0], strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(1000 * start), MILLISECOND
            file.mux(stream.encode(frame))
            start += length
        file.mux(stream.encode(None))
    return content.getvalue()


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
