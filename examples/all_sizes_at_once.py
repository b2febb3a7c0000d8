"""Sizes may be symbols: then a network answers for all of them."""

import sympy

import convgraph as cg

n, k = sympy.symbols("n k", integer=True, positive=True)

for spec in (
    cg.Conv(k),
    cg.Conv(3, padding="same"),
    cg.Conv(5, padding="same"),
    cg.Conv(k, padding="full"),
    cg.Conv(3, padding="same", padding_mode="circular"),
    cg.Dense(n),
):
    net = spec.on(n)
    print(f"{spec}: {net.outputs[0].size} outputs, {net.layers[0].connections} connections")
