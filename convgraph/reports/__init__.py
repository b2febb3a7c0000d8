"""What people ask of a whole network: reports on its structure, and findings in it."""
