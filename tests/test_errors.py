"""Bad input: each gives a ConvgraphError that names the argument, its value and the rule."""

from __future__ import annotations

import inspect
import re
import resource
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from convgraph.core import memory

A, B = cg.Input(3), cg.Input(3)
STACK = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
SEVERAL = cg.Network([A, B], [cg.Add()(A, B), cg.ReLU()(A)])
LOOSE = sp.Symbol("n")
SIZE = sp.Symbol("n", integer=True, positive=True)
PADDING = (
    'a padding is "valid", "same", "full", a number that is not negative, '
    "or one (before, after) pair per axis"
)
SHAPE = "a shape is a positive integer, or one for each axis with channels first"
NETWORK = "a network needs one tensor or more"

# What is called, and what it says.
CASES: list[tuple[Callable[[], Any], str]] = [
    # sizes that are none
    *[
        (lambda k=k: cg.Conv(k), f"kernel={k!r}: a kernel size is a positive integer")
        for k in (0, -3, 2.5, 3.0, True, "3", None, (3, 0), (3, 2.5), (3, "3"))
    ],
    (
        lambda: cg.Conv(()),
        "kernel=(): a kernel size is a positive integer, or one for each axis",
    ),
    (lambda: cg.Conv(3, stride=0), "stride=0: a stride is a positive integer"),
    (lambda: cg.Conv(3, stride=None), "stride=None: a stride is a positive integer"),
    (
        lambda: cg.Conv((3, 3), stride=(1, 2, 3)),
        "stride=(1, 2, 3): a stride is a positive integer, or one for each axis of a kernel of "
        "rank 2",
    ),
    (lambda: cg.Conv(3, dilation=-1), "dilation=-1: a dilation is a positive integer"),
    (lambda: cg.Conv(3, filters=0), "filters=0: a number of filters is a positive integer"),
    (lambda: cg.Conv(3, groups=0), "groups=0: a number of groups is a positive integer"),
    (lambda: cg.Conv(3, groups=SIZE), "groups=n: a number of groups is not a symbol"),
    (lambda: cg.TiledConv(3, tiles=0), "tiles=0: a number of tiles is a positive integer"),
    (lambda: cg.MaxPool(0), "kernel=0: a kernel size is a positive integer"),
    (lambda: cg.MaxPool(2, stride=-2), "stride=-2: a stride is a positive integer"),
    (lambda: cg.AvgPool(2, dilation=0.5), "dilation=0.5: a dilation is a positive integer"),
    (lambda: cg.Dense(0), "units=0: a number of units is a positive integer"),
    (lambda: cg.Dense((2, -1)), "units=(2, -1): a number of units is a positive integer"),
    (lambda: cg.Upsample(1.5), "factor=1.5: a factor is a positive integer"),
    *[(lambda n=n: cg.Conv(3).on(n), f"shape={n!r}: {SHAPE}") for n in (0, -5, 2.5, "5", (), None)],
    (lambda: cg.Conv(3).on((5, 0)), f"shape=(5, 0): {SHAPE}"),
    (
        lambda: cg.Conv(3).on(LOOSE),
        "shape=n: a symbolic size is an integer; "
        "declare it, as in sympy.Symbol('n', integer=True, positive=True)",
    ),
    (lambda: cg.Conv(3).on(-SIZE), f"shape=-n: {SHAPE}"),
    # paddings and boundaries
    *[
        (lambda p=p: cg.Conv(3, padding=p), f"padding={p!r}: {PADDING}")
        for p in (-1, 1.5, "mirror", None, (1, -1))
    ],
    (
        lambda: cg.Conv(3, padding=(1, 2, 3)),
        f"padding=(1, 2, 3): {PADDING} of a kernel of rank 1",
    ),
    (
        lambda: cg.Conv((3, 3), padding=(1, 2)),
        f"padding=(1, 2): {PADDING} of a kernel of rank 2",
    ),
    (lambda: cg.Pad(-1), "padding=-1: a padding adds positions; Crop takes them away"),
    (lambda: cg.Pad((1, -1)), "padding=(1, -1): a padding adds positions; Crop takes them away"),
    *[
        (
            lambda c=c: cg.Crop(c),
            f"cropping={c!r}: a cropping is a number that is not negative, "
            "or one (before, after) pair per axis",
        )
        for c in (-1, 0.5, None, (1, -1), "same", True)
    ],
    (lambda: cg.Crop((2, 3)).on(5), "cropping=(2, 3): it leaves nothing of an axis of 5"),
    (lambda: cg.Pad("same"), f"padding='same': {PADDING}"),
    (lambda: cg.Pad(()), f"padding=(): {PADDING} of a kernel of rank 1"),
    (
        lambda: cg.Conv(3, padding_mode="mirror"),
        "padding_mode='mirror': a boundary is one of zeros, circular, reflect, replicate",
    ),
    (
        lambda: cg.Conv(3, padding=5, padding_mode="reflect").on(5),
        "padding=5: reflecting pads at most 4 positions of an axis of 5",
    ),
    (
        lambda: cg.Conv(3, padding=6, padding_mode="circular").on(5),
        "padding=6: a circular padding is at most the axis, 5",
    ),
    # kernels larger than the padded input
    (
        lambda: cg.Conv(6).on(5),
        "kernel=6: with dilation 1 it spans 6 positions, and the padded input has 5",
    ),
    (
        lambda: cg.Conv(3, dilation=4, padding=1).on(5),
        "kernel=3: with dilation 4 it spans 9 positions, and the padded input has 7",
    ),
    (
        lambda: cg.AvgPool((2, 6)).on((9, 5)),
        "kernel=6: with dilation 1 it spans 6 positions, and the padded input has 5",
    ),
    # transposed convolutions
    (
        lambda: cg.ConvTranspose(3, padding="full"),
        'padding=\'full\': a transposed convolution takes "valid", "same", a number or pairs, '
        "and zeros beyond the border",
    ),
    (
        lambda: cg.ConvTranspose(3, output_padding=1),
        "output_padding=1: an output padding is smaller than the stride or the dilation",
    ),
    (
        lambda: cg.ConvTranspose((3, 3), stride=(2, 1), output_padding=(1, 1)),
        "output_padding=(1, 1): an output padding is smaller than the stride or the dilation",
    ),
    (
        lambda: cg.ConvTranspose(3, output_padding=-1),
        "output_padding=-1: an output padding is a number that is not negative, "
        "or one for each axis",
    ),
    (
        lambda: cg.ConvTranspose(3, stride=2, padding="same", output_padding=1),
        'output_padding=1: with padding="same" the outputs are the inputs times the stride, '
        "and none are added",
    ),
    (
        lambda: cg.ConvTranspose(3, padding=4).on(2),
        "padding=4: it cuts off all 4 positions of the output",
    ),
    # groups
    (
        lambda: cg.Conv(3, filters=4, groups=3),
        "groups=3: the number of groups divides the 4 filters",
    ),
    (
        lambda: cg.Conv(3, filters=4, groups=2).on((3, 5)),
        "groups=2: the number of groups divides the 3 input channels",
    ),
    # switches and names
    (lambda: cg.Conv(3, bias="no"), "bias='no': it is True or False"),
    (lambda: cg.Conv(3, flip=0), "flip=0: it is True or False"),
    (lambda: cg.MaxPool(2, ceil_mode="no"), "ceil_mode='no': it is True or False"),
    (lambda: cg.AvgPool(2, count_include_pad=1), "count_include_pad=1: it is True or False"),
    (
        lambda: cg.Conv(3, letter=""),
        "letter='': a name is a non-empty string without spaces around it",
    ),
    (
        lambda: cg.Dense(3, letter=5),
        "letter=5: a name is a non-empty string without spaces around it",
    ),
    (
        lambda: cg.Input(3, name=" x"),
        "name=' x': a name is a non-empty string without spaces around it",
    ),
    (
        lambda: (cg.Conv(3, letter="q") >> cg.Conv(2, letter="q")).on(9),
        "letter='q': layers of one letter share their parameters, and these have the shapes "
        "(1, 1, 3) and (1, 1, 2)",
    ),
    (
        lambda: cg.LeakyReLU(0.1),
        "slope=0.1: a slope is an int, a Fraction or a sympy expression",
    ),
    (
        lambda: cg.LeakyReLU(sp.Float(0.5)),  # which sympy cannot compare with a Fraction
        "slope=0.500000000000000: a slope is an int, a Fraction or a sympy expression",
    ),
    (
        lambda: cg.Activation("a b"),
        "name='a b': an activation's name is an identifier, such as 'phi'",
    ),
    # shapes of the wrong rank
    (
        lambda: cg.Conv((3, 3)).on(5),
        "shape=(5,): a kernel of rank 2 takes a shape of rank 2 (one unnamed channel) "
        "or 3 (channels first)",
    ),
    (
        lambda: cg.Conv(3).on((3, 32, 32)),
        "shape=(3, 32, 32): a kernel of rank 1 takes a shape of rank 1 (one unnamed channel) "
        "or 2 (channels first); for this one the kernel has 2 sizes, as in (3, 3)",
    ),
    (
        lambda: (cg.Conv(3) >> cg.MaxPool((2, 2))).on(9),
        "shape=(7,): MaxPool((2, 2)) has a kernel of rank 2 and takes a shape of rank 2 "
        "(one unnamed channel) or 3 (channels first)",
    ),
    (lambda: cg.Input(3, rank="2"), "rank='2': a rank is a number of axes"),
    (
        lambda: cg.GlobalMaxPool()(cg.Input(3, rank=0)),
        "shape=(3,): a global pool needs an axis besides the channels",
    ),
    (
        lambda: cg.Pad(((1, 1), (1, 1)))(A),
        "shape=(3,): a shape of rank 2, or 3 with channels first",
    ),
    # merges that do not fit
    (
        lambda: cg.Residual(cg.Conv(3)).on(5),
        "Add() of the shapes (5,), (3,): branches that are merged have the same shape; "
        'with padding="same" Conv(3) keeps the size of what it reads',
    ),
    (
        lambda: cg.Multiply()(A, cg.Input(4)),
        "Multiply() of the shapes (3,), (4,): branches that are merged have the same shape",
    ),
    (
        lambda: cg.Parallel(cg.Conv(3), cg.Conv(5)).on(8),
        "Concat() of the shapes (6,), (4,): "
        "branches without channels, which become channels, have the same shape",
    ),
    (
        lambda: cg.Parallel(cg.Conv(3), cg.Conv(5)).on((2, 8)),
        "Concat() of the shapes (1, 6), (1, 4): branches that are merged may differ on axis 0 only",
    ),
    (lambda: cg.Concat(1)(A, B), "axis=1: an axis of shapes of rank 1, counted from 0"),
    (lambda: cg.Concat("c")(A, B), "axis='c': an axis of shapes of rank 1, counted from 0"),
    (lambda: cg.Add()(A), "tensors: Add() merges two or more, not 1"),
    (lambda: cg.ReLU()(A, B), "tensors: ReLU() takes one, not 2"),
    (
        lambda: cg.Conv(3)(5),
        "tensor=5: Conv(3) is called on tensors, such as Input(5); spec.on(5) binds it to a shape",
    ),
    (
        lambda: cg.Add()(A, 5),
        "tensor=5: Add() is called on tensors, such as Input(5); spec.on(5) binds it to a shape",
    ),
    # arguments that a spec does not have, in its own terms
    (lambda: cg.Conv(kernel_size=3), "kernel_size=3: Conv calls this argument 'kernel'"),
    (lambda: cg.Conv(3, out_channels=4), "out_channels=4: Conv calls this argument 'filters'"),
    (lambda: cg.Dense(out_features=4), "out_features=4: Dense calls this argument 'units'"),
    (
        lambda: cg.MaxPool(2, in_channels=3),
        "in_channels=3: MaxPool reads it from the shape that it is bound to, "
        "as in .on((3, 32, 32))",
    ),
    (
        lambda: cg.LeakyReLU(slop=2),
        "slop=2: LeakyReLU has no such argument; did you mean slope?",
    ),
    (
        lambda: cg.Parallel(cg.ReLU(), cg.ReLU(), by=1),
        "by=1: Parallel has no such argument; the call is Parallel(specs, merge)",
    ),
    (lambda: cg.Dense(), "units: it is missing; the call is Dense(units, bias, letter)"),
    (lambda: cg.Shift(), "amount: it is missing; the call is Shift(amount, axis, boundary)"),
    (lambda: cg.Group(), "generators: it is missing; the call is Group(generators, shape, name)"),
    (lambda: cg.Network(), "inputs: it is missing; the call is Network(inputs, outputs, names)"),
    (
        lambda: cg.Theme(shades="#fff000"),
        "shades='#fff000': Theme has no such argument; did you mean shade, name or hole?",
    ),
    (
        lambda: cg.Dense(2, units=3),
        "units=3: it is given twice to Dense(units, bias, letter)",
    ),
    (lambda: cg.ReLU(5), "ReLU: 1 arguments are more than ReLU() takes"),
    # what is composed
    (
        lambda: STACK >> cg.ReLU(),
        f"{STACK!r} >> ReLU(): a network has its sizes already; compose the specs and bind the "
        "whole, as in (Conv(3) >> ReLU()).on(5)",
    ),
    (
        lambda: cg.Conv(3) >> [cg.ReLU()],
        "Conv(3) >> [ReLU()]: specs are composed, as in Conv(3) >> ReLU() >> MaxPool(2)",
    ),
    (
        lambda: None >> cg.Conv(3),
        "None >> Conv(3): specs are composed, as in Conv(3) >> ReLU() >> MaxPool(2)",
    ),
    (
        lambda: cg.Conv(3) >> cg.ReLU,
        f"Conv(3) >> {cg.ReLU!r}: specs are composed, as in Conv(3) >> ReLU() >> MaxPool(2); "
        "did you mean ReLU()?",
    ),
    (lambda: cg.Residual(3), "spec=3: a branch is a spec, such as Conv(3)"),
    (
        lambda: cg.Parallel(cg.ReLU()),
        "specs=(ReLU(),): two or more specs, such as Conv(3) and Conv(5)",
    ),
    (
        lambda: cg.Parallel(cg.ReLU(), cg.ReLU(), merge="max"),
        'merge=\'max\': branches are merged by "concat" or "add"',
    ),
    # networks that are none
    (lambda: cg.Network([], cg.ReLU()(A)), f"inputs=[]: {NETWORK}"),
    (lambda: cg.Network(3, cg.ReLU()(A)), f"inputs=3: {NETWORK}"),
    (lambda: cg.Network(A, "x"), f"outputs='x': {NETWORK}"),
    (lambda: cg.Network(A, A), "outputs=x: an output is computed by a layer"),
    (lambda: cg.Network([A, A], cg.ReLU()(A)), "inputs: a tensor is listed twice"),
    (
        lambda: cg.Network(A, cg.Add()(A, B)),
        "inputs: the outputs depend on an Input of shape (3,) that is not listed",
    ),
    (
        lambda: cg.ReLU().on(3, names=["a"]),
        "names=['a']: one name for each of the 2 rows, inputs first",
    ),
    (lambda: cg.ReLU().on(3, names=["a", "a"]), "rows=['a']: each row has a name of its own"),
    # unknown units, rows and parameters
    (
        lambda: cg.receptive_field(STACK, "g33"),
        "unit='g33': no unit of this network with the rows x[5], h[5], g[5]; "
        "did you mean g3, x3 or h3?",
    ),
    (
        lambda: cg.projective_field(STACK, "x6"),
        "unit='x6': no unit of this network with the rows x[5], h[5], g[5]; "
        "did you mean x5, x4 or x3?",
    ),
    (lambda: cg.receptive_field(STACK, 3), "unit=3: one unit, or several of one row"),
    (lambda: cg.receptive_field(STACK, []), "unit=[]: one unit, or several of one row"),
    (
        lambda: cg.receptive_field(STACK, ["g1", "h1"]),
        "unit=['g1', 'h1']: one unit, or several of one row",
    ),
    (lambda: cg.receptive_field(STACK, "g1", "y"), "row='y': no row of this network"),
    (
        lambda: cg.receptive_field(SEVERAL, "h1"),
        "row=None: a network with several inputs needs a row: x or y",
    ),
    (
        lambda: cg.projective_field(SEVERAL, "x1"),
        "row=None: a network with several outputs needs a row: h or g",
    ),
    (lambda: cg.receptive_fields(STACK, of="q"), "row='q': no row of this network"),
    (lambda: STACK.layer("x"), "row='x': an input row is not computed by any layer"),
    (lambda: STACK.expressions("q"), "row='q': no row of this network"),
    (
        lambda: STACK.evaluate(range(5), {"w_4": 1}),
        "parameters['w_4']: no such parameter; did you mean w_3, w_2 or w_1?",
    ),
    (
        lambda: STACK.evaluate(range(5), {"w": 1}),
        "parameters['w'] of shape (): w has the shape (1, 1, 3)",
    ),
    (
        lambda: STACK.evaluate(range(5), {"w": ["a", "b", "c"]}),
        "parameters['w'] of type <U1: numbers or sympy expressions",
    ),
    (
        lambda: STACK.evaluate(range(5), {"w": [1, 2, 3], "v_2": 1}),
        "parameters: no value for v_1, v_3",
    ),
    (
        lambda: STACK.evaluate(range(5), [1, 2]),
        "parameters=[1, 2]: a dict from names or letters to numbers",
    ),
    # values that do not fit
    (
        lambda: STACK.evaluate([1, 2]),
        "x of shape (2,): row 'x' has the shape (5,); an axis before it is a batch",
    ),
    (
        lambda: STACK.evaluate(np.zeros((2, 3, 5))),
        "x of shape (2, 3, 5): row 'x' has the shape (5,); an axis before it is a batch",
    ),
    (
        lambda: SEVERAL.evaluate({"x": np.zeros((2, 3)), "y": np.zeros(3)}),
        "x of the shapes x (2, 3), y (3,): all are batches of one size, or none is",
    ),
    (lambda: STACK.evaluate(["a"] * 5), "x of type <U1: numbers or sympy expressions"),
    (lambda: STACK.evaluate({"y": range(5)}), "x['y']: no input row"),
    (lambda: SEVERAL.evaluate({"x": [1, 2, 3]}), "x: no values for the input rows y"),
    (
        lambda: SEVERAL.evaluate([1, 2, 3]),
        "x: a dict of arrays, one for each of the inputs ['x', 'y']",
    ),
    (
        lambda: cg.Activation("phi").on(1).evaluate([1]),
        "name='phi': the values of this activation are not known; those of abs, acos, acosh, asin, "
        "asinh, atan, atanh, bool, ceil, cos, cosh, erf, exp, floor, gelu, hardswish, identity, "
        "int, isnan, log, mish, not, reciprocal, relu, round, sigmoid, sign, silu, sin, sinh, "
        "softplus, softsign, sqrt, tan, tanh are",
    ),
    # questions that do not fit
    (
        lambda: cg.MaxPool(2).on(4).matrix(),
        "MaxPool(2): a network with the reduction 'max' has no matrix; "
        "only sums and means are linear",
    ),
    *[
        (
            question,
            "shape=(n,) of row 'x': this question needs numbers; "
            "bind the network to sizes without symbols",
        )
        for question in (
            lambda: cg.Conv(3).on(SIZE).edges,
            lambda: cg.Conv(3).on(SIZE).graph,
            lambda: cg.Conv(3).on(SIZE).evaluate([1]),
            lambda: cg.receptive_field(cg.Conv(3).on(SIZE), "s1"),
        )
    ],
    *[
        (
            question,
            "shape=(1, 1, n) of w: this question needs numbers; make the layer without symbols",
        )
        for question in (
            lambda: cg.Conv(SIZE, padding="same").on(5).edges,
            lambda: cg.Conv(SIZE, padding="same").on(5).parameters,
        )
    ],
]


@pytest.mark.parametrize("value", ["x", [1], np.array([1, 2]), object(), {"a": 1}], ids="tlaod")
@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("rate", lambda value: cg.stream(STACK, rate=value)),
        ("chunk", lambda value: cg.stream(STACK, chunk=value)),
        ("axis", lambda value: cg.stream(STACK, axis=value)),
        ("tile", lambda value: cg.tiles(STACK, tile={0: value})),
        ("where", lambda value: cg.prove(cg.Conv(3), cg.Shift(1), where=value)),
        ("effective", lambda value: cg.report(STACK, effective=value)),
        ("select", lambda value: cg.findings(STACK, select=value)),
        ("ignore", lambda value: cg.findings(STACK, ignore=value)),
        ("letter", lambda value: cg.tied_from_matrix(np.eye(2), letter=[value])),
    ],
)
def test_what_is_of_another_type_is_named(
    argument: str, call: Callable[[Any], Any], value: Any
) -> None:
    with pytest.raises(cg.ConvgraphError, match=argument):
        call(value)


@pytest.mark.parametrize(("call", "message"), CASES, ids=[message for _, message in CASES])
def test_bad_input_is_named_with_its_value_and_the_rule(
    call: Callable[[], Any], message: str
) -> None:
    with pytest.raises(cg.ConvgraphError) as error:
        call()
    assert str(error.value) == message
    assert isinstance(error.value, ValueError)


def test_a_unit_of_a_large_network_is_not_searched_for_among_all_names() -> None:
    with pytest.raises(cg.ConvgraphError, match=re.escape("unit='s9': no unit of this network")):
        cg.receptive_field(cg.Conv((3, 3)).on((1000, 1000)), "s9")


def test_whole_numbers_of_other_libraries_are_sizes() -> None:
    for number in (np.int64(5), np.uint8(5), sp.Integer(5)):
        assert cg.Conv(np.int32(3)).on(number).outputs[0].shape == (3,)
        assert type(cg.Conv(3).on(number).inputs[0].shape[0]) is int


# -- memory --------------------------------------------------------------------------------------

LARGE = cg.Dense(10**6).on(10**6)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: LARGE.edges, "edges=1,000,000,000,000: this takes 12 TB"),
        (lambda: LARGE.graph, "edges=1,000,000,000,000: this takes 12 TB"),
        (lambda: LARGE.matrix(), "edges=1,000,000,000,000: this takes 12 TB"),
        (lambda: LARGE.expressions(), "units and labels=1,000,002,000,000: this takes 600 TB"),
        (lambda: LARGE.parameters, "parameters=1,000,000,000,000: this takes 600 TB"),
        (lambda: cg.Conv(3).on(10**15).edges, "edges=2,999,999,999,999,994: this takes"),
        (lambda: cg.Conv(3).on(10**15).inputs[0].units(), "units=1,000,000,000,000,000: this"),
        (lambda: cg.receptive_field(cg.Conv(3).on(10**15), "s1"), "positions=999,999,999,999,998"),
        (lambda: cg.Conv(2).on(10**15).layers[0].joints[0].wiring.axes[1].table(), "positions="),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_allocated(
    call: Callable[[], Any], what: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(cg.ConvgraphError, match=re.escape(what)) as error:
        call()
    assert re.search(r"and \d+ .B are free; ask a question that needs no edges", str(error.value))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_the_free_memory_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    net = cg.Conv((5, 5), padding="same").on((3, 100, 100))
    monkeypatch.setattr(memory, "ALWAYS_FITS", 1000)
    monkeypatch.setattr(memory, "_available", lambda: 3_000_000)
    with pytest.raises(cg.ConvgraphError, match="edges=732,108: this takes 3 MB, and 3 MB are fr"):
        _ = net.edges
    monkeypatch.setattr(memory, "_available", lambda: 10_000_000)
    assert len(net.edges) == 732_108


def test_large_networks_are_described_without_their_edges() -> None:
    net = cg.Conv((3, 3), 64, padding="same").on((3, 10**6, 10**6))
    assert repr(net) == (
        "Network(x[3, 1000000, 1000000] -> s[64, 1000000, 1000000]: 67000000000000 units, "
        f"{3 * 64 * (3 * 10**6 - 2) ** 2} connections, 1728 parameters)"
    )
    assert repr(LARGE).endswith("1000000000000 connections, 1000000000000 parameters)")


QUESTIONS: dict[str, tuple[Any, ...]] = {
    "check_equivariance": (cg.Shift(1),),
    "compare": (STACK,),
    "invariance": (cg.Shift(1),),
    "path_counts": ("s1",),
    "plot_paths": ("s1",),
    "projective_field": ("x1",),
    "receptive_field": ("s1",),
    "recompute": ("x1",),
    "refines": (STACK,),
    "same_tying": (STACK,),
    "same_wiring": (STACK,),
    "tiles": (4,),
    "uses": ("w_1",),
}
"""What a question about a network asks besides, where it does not go without."""


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in cg.__all__
        if inspect.isfunction(asked := getattr(cg, name))
        and next(iter(inspect.signature(asked).parameters), "") in ("network", "fine", "a")
    ],
)
@pytest.mark.parametrize("wrong", [cg.Conv(3), A, None, "Conv(3)"])
def test_questions_about_a_network_refuse_what_is_none(name: str, wrong: Any) -> None:
    with pytest.raises(
        cg.ConvgraphError, match=rf"={re.escape(repr(wrong)[:20])}.*: a bound network"
    ):
        getattr(cg, name)(wrong, *QUESTIONS.get(name, ()))


@pytest.mark.parametrize(
    "name", [n for n in cg.__all__ if isinstance(getattr(cg, n), type(cg.Conv))]
)
def test_constructors_show_their_own_arguments(name: str) -> None:
    shown = inspect.signature(getattr(cg, name)).parameters
    assert list(shown) == list(inspect.signature(getattr(cg, name).__init__).parameters)[1:]
