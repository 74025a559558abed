"""What a command ends with; signals have codes of their own (`thesis_repro.interrupts`)."""

FAILED = 1  # a job, or results are damaged
USAGE = 2  # wrong
DATA = 3  # missing or corrupt, or a place cannot be written to
NOT_REPLICATED = 4  # a claim, or it cannot be compared (claims --strict)
