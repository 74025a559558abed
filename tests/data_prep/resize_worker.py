"""Prepare ``celeba-224``, and wait in the middle.

``resize_worker.py DATA_DIR NAME`` writes ``NAME.inside`` beside DATA_DIR when its first images are
written, and goes on once ``NAME.go`` is there.
"""

import sys
import time
from pathlib import Path

from data_prep.content import ReadOptions
from data_prep.prepare import prepare

PATIENCE = 60  # s


def main(data_dir: Path, name: str) -> None:
    folder = data_dir.parent

    def wait(what: str, done: int, total: int) -> None:
        (folder / f"{name}.inside").touch()
        end = time.monotonic() + PATIENCE
        while not (folder / f"{name}.go").exists() and time.monotonic() < end:
            time.sleep(0.01)

    prepare("celeba-224", data_dir, options=ReadOptions(workers=2), progress=wait)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
