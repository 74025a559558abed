"""``python -m thesis_repro``: the command line."""

from thesis_repro.cli import main

if __name__ == "__main__":  # worker processes import this module, too
    main(prog_name="thesis-repro")
