"""One wiring, three tyings: the locally connected, the tiled and the ordinary convolution.

Figures 9.14 and 9.16 of Goodfellow, Bengio and Courville, Deep Learning (2016).
"""

import convgraph as cg

window = {"kernel": 2, "padding": "same"}
layers = {
    "local": cg.LocallyConnected(**window),
    "tiled": cg.TiledConv(**window, tiles=2),
    "convolution": cg.Conv(**window),
}
networks = {name: layer.on(5) for name, layer in layers.items()}

for name, net in networks.items():
    print(f"{name}: {len(net.edges)} connections")
    for source, target, parameter in net.graph.edges(data="parameter"):
        print(f"    {source} -> {target}  {parameter}")

edges = [set(net.graph.edges()) for net in networks.values()]
print("the same connections:", edges[0] == edges[1] == edges[2])
