"""Sparse interactions: what the wiring alone decides."""
