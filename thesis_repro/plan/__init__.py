"""The plan: data sets, models and sections as jobs, what they cost, and how they are run."""
