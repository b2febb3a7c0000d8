"""The theorems that tests prove: every kind of layer and of setting, with symbols for all sizes."""

from __future__ import annotations

import sympy as sp

import convgraph as cg

k, s, d, p, n, c, m = (sp.Symbol(name, integer=True, positive=True) for name in "ksdpncm")
t = sp.Symbol("t", integer=True)
up = sp.Symbol("t", integer=True, nonnegative=True)
down = -up
wrap = {"padding": "same", "padding_mode": "circular"}
same = {"padding": "same"}

THEOREMS = {
    "conv": (cg.Conv(k, stride=s, dilation=d, padding=p), cg.Shift(s * t), "line", None),
    "flipped": (cg.Conv(k, dilation=2, flip=True), cg.Shift(t), "line", None),
    "circular": (cg.Conv(k, stride=s, **wrap), cg.Shift(s * t, boundary="wrap"), "circle", None),
    "padded": (cg.Conv(k, stride=s, dilation=d, padding=p), cg.Shift(s * up), "interior", None),
    "backwards": (cg.Conv(k, stride=s, padding=p), cg.Shift(s * down), "interior", None),
    "either way": (cg.Conv(3, stride=2, padding=1), cg.Shift(2 * t), "interior", None),
    "image": (cg.Conv((k, k), stride=(2, s), padding=1), cg.Shift((2 * t, s * t)), "line", None),
    "torus": (cg.Conv((3, k), **wrap), cg.Shift((t, 1), boundary="wrap"), "circle", None),
    "image frame": (cg.Conv((3, 3), padding=1), cg.Shift((up, up)), "interior", None),
    "one axis": (cg.Conv((3, 3), stride=2, **same), cg.Shift(2 * up, axis=0), "interior", None),
    "channels": (cg.Conv(k, filters=m, bias=True), cg.Shift(t), "line", c),
    "groups": (cg.Conv(3, filters=4, groups=2, padding=1), cg.Shift(1), "interior", 2),
    "pointwise": (cg.Activation("phi"), cg.Shift(t), "line", None),
    "pointwise circle": (cg.ReLU(), cg.Shift(t, boundary="wrap"), "circle", None),
    "max pool": (cg.MaxPool(k, stride=s), cg.Shift(s * t), "line", None),
    "max pool frame": (cg.MaxPool(3, stride=2, padding=1), cg.Shift(2 * up), "interior", None),
    "max pool circle": (cg.MaxPool(k), cg.Shift(k * t, boundary="wrap"), "circle", None),
    "mean": (cg.AvgPool(k, stride=s, padding=p), cg.Shift(s * up), "interior", None),
    "mean circle": (cg.AvgPool(2), cg.Shift(2 * t, boundary="wrap"), "circle", None),
    "stack": (
        cg.Conv(k, stride=s, padding=p, bias=True) >> cg.ReLU() >> cg.MaxPool(2),
        cg.Shift(2 * s * t),
        "line",
        None,
    ),
    "stack frame": (
        cg.Conv(3, bias=True, **same) >> cg.ReLU() >> cg.MaxPool(2) >> cg.Conv(3, **same),
        cg.Shift(2 * up),
        "interior",
        None,
    ),
    "stack circle": (
        cg.Conv(3, stride=2, **wrap) >> cg.ReLU() >> cg.Conv(k, **wrap) >> cg.MaxPool(2),
        cg.Shift(4 * t, boundary="wrap"),
        "circle",
        None,
    ),
    "residual": (
        cg.Residual(cg.Conv(3, **same) >> cg.ReLU() >> cg.Conv(3, **same)),
        cg.Shift(up),
        "interior",
        None,
    ),
    "residual strides": (
        cg.Residual(cg.Conv(3, stride=2, padding=1), shortcut=cg.Conv(1, stride=2)),
        cg.Shift(2 * t),
        "line",
        None,
    ),
    "concatenation": (
        cg.Parallel(cg.Conv(3, filters=2, **same), cg.Conv(5, filters=3, **same)),
        cg.Shift(up),
        "interior",
        None,
    ),
    "tiled": (cg.TiledConv(3, tiles=2, padding=1), cg.Shift(2 * t), "line", None),
    "tiled with bias": (cg.TiledConv(1, tiles=2, bias=True), cg.Shift(2 * t), "line", None),
    "tiled circle with bias": (
        cg.TiledConv(3, tiles=2, bias=True, **wrap),
        cg.Shift(2 * t, boundary="wrap"),
        "circle",
        None,
    ),
    "invariant twice": (
        cg.GlobalMaxPool() >> cg.ReLU() >> cg.GlobalMaxPool(),
        cg.Shift(t, boundary="wrap"),
        "circle",
        c,
    ),
    "tiled circle": (
        cg.TiledConv(3, tiles=2, **wrap) >> cg.MaxPool(2),
        cg.Shift(4 * t, boundary="wrap"),
        "circle",
        None,
    ),
    "transposed": (cg.ConvTranspose(k, stride=s), cg.Shift(t), "line", None),
    "transposed frame": (
        cg.ConvTranspose(k, stride=s, padding=1),
        cg.Shift(up),
        "interior",
        None,
    ),
    "hourglass frame": (
        cg.Conv(3, stride=2, padding=1) >> cg.ConvTranspose(4, stride=2, padding=1),
        cg.Shift(2 * down),
        "interior",
        None,
    ),
    "hourglass": (
        cg.Conv(3, stride=2) >> cg.ConvTranspose(2, stride=2),
        cg.Shift(2 * t),
        "line",
        None,
    ),
    "upsampled": (cg.Upsample(2) >> cg.Conv(3, stride=2), cg.Shift(t), "line", None),
    "upsampled frame": (
        cg.Upsample(s) >> cg.Conv(3, **same),
        cg.Shift(up),
        "interior",
        None,
    ),
    "upsampled circle": (
        cg.Upsample(s) >> cg.Conv(3, **wrap),
        cg.Shift(t, boundary="wrap"),
        "circle",
        None,
    ),
    "u-net": (
        cg.Residual(cg.MaxPool(s) >> cg.Conv(3, **same) >> cg.ReLU() >> cg.Upsample(s)),
        cg.Shift(s * t),
        "line",
        None,
    ),
    "u-net frame": (
        cg.Parallel(
            cg.Conv(3, **same),
            cg.MaxPool(2) >> cg.Conv(3, filters=2, **same) >> cg.ReLU() >> cg.Upsample(2),
        )
        >> cg.Conv(3, **same),
        cg.Shift(2 * up),
        "interior",
        None,
    ),
    "u-net torus": (
        cg.Residual(cg.AvgPool((2, 2)) >> cg.Conv((3, 3), **wrap) >> cg.Upsample((2, 2))),
        cg.Shift((2, 2 * t), boundary="wrap"),
        "circle",
        None,
    ),
    "invariant": (
        cg.Conv(3, **wrap) >> cg.GlobalAvgPool(),
        cg.Shift(t, boundary="wrap"),
        "circle",
        None,
    ),
    "invariant max": (
        cg.Conv((3, 3), filters=2, **wrap) >> cg.GlobalMaxPool(),
        cg.Shift((t, 2), boundary="wrap"),
        "circle",
        None,
    ),
}
OTHERS = {
    "converse": cg.prove_converse(),
    "converse of stride s": cg.prove_converse(s),
    "downsampling": cg.prove_downsampling(cg.Conv(k, stride=s, dilation=d, padding=p)),
    "downsampled pool": cg.prove_downsampling(cg.MaxPool((2, 3)), channels=c),
}
