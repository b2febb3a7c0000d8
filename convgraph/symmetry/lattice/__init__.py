"""The shifts that a network commutes with away from its border, and what its border reaches."""
