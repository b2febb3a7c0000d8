"""Ask the questions of code that convgraph knows nothing about.

The function below is an edge detector with a learned threshold, written for numpy. It is run once
on symbols; what comes out is a labelled graph like any layer's.
"""

import numpy as np

import convgraph as cg


def edges_of_signal(x, w, threshold):
    return np.maximum(np.convolve(x, w, "same") - threshold, 0)


net = cg.trace(edges_of_signal, x=7, w=2, threshold=())

print(net)
for unit, expression in net.expressions().items():
    print(f"{unit} = {expression}")
print("g4 sees", ", ".join(cg.receptive_field(net, "g4")))
print("x4 affects", ", ".join(cg.projective_field(net, "x4")))
print(
    "a step from 1 to 5 gives", net.evaluate([1, 1, 1, 5, 5, 5, 5], {"w": [1, -1], "threshold": 2})
)
