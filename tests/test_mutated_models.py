"""A model changed at random is read or refused, and nothing else."""

import pytest

from tests.mutations import base, tried

BATCHES = [
    pytest.param(range(1000 * i, 1000 * i + 1000), id=f"{i}", marks=pytest.mark.exhaustive)
    for i in range(1, 5)
]


def test_the_base_is_read():
    import convgraph as cg

    assert cg.from_onnx(base()).parameter_count == 72


@pytest.mark.parametrize("seeds", [pytest.param(range(300), id="few"), *BATCHES])
def test_a_mutated_model_is_read_or_refused(seeds):
    results = {seed: tried(seed) for seed in seeds}
    assert {s: r for s, r in results.items() if r not in ("read", "refused")} == {}
    assert len(set(results.values())) == 2  # the changes neither miss nor ruin every model
