"""Where published runs lie on this machine, without NumPy: reports look there for run times."""

from pathlib import Path

# The run folders of the repository, where this package is one.
CLONE = Path(__file__).resolve().parents[2] / "published"

# Their pages, as `thesis-repro explore MODEL --out docs` writes them.
PAGES = CLONE.parent / "docs" / "explore"


def downloads(runs_dir: Path) -> Path:
    """Where published runs go that are downloaded: apart from those that were trained here."""
    return runs_dir / "published"
