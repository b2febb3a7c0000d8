"""Drawings that differ from the book's, each as the lines that make it; `pages.py` shows them."""

__all__ = ["DRAWINGS"]

NET = """import convgraph as cg

net = cg.Conv(3, padding="same").on(5)
"""
TWO = """import convgraph as cg

net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(7)
"""

# A title, a remark and the lines, the last of which makes the figure.
DRAWINGS = {
    "Two fields at once": (
        "Units that both see show both colours, and a legend says which is whose.",
        TWO
        + """fields = {
    "orange": [cg.receptive_field(net, "g2", row=row) for row in ("x", "h", "g")],
    "cyan": [cg.receptive_field(net, "g5", row=row) for row in ("x", "h", "g")],
}
cg.draw(net, shade=fields, legend={"orange": "seen by g2", "cyan": "seen by g5"})""",
    ),
    "A colour for each parameter": (
        "What is tied shares a colour. A legend that is True names what has one.",
        """import convgraph as cg

net = cg.TiledConv(2, padding=((0, 1),), tiles=2).on(5)
cg.draw(net, edges="parameters", letters="abcd", legend=True)""",
    ),
    "A matrix beside its graph": (
        "Row by row what each output reads, in the same colours. On the live page both answer.",
        NET
        + """graph = cg.draw(net, edges="parameters", letters="abc")
graph.beside(cg.draw_matrix(net, letters="abc"))""",
    ),
    "Looks of single units": (
        "One mapping, from units to properties. A unit is chosen by its name, its row, a set or a "
        "function.",
        NET
        + """looks = {
    "x": {"shape": "square"},
    "x3": {"label": "cat", "fill": "orange", "size": 1.2},
    cg.projective_field(net, "x3"): {"fill": "#CFE8FC", "color": "blue"},
}
cg.draw(net, units=looks)""",
    ),
    "Looks of single connections": (
        "The same from connections: by parameter, by their ends, by a set or a function.",
        NET
        + """looks = {
    cg.uses(net, "w_2"): {"color": "#D55E00", "width": 2},
    ("x1", "s2"): {"line": "dashed", "label": "cut"},
}
cg.draw(net, edges=looks)""",
    ),
    "A function decides": (
        "A function gets the name of a unit, or the ends and the parameter of a connection.",
        NET
        + """def unit(name):
    return {"shape": "diamond"} if name.startswith("s") else {"label": f"pixel {name[1:]}"}


def edge(source, target, parameter):
    return {"line": "dotted"} if parameter != "w_2" else None


cg.draw(net, units=unit, edges=edge)""",
    ),
    "Pictures in units": (
        "An array in place of a name: of yes and no in ink, of numbers in shades of grey, which "
        "TikZ alone does not have.",
        """import convgraph as cg
import numpy as np

square = np.zeros((8, 8), int)
square[2:6, 2:6] = 1
filters = [[[-1, 1]], [[-1], [1]]]
maps = [cg.Conv(np.shape(w)).on((8, 8)).evaluate(square, {"w": w}) for w in filters]
net = cg.Dense(2).on(1)
ink = zip(["x1", "s1", "s2"], [square, *maps], strict=True)
looks = {unit: {"image": values != 0, "size": 1.5} for unit, values in ink}
cg.draw(net, units=looks, row_distance=1.7)""",
    ),
    "Boxes beside boxes": (
        "What has no units: stages, blocks, modules. A column beside another is as high as it.",
        """import convgraph as cg

stages = ["Convolution", "Nonlinearity", "Pooling"]
one = cg.draw_boxes("One layer", ["Input", ("Convolutional layer", stages), "Next layer"])
three = cg.draw_boxes("Three layers", ["Input", *stages, "Next layer"], beside=one)
one.beside(three, rule=True)""",
    ),
    "From left to right": (
        'Rows run "up", "down", "right" or "left"; captions and headings go with them.',
        """import convgraph as cg

net = (cg.Conv(3, padding="same") >> cg.MaxPool(2)).on(4)
captions = {"h": "Convolution", "g": "Pooling"}
cg.draw(net, direction="right", letters="abcd", captions=captions)""",
    ),
    "From top to bottom": (
        "The input on top, as some textbooks have it.",
        """import convgraph as cg

net = (cg.Conv(3, padding="same") >> cg.MaxPool(2)).on(4)
captions = {"h": "Convolution", "g": "Pooling"}
cg.draw(net, direction="down", captions=captions, row_distance=1.2)""",
    ),
    "The names of a dense layer": (
        "Where arrows cross, each name stands on its own; units move apart until there is room.",
        """import convgraph as cg

cg.draw(cg.Dense(3).on(3), letters=True)""",
    ),
    "Values in units": (
        "Numbers by row: what goes in, and what `evaluate` makes of it.",
        """import convgraph as cg

net = cg.MaxPool(3, stride=1, padding="same").on(5)
signal = [0.1, 1, 0.2, 0.1, 0.3]
cg.draw(net, values={"x": signal, "s": net.evaluate(signal)})""",
    ),
    "A long network": (
        "Rows that no page could hold show their ends and what is shaded, and a line below says "
        'how many units they have. `show="all"` draws them whole.',
        """import convgraph as cg

net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(200)
cg.draw(net, shade=[cg.receptive_field(net, "g100", row=row) for row in ("x", "h", "g")])""",
    ),
    "A part of a long network": (
        "The ends of each row, with dots for the rest, and the zeros of the padding in black.",
        """import convgraph as cg

net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(100)
cg.draw(net, show=6, padding=True)""",
    ),
    "Units that one chooses": (
        "`show` takes units, too, and what a question answers: of a hundred these alone are drawn.",
        """import convgraph as cg

net = cg.Conv(3, dilation=4, padding="same").on(100)
seen = cg.receptive_field(net, "s50")
cg.draw(net, show=[seen, "s50"], shade=seen, letters=True)""",
    ),
    "A photograph and what a layer makes of it": (
        "`draw_image` draws any array of numbers; beside it is what `evaluate` answers.",
        """import convgraph as cg
import numpy as np

rows, columns = np.mgrid[-1:1:60j, -1:1:60j]
photo = np.exp(-4 * (rows**2 + columns**2)) + (rows > 0.4)
edges = cg.Conv((1, 2)).on(photo.shape).evaluate(photo, {"w": [[-1, 1]]})
cg.draw_image(photo, pixel=3).beside(cg.draw_image(edges, pixel=3))""",
    ),
    "Padding around an image": (
        "Zeros that windows read beyond the border, as cells of their own.",
        """import convgraph as cg

net = cg.Conv((3, 3), padding="same").on((4, 4))
cg.draw_grid(net, "s1,1", padding=True, kernels=True)""",
    ),
    "On dark slides": (
        '`theme="slides"` is thicker and without serifs, `"dark"` has dark paper.',
        NET + """cg.draw(net, shade=cg.receptive_field(net, "s3"), theme="dark")""",
    ),
    "A style that a lab shares": (
        "Any fields of a theme, as a dict or in a TOML or JSON file whose name is given instead.",
        NET
        + """lab = {"base": "slides", "ink": "#003366", "shade": "#FFD9A0", "paper": "#FFFDF5"}
cg.draw(net, shade=cg.receptive_field(net, "s3"), theme=lab)""",
    ),
    "As wide as a column": (
        "Everything in it becomes smaller or larger alike.",
        NET + """cg.draw(net).sized("6cm")""",
    ),
}
