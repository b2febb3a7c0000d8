"""The meaning of each operator, by families, whatever reader names it."""
