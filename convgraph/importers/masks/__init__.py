"""Which units masks hide, and which values are the same whatever the input."""
