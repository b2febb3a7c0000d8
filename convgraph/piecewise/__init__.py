"""Networks run piece by piece: images in tiles, sound in chunks, the part that changed."""
