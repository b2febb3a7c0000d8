"""The public names, for type checkers; at run time `__init__.py` loads each when it is used."""

from convgraph.core.errors import ConvgraphError as ConvgraphError
from convgraph.core.network import Network as Network
from convgraph.figures.draw import draw as draw
from convgraph.importers.onnx_graph import from_onnx as from_onnx
from convgraph.importers.torch_graph import from_torch as from_torch
from convgraph.interactions.all_fields import receptive_fields as receptive_fields
from convgraph.interactions.closed_forms import closed_forms as closed_forms
from convgraph.interactions.cost import cost as cost
from convgraph.interactions.fields import projective_field as projective_field
from convgraph.interactions.fields import receptive_field as receptive_field
from convgraph.interactions.paths import path_counts as path_counts
from convgraph.interactions.sparsity import sparsity as sparsity
from convgraph.layers.convolution import Conv as Conv
from convgraph.layers.convolution import ConvTranspose as ConvTranspose
from convgraph.layers.convolution import LocallyConnected as LocallyConnected
from convgraph.layers.convolution import TiledConv as TiledConv
from convgraph.layers.dense import Dense as Dense
from convgraph.layers.merging import Add as Add
from convgraph.layers.merging import Concat as Concat
from convgraph.layers.merging import Multiply as Multiply
from convgraph.layers.pointwise import Activation as Activation
from convgraph.layers.pointwise import LeakyReLU as LeakyReLU
from convgraph.layers.pointwise import ReLU as ReLU
from convgraph.layers.pooling import AvgPool as AvgPool
from convgraph.layers.pooling import GlobalAvgPool as GlobalAvgPool
from convgraph.layers.pooling import GlobalMaxPool as GlobalMaxPool
from convgraph.layers.pooling import MaxPool as MaxPool
from convgraph.layers.reshaping import Flatten as Flatten
from convgraph.layers.reshaping import Pad as Pad
from convgraph.layers.reshaping import Upsample as Upsample
from convgraph.network.composition import Parallel as Parallel
from convgraph.network.composition import Residual as Residual
from convgraph.network.from_networkx import from_networkx as from_networkx
from convgraph.network.functional import Input as Input
from convgraph.network.trace import trace as trace
from convgraph.reports.findings.registry import findings as findings
from convgraph.reports.findings.registry import rules as rules
from convgraph.reports.report import report as report
from convgraph.sharing.comparisons import refines as refines
from convgraph.sharing.comparisons import same_tying as same_tying
from convgraph.sharing.comparisons import same_wiring as same_wiring
from convgraph.sharing.constrained_dense import constrained_dense as constrained_dense
from convgraph.sharing.effective_kernel import effective_kernel as effective_kernel
from convgraph.sharing.from_matrix import tied_from_matrix as tied_from_matrix
from convgraph.sharing.from_matrix import tied_from_networkx as tied_from_networkx
from convgraph.sharing.gradients import gradients as gradients
from convgraph.sharing.tied_weights import tied_weights as tied_weights
from convgraph.sharing.uses import uses as uses
from convgraph.symmetry.equivariance import check_equivariance as check_equivariance
from convgraph.symmetry.groups.automorphisms import symmetry_group as symmetry_group
from convgraph.symmetry.groups.equivariant import equivariant_layer as equivariant_layer
from convgraph.symmetry.groups.group import Group as Group
from convgraph.symmetry.permutations import Permute as Permute
from convgraph.symmetry.permutations import PermuteChannels as PermuteChannels
from convgraph.symmetry.proofs.proof import Proof as Proof
from convgraph.symmetry.proofs.prove import prove as prove
from convgraph.symmetry.proofs.theorems import prove_converse as prove_converse
from convgraph.symmetry.proofs.theorems import prove_downsampling as prove_downsampling
from convgraph.symmetry.transformations import Flip as Flip
from convgraph.symmetry.transformations import Rotate90 as Rotate90
from convgraph.symmetry.transformations import Scale as Scale
from convgraph.symmetry.transformations import Shift as Shift

__all__: list[str]
__version__: str
_MODULES: dict[str, list[str]]
