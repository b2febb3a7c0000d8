"""Names that somebody chose to do harm, and networks that bear them."""

from __future__ import annotations

from typing import Any

import networkx as nx
from onnx import TensorProto, helper

import convgraph as cg

NAMES = {
    "element": '<img src=x onerror="window.owned=1">',
    "script": "</script><script>window.owned=1</script>",
    "style": "</style></title></svg><svg onload=window.owned=1>",
    "attribute": "\"' onmouseover='window.owned=1' x=\"",
    "comment": "--><script>window.owned=1</script><!--",
    "cdata": "]]><script>window.owned=1</script>",
    "link": "[x](javascript:window.owned=1)",
    "reference": "&lt;b&gt;&#x3c;i&#x3e;",
    "table": "a | b `c` *d*\n| e |",
    "formula": "=HYPERLINK(1)",
    "plus": "+1;=1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1",
    "return": "\r=1",
    "latex": r"\href{javascript:window.owned=1}{x}$}\input{/etc/passwd}",
    "latex letter": r"a\write18{id}_1",
    "dot": 'x"]; y [label=<<b>z</b>>, URL="javascript:window.owned=1"',
    "dot escape": r"\N\G\E\\",
    "html label": "<<b>x</b>>",
    "anchor": "<<table><tr><td href='javascript:window.owned=1'>x</td></tr></table>>",
    "image": "<<table><tr><td><img src='/etc/hostname'/></td></tr></table>>",
    "attributes": r"\ class=unit label=x1",
    "terminal": "x\x1b[31m\x1b]0;owned\x07",
    "one byte control": "x\x9b31m\x90owned\x9c",
    "zero": "x\x00y",
    "bidi": "x\u202egnp.exe\u2066",
    "lines": "a\u2028b\u2029c\x0bd\x85e",
    "rich": "[bold red]x[/] [link=file:///]y[/link]",
    "object": "__proto__",
    "method": "constructor",
    "emoji": ":bomb:",
    "numbered": "1. a",
    "ruler": "  ---",
    "selector": 'x"]:not(a',
    "path": "../../etc/passwd",
    "workflow": "::add-mask::x",
    "indented": "x\n  ::stop-commands::y",
    "pipeline": "##vso[task.complete result=Failed]x",
    "group": "x###[group]y",
    "dot attribute": 'x" URL="javascript:window.owned=1" x="',
}


def labelled(*names: Any) -> Any:
    """A graph whose parameters, units and rows bear these names."""
    graph = nx.DiGraph()
    graph.add_nodes_from(["left", "right"], row="in")
    for name in names:
        graph.add_node(name, row=f"{name} r")
        graph.add_edge("left", name, parameter=f"<{name}>")
        graph.add_edge("right", name, parameter=f"{name}_1")
    return cg.from_networkx(graph)


def model(*names: Any) -> Any:
    """An ONNX model whose tensors and nodes bear these names."""
    value = helper.make_tensor_value_info
    read = f"{names[0]} x"
    nodes, weights = [], []
    for name in names:
        weights.append(helper.make_tensor(name, TensorProto.FLOAT, (1, 1, 3), [1.0, 2.0, 3.0]))
        nodes.append(helper.make_node("Conv", [read, name], [f"{name} h"], name, pads=[1, 1]))
        nodes.append(helper.make_node("Relu", [f"{name} h"], [f"{name} z"], f"{name} 2"))
    inputs = [value(read, TensorProto.FLOAT, (1, 1, 3))]
    outputs = [value(f"{name} z", TensorProto.FLOAT, None) for name in names]
    graph = helper.make_graph(nodes, names[0], inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def open_sizes(name: str) -> Any:
    """An ONNX model whose open sizes bear this name, and one that begins with it."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["h"], "conv", pads=[1, 0, 1, 0]),
        helper.make_node("MaxPool", ["h"], ["y"], "pool", kernel_shape=[2, 1], strides=[2, 1]),
    ]
    weights = [helper.make_tensor("w", TensorProto.FLOAT, (1, 1, 3, 1), [1.0, 2.0, 3.0])]
    inputs = [value("x", TensorProto.FLOAT, (1, 1, name, f"{name}2"))]
    outputs = [value("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "open", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


NETWORKS = {"networkx": labelled, "onnx": lambda *names: cg.from_onnx(model(*names))}
