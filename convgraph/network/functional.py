"""The functional form: inputs to call specs on, for any directed acyclic graph."""

from __future__ import annotations

from collections.abc import Sequence

from convgraph.core.errors import ConvgraphError
from convgraph.core.names import check_name
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.tensor import Tensor
from convgraph.layers.spec import Spec, as_shape, input_tensor

__all__ = ["Input", "bound"]


def Input(  # noqa: N802 - it reads as the other specs do
    shape: Size | Sequence[Size], rank: int | None = None, name: str | None = None
) -> Tensor:
    """An input tensor of a shape; call specs on it, and give the ends to `Network`.

    A spec describes a layer and is none: called twice, it makes two layers, each with parameters of
    its own. Layers of the same `letter` share theirs.

    Parameters
    ----------
    shape
        Units per axis, channels first.
    rank
        The number of axes besides the channels. By default the first layer with a kernel says it:
        behind `Conv((3, 3))` the first of three axes counts channels. Global pools, paddings and
        the like, which have no kernel, take the first of several axes for channels.
    name
        The row's name; by default x, and y, z for further inputs.

    Examples
    --------
    >>> import convgraph as cg
    >>> a, b = cg.Input(4, name="a"), cg.Input(4, name="b")
    >>> cg.Network([a, b], cg.Add()(a, cg.Conv(3, padding="same")(b))).expressions()["g1"]
    a1 + b1*w_2 + b2*w_3
    >>> x, own, tied = cg.Input(4), cg.Conv(2), cg.Conv(2, letter="k")
    >>> cg.Network(x, own(own(x))).parameters
    (w_1, w_2, v_1, v_2)
    >>> cg.Network(x, tied(tied(x))).parameters
    (k_1, k_2)
    """
    if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool) or rank < 0):
        raise ConvgraphError(f"rank={rank!r}: a rank is a number of axes")
    if name is not None:
        check_name("name", name)
    return input_tensor(as_shape("shape", shape), rank, name)


def bound(spec: Spec, space: Sequence[Size], channels: Size | None = None) -> Network:
    """A spec on an input of these sizes; channels come first, whatever the spec knows of them."""
    head = () if channels is None else (channels,)
    x = Input((*head, *space), rank=len(space))
    return Network(x, spec(x))
