"""Equivariance, proofs, groups, invariance."""
