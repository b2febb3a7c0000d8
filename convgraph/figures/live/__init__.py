"""Live figures: one self-contained page that answers when one points at it."""
