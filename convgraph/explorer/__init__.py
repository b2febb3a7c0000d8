"""The explorer: one page for a whole network that answers what a cell sees and a pixel affects."""
