"""The facts of a network that `convgraph show` prints, as plain data."""

from __future__ import annotations

from typing import Any

import convgraph as cg
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.units import Units

__all__ = ["network_facts", "parameter_facts", "unit_facts"]

MOST_UNITS = 1_000  # that are listed by name
MOST_CONNECTIONS = 3_000  # of a network whose expressions are worked out
MOST_PATHS = 100  # of a unit whose expression is shown: as many terms has it
MOST_LAYERS = 50  # around each other in an expression; sympy prints it recursively


def network_facts(net: Network) -> dict[str, Any]:
    """Rows, connections, parameters and operations, in all and layer by layer.

    Receptive fields and strides are sizes per axis of the input besides its channels, before the
    border clips them; None where they differ from unit to unit.
    """
    sparsity, cost = cg.sparsity(net), cg.cost(net)
    forms = {form.row: form for form in cg.closed_forms(net).rows}
    layers = [
        {
            "row": costs.row,
            "layer": repr(costs.spec),
            "connections": counted.connections,
            "dense": counted.dense,
            "parameters": costs.parameters,
            "operations": costs.operations,
        }
        for costs, counted in zip(cost.layers, sparsity.layers, strict=True)
    ]
    facts: dict[str, Any] = plain(
        {
            "network": repr(net),
            "rows": [
                {
                    "name": row.name,
                    "shape": row.shape,
                    "units": row.size,
                    "receptive_field": forms[row.name].receptive_field,
                    "stride": forms[row.name].stride,
                }
                for row in net.rows
            ],
            "connections": sparsity.connections,
            "dense": sparsity.dense,
            "missing": sparsity.missing,
            "parameters": cost.parameters,
            "operations": cost.operations,
            "layers": layers,
        }
    )
    return facts


def unit_facts(net: Network, unit: str, row: str | None) -> dict[str, Any]:
    """What a unit sees and affects, row by row (or in one row), and its expression."""
    own, _ = net.find(unit)
    if row is not None:
        row = net.row(row).name
    names = [r.name for r in net.rows]
    at = names.index(own.name)
    before = [r for r in reversed(names[:at]) if row in (None, r)]
    after = [r for r in names[at + 1 :] if row in (None, r)]
    if row == own.name:
        raise ConvgraphError(f"row={row!r}: the unit's own; a field is in another row")
    sees = {r: field for r in before if (field := cg.receptive_field(net, unit, r))}
    affects = {r: field for r in after if (field := cg.projective_field(net, unit, r))}
    facts = {
        "name": unit,
        "receptive_field": {r: _field(units) for r, units in sees.items()},
        "projective_field": {r: _field(units) for r, units in affects.items()},
    }
    expression = _expression(net, unit, own.name)
    return {**facts, "expression": expression} if expression is not None else facts


def _field(units: Units) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "size": len(units),
        "extent": list(units.extent),
        "first": units.row.unit([low for low, _ in units.bounds]),
        "last": units.row.unit([high for _, high in units.bounds]),
    }
    return {**facts, "units": list(units)} if len(units) <= MOST_UNITS else facts


def _expression(net: Network, unit: str, row: str) -> str | None:
    """The unit in inputs and parameters, unless it would fill pages."""
    if row in {r.name for r in net.inputs} or net.symbolic or len(net.layers) > MOST_LAYERS:
        return None
    if int(net.connection_count) > MOST_CONNECTIONS:
        return None
    paths = sum(cg.path_counts(net, unit, r.name).total for r in net.inputs)
    return str(net.expressions(row)[unit]) if paths <= MOST_PATHS else None


def parameter_facts(net: Network, parameter: str) -> dict[str, Any]:
    """How often a parameter is used, where, and where the border leaves it out."""
    uses = cg.uses(net, parameter)
    facts = uses.to_dict()
    return facts if net.symbolic else {**facts, "not_at": [str(m) for m in uses.missing]}
