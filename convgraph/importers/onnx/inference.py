"""What onnx infers of models, which may be no valid ones."""

from __future__ import annotations

from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.node import is_equation
from convgraph.importers.onnx.names import messages

__all__ = ["inferred"]


def inferred(model: Any) -> Any:
    """The model with the types and shapes that onnx finds.

    Raises
    ------
    ConvgraphError
        If an equation of Einsum is none: of `....` and the like, onnx 1.23 never comes to an end.
    Exception
        Of other kinds, where onnx takes the model for no valid one.
    """
    from onnx import shape_inference

    for message in messages(model):
        if getattr(message, "op_type", "") == "Einsum":
            for attribute in message.attribute:
                if not is_equation(attribute.s.decode("utf-8", "replace")):
                    raise ConvgraphError(f"node={message.name!r} (Einsum): not an equation")
    return shape_inference.infer_shapes(model)
