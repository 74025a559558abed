"""One script per experimental section; each emits that section's figures, tables and verdicts."""
