"""Expressions of the command line drawn and changed at random, to be read or refused."""

from __future__ import annotations

from typing import Any

from convgraph.cli.expression import parse_shape, parse_spec, spec_names

NUMBERS = ("0", "1", "2", "3", "-1", "5", "8", "64", "10**9", "1000000000", "99999999999999999999",
           "n", "k", "n//2", "k - 1", "2*n", "1/2", "0.5", "1e999", "(1,2)", "(2,)", "()",
           "[3,3]", "None", "True", "'same'", "'valid'", "'causal'", "'w'", "'\\x00'",
           "'circular'", "'replicate'", "'mean'", "'relu'", "print", "()**2")  # fmt: skip
OPTIONS = ("filters", "stride", "dilation", "padding", "padding_mode", "groups", "bias", "flip",
           "letter", "tiles", "output_padding", "ceil_mode", "count_include_pad", "merge", "mode",
           "kernel", "units", "nothing")  # fmt: skip
SHAPES = ("0", "-1", "nxn", "2**40", "x", "", "8x", "4x4x4x4x4", "100000", "1000000000", "n//2",
          "1e3", "1x1x1x5", "3×9")  # fmt: skip
USUAL = ("5", "8", "16", "12", "n", "2x8", "8x8", "2x8x8", "1x9")
INSERTED = (*"()[],>*'\"=-+/.0n x\\\n\0é:{}", ">>", "**", "(3)", "lambda x: ", "\ud800")
WINDOW = ("3", "2", "1", "3, padding='same'", "3, stride=2", "3, padding=1", "3, dilation=2", "k",
          "(3, 3), padding=1", "3, filters=2", "3, padding='same', padding_mode='reflect'",
          "5, bias=True", "3, padding='same', padding_mode='circular'")  # fmt: skip
LIKELY = {
    "Conv": WINDOW, "LocallyConnected": WINDOW, "ConvTranspose": WINDOW, "MaxPool": WINDOW,
    "AvgPool": WINDOW, "TiledConv": ("3, tiles=2", "3, tiles=3, padding='same'"), "Pad": ("1", "2"),
    "Dense": ("3", "1", "m"), "Upsample": ("2",), "Activation": ("'tanh'", "'phi'", "'sin'"),
    "LeakyReLU": ("1/10", "0"),
}  # fmt: skip


def expression(rng: Any, depth: Any = 0) -> str:
    """A text that is a network, or nearly one."""
    kind = rng.random()
    if kind < 0.3 and depth < 3:
        joined = [expression(rng, depth + 1) for _ in range(rng.randint(2, 4))]
        return " >> ".join(joined)
    if kind < 0.35 and depth < 3:
        return f"({expression(rng, depth + 1)})**{rng.choice(NUMBERS)}"
    name = rng.choice(spec_names())
    if name in ("Residual", "Parallel", "Chain") and depth < 3:
        return f"{name}({', '.join(expression(rng, depth + 1) for _ in range(rng.randint(1, 2)))})"
    if rng.random() < 0.8:
        return f"{name}({rng.choice(LIKELY.get(name, ('',)))})"
    given = [rng.choice(NUMBERS) for _ in range(rng.randint(0, 2))]
    given += [f"{rng.choice(OPTIONS)}={rng.choice(NUMBERS)}" for _ in range(rng.randint(0, 2))]
    return f"{name}({', '.join(given)})"


def mutated(rng: Any) -> tuple[str, str]:
    """An expression and a shape, in two of five cases with some characters changed."""
    text, shape = expression(rng), rng.choice(USUAL if rng.random() < 0.9 else SHAPES)
    for _ in range(rng.choice((0, 0, 0, 1, 3))):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(INSERTED) + text[at + rng.randint(0, 3) :]
    return text, shape


def read(rng: Any) -> Any:
    """The network of a text; what refuses it is raised."""
    text, shape = mutated(rng)
    return parse_spec(text).on(parse_shape(shape))
