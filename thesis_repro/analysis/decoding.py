"""Decoding, which has moved to `thesis_repro.models.decoding`."""

from thesis_repro.models.decoding import Decode, decoded, grey

__all__ = ["Decode", "decoded", "grey"]
