"""Statements tried in numbers: networks evaluated edge by edge, sharing no code with proofs."""
