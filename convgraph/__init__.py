"""Layers of neural networks as labelled connectivity graphs.

Every public name is loaded when it is first used: sympy and networkx take a third of a second to
import, and `convgraph --help` must not pay for them. `__init__.pyi` tells type checkers the same.
"""

import importlib

__version__ = "0.1.0"

_MODULES = {
    "core.errors": ["ConvgraphError"],
    "core.network": ["Network"],
    "layers.dense": ["Dense"],
    "layers.convolution": ["Conv", "ConvTranspose", "LocallyConnected", "TiledConv"],
    "layers.pooling": ["AvgPool", "GlobalAvgPool", "GlobalMaxPool", "MaxPool"],
    "layers.pointwise": ["Activation", "LeakyReLU", "ReLU"],
    "layers.reshaping": ["Crop", "Flatten", "Pad", "Upsample"],
    "layers.merging": ["Add", "Concat", "Multiply"],
    "network.composition": ["Parallel", "Residual"],
    "network.functional": ["Input"],
    "network.from_networkx": ["from_networkx"],
    "network.trace": ["trace"],
    "importers.onnx_graph": ["from_onnx"],
    "importers.torch_graph": ["from_torch"],
    "piecewise.recompute": ["recompute"],
    "piecewise.streams": ["stream"],
    "piecewise.tiles": ["tiles"],
    "interactions.fields": ["projective_field", "receptive_field"],
    "interactions.all_fields": ["receptive_fields"],
    "interactions.sparsity": ["sparsity"],
    "interactions.paths": ["path_counts"],
    "interactions.cost": ["cost"],
    "interactions.closed_forms": ["closed_forms"],
    "sharing.tied_weights": ["tied_weights"],
    "sharing.uses": ["uses"],
    "sharing.gradients": ["gradients"],
    "sharing.effective_kernel": ["effective_kernel"],
    "sharing.comparisons": ["refines", "same_tying", "same_wiring"],
    "sharing.from_matrix": ["tied_from_matrix", "tied_from_networkx"],
    "sharing.constrained_dense": ["constrained_dense"],
    "symmetry.invariance": ["invariance"],
    "symmetry.proofs.proof": ["Proof"],
    "symmetry.proofs.prove": ["prove"],
    "symmetry.proofs.theorems": ["prove_converse", "prove_downsampling"],
    "symmetry.transformations": ["Flip", "Rotate90", "Scale", "Shift"],
    "symmetry.permutations": ["Permute", "PermuteChannels"],
    "symmetry.equivariance": ["check_equivariance"],
    "symmetry.lattice": ["shift_lattice"],
    "symmetry.groups.group": ["Group"],
    "symmetry.groups.equivariant": ["equivariant_layer"],
    "symmetry.groups.automorphisms": ["symmetry_group"],
    "figures.draw": ["draw"],
    "figures.draw_grid": ["draw_grid"],
    "reports.charts": ["plot_growth", "plot_matrix", "plot_paths", "plot_sparsity", "plot_uses"],
    "reports.report": ["report"],
    "reports.findings.registry": ["findings", "rules"],
}

_HOME = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value  # the next use finds it without coming here
        return value
    hint = ""
    if not name.startswith("_"):
        import difflib

        near = difflib.get_close_matches(name, __all__)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
