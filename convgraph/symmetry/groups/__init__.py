"""From a layer to its exact group of symmetries, and from a group to the tying that it forces."""
