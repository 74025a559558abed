"""Computations on trained models; each returns arrays or records, none draws or prints."""
