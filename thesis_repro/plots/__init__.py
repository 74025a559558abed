"""Drawing: how figures look, and a module per kind of picture; nothing is computed here."""
