"""Parameter sharing: what the tying decides."""
