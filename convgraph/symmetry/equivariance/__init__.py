"""Whether a network commutes with a transformation: f(g(x)) = g(f(x)), decided exactly."""
