"""Whether a network commutes with a transformation: f(g(x)) = g(f(x)), decided exactly."""

from convgraph.symmetry.equivariance.check import check_equivariance
from convgraph.symmetry.equivariance.verdict import Verdict

__all__ = ["Verdict", "check_equivariance"]
