"""`python -m convgraph`, the same as the command `convgraph`."""

from convgraph.cli import main

if __name__ == "__main__":
    main(prog_name="convgraph")
