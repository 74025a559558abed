"""Where published runs lie on this machine, without NumPy: reports look there for run times."""

from pathlib import Path

# The run folders of the repository, where this package is one.
CLONE = Path(__file__).resolve().parents[2] / "published"


def downloads(runs_dir: Path) -> Path:
    """Where published runs go that are downloaded: apart from those that were trained here."""
    return runs_dir / "published"
