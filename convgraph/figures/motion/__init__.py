"""Layers in motion: a window that sweeps over its input, a field that grows row by row."""
