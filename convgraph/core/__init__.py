"""What every layer is made of: wiring, tying, the edge table and the graph over it."""
