"""How likely pooling is to hide that its input moved."""
