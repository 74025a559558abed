"""The readings of the thesis: what its text says, and what its original code did."""

from enum import StrEnum

REPORTED = "reported"  # in tables: the thesis's number


class Reading(StrEnum):
    """One of two ways to compute a result, where text and code differ (see ``errata.toml``)."""

    WRITTEN = "as written"
    RUN = "as run"

    @property
    def suffix(self) -> str:
        """What is added to the name of a figure in this reading: "27_as_run" beside "27"."""
        return "" if self is Reading.WRITTEN else "_as_run"
