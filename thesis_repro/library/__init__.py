"""The library for researchers: what `thesis_repro` itself exports. docs/python.md is its page."""
