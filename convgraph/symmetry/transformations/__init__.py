"""Transformations of rows of units: shifts, flips, turns, enlargements and permutations."""
