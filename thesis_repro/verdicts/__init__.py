"""Claims judged: rules as data, checks, judgements, and what bears on which question."""
