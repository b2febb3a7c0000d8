"""How networks come about: composition, the functional form, graphs that users bring."""
