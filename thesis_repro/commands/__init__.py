"""The commands of ``thesis-repro``, a file per group; heavy imports wait inside them."""
