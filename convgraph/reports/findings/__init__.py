"""Findings: what is wrong or wasteful in a network's structure, one file for related rules."""
