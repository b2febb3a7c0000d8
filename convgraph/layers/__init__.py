"""The specs: each picks a wiring, a tying and a reduction, and knows no size."""
