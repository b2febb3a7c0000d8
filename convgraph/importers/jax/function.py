"""Functions and models of JAX as networks, through the program that JAX traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import as_size
from convgraph.importers.input_axes import channels_first, stated_axes
from convgraph.importers.jax.held import Held
from convgraph.importers.jax.layout import input_axes
from convgraph.importers.jax.operators import OPERATORS
from convgraph.importers.jax.parameters import Leaf, callable_with_leaves
from convgraph.importers.jax.reading import Reading
from convgraph.importers.jax.scopes import named_for_modules, root_of
from convgraph.importers.tidying import tidied
from convgraph.importers.walk import confirm, needed_nodes, network_of

__all__ = ["from_jax", "network_of_program"]

RULE = "a shape is a positive integer, or one for each axis"


def from_jax(
    function: Any,
    input_shape: Any,
    parameters: Any = None,
    strict: bool = False,
    axes: Any = None,
) -> Network:
    """Read a function of JAX as a network of rows, wirings and tyings.

    The function is traced, not run: models of Flax, Equinox and Haiku are read alike. Rows stand
    channels first, whatever the function's own layout: an input of shape (1, 224, 224, 3) to which
    a convolution comes that takes channels last is a row of shape (3, 224, 224). A row is named
    for the module that computes it, where the framework says so with `jax.named_scope`, or for
    JAX's operation. A parameter array is named for its path in the tree of parameters:
    `params.Conv_0.kernel`. One that the function moves, masks, scales or adds up keeps its name;
    loops of known length are written out, and of a branch that depends on values all sides are
    read. What is known before the input is computed by JAX.

    Parameters
    ----------
    function
        A function of arrays, jitted or not, whose results are arrays: with `parameters`, of these
        and of the inputs, as `model.apply` of Flax. Or a model that holds its own parameters: a
        module of Equinox or of Flax NNX, a bound module of Flax.
    input_shape
        The shape of the input as the function takes it, with a batch if it takes one; a list of
        shapes for several inputs, or a dict of them by name; an array or a `jax.ShapeDtypeStruct`
        instead of a shape where whole numbers are asked for, as by an embedding.
    parameters
        A tree of arrays, or of `jax.ShapeDtypeStruct`: the structure does without numbers. Of the
        variables of Flax those of the collection `params` are parameters; of other trees all
        floating-point numbers are.
    strict
        Whether to refuse operations that are not known; see `from_onnx`.
    axes
        What the axes of the input are, as a letter for each: N for the batch, C for the channels,
        and any other for those of time or space, as in "NHWC" or "NTC"; a list or a dict for
        several inputs. If nobody says so, the first convolution or pool on the input tells which
        are channels, or else the first one behind the batch counts them.

    Returns
    -------
    Network
        With the parameters as `weights`, and `caveats` as in `from_onnx`.

    Raises
    ------
    ConvgraphError
        If the function cannot be traced on that shape, or if JAX is not installed.

    Examples
    --------
    >>> import jax  # doctest: +SKIP
    >>> def layer(w, x):
    ...     return jax.numpy.convolve(x, w, "same")  # doctest: +SKIP
    >>> from_jax(layer, 5, jax.numpy.ones(3))  # doctest: +SKIP
    Network(x[5] -> convolve[5]: 10 units, 13 connections, 3 parameters)

    References
    ----------
    The program that is traced: https://docs.jax.dev/en/latest/jaxpr.html
    """
    try:
        import jax
    except ImportError:
        raise ConvgraphError(
            "jax: reading a function needs JAX: pip install 'convgraph[jax]'"
        ) from None
    if not callable(function):
        raise ConvgraphError(
            f"function={type(function).__name__}: a function of arrays, or a model to be called"
        )
    call, leaves = callable_with_leaves(jax, function, parameters)
    named = given_inputs(jax, input_shape)
    by_name = isinstance(input_shape, Mapping)
    return network_of_program(jax, call, leaves, named, by_name, strict, axes)


def given_inputs(jax: Any, given: Any) -> dict[str, Any]:
    """The shape and the type of each input, by name."""
    if isinstance(given, Mapping):
        if not given:
            raise ConvgraphError("input_shape={}: a shape for each input")
        return {str(name): _struct(jax, each) for name, each in given.items()}
    several = isinstance(given, list | tuple) and any(
        isinstance(each, list | tuple) or hasattr(each, "dtype") for each in given
    )
    structs = [_struct(jax, each) for each in given] if several else [_struct(jax, given)]
    if len(structs) == 1:
        return {"x": structs[0]}
    return {f"x{number}": each for number, each in enumerate(structs, start=1)}


def _struct(jax: Any, given: Any) -> Any:
    if hasattr(given, "dtype") and hasattr(given, "shape"):
        return jax.ShapeDtypeStruct(given.shape, given.dtype)
    sizes = list(given) if isinstance(given, list | tuple) else [given]
    numbers = [as_size("input_shape", n, RULE) for n in sizes]
    if not numbers or not all(isinstance(n, int) for n in numbers):
        raise ConvgraphError(f"input_shape={given!r}: {RULE}")
    return jax.ShapeDtypeStruct(tuple(map(int, numbers)), jax.numpy.float32)


def traced(jax: Any, call: Any, leaves: Sequence[Leaf], inputs: Any, by_name: bool) -> Any:
    """The program of a function of its leaves and inputs."""

    def flat(values: Any, given: Any) -> Any:
        result = call(values, **given) if by_name else call(values, *given.values())
        return [each for each in jax.tree_util.tree_leaves(result) if hasattr(each, "dtype")]

    try:
        return jax.make_jaxpr(flat)([leaf.value for leaf in leaves], dict(inputs))
    except Exception as error:  # whatever the function raises
        shapes = ", ".join(str(tuple(each.shape)) for each in inputs.values())
        line = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise ConvgraphError(
            f"function: JAX cannot trace it on inputs of shape {shapes}: {line}"
        ) from error


def network_of_program(
    jax: Any,
    call: Any,
    leaves: Sequence[Leaf],
    inputs: Mapping[str, Any],
    by_name: bool = False,
    strict: bool = False,
    axes: Any = None,
) -> Network:
    """The network of a function of parameters, whose names are known, and of inputs."""
    names = sorted(inputs)  # as JAX has the entries of a dict
    closed = traced(jax, call, leaves, inputs, by_name)
    jaxpr, count = closed.jaxpr, len(leaves)
    reading = Reading(OPERATORS, root_of(jaxpr))
    held = [reading.parameter(leaf.name, leaf.value, leaf.learned) for leaf in leaves]
    layouts = input_axes(jaxpr)
    said = stated_axes(axes, {name: tuple(map(int, inputs[name].shape)) for name in inputs})
    starts, ordered_axes = {}, {}
    for number, name in enumerate(names, start=count):
        shape = tuple(map(int, inputs[name].shape))
        if name in said:  # in this order from the beginning
            layouts[number] = order = channels_first(said[name], shape)
            ordered_axes[name] = "".join(said[name][a] for a in order)
        one = Held(name, layouts.get(number, tuple(range(len(shape)))), shape)
        starts[name] = reading.shapes[name] = one.sizes
        held.append(one)
        if number in layouts:
            reading.behind.add(name)
    reading.reserve(names)
    consts = [reading.constant(value) for value in closed.consts]
    results = [reading.finished(one) for one in reading.run(jaxpr, consts, held, "")]
    outputs = [one.name for one in results if reading.moving(one)]
    if not outputs:
        raise ConvgraphError("function: none of its results depends on an input")
    nodes, _ = needed_nodes(reading.nodes, outputs)
    nodes = tidied(nodes, reading.known, reading.shapes, reading.scopes, outputs)
    nodes, renamed = named_for_modules(nodes, reading.scopes, [*starts, *reading.known])
    shapes = {renamed.get(name, name): shape for name, shape in reading.shapes.items()}
    ordered = {name: starts[name] for name in inputs}
    outputs = [renamed.get(name, name) for name in outputs]
    network = network_of(
        nodes, ordered, reading.known, outputs, shapes.get, strict, stated=True, axes=ordered_axes
    )
    confirm(network, shapes, "JAX")
    scopes = {renamed.get(name, name): scope for name, scope in reading.scopes.items()}
    network.modules = {row.name: scopes[row.name] for row in network.rows if scopes.get(row.name)}
    return network
