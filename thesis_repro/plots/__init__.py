"""Drawing: how figures look, and a module per kind of picture."""
