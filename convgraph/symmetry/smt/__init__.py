"""A second checker of proofs: the same statements as questions for an SMT solver."""
