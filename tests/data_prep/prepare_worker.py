"""Prepare a data set that stops in the middle.

``prepare_worker.py DATA_DIR NAME LIMIT`` writes ``NAME.inside`` beside DATA_DIR when its first
images are written, waits for ``NAME.go``, and goes on. No file may become larger than LIMIT bytes
(0: no limit). It prints the error, if there is one.
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np

from data_prep.content import Content, SplitContent
from data_prep.errors import DataError
from data_prep.manifest import Feature
from data_prep.prepare import Dataset, prepare

COUNT = 60
PATIENCE = 60  # s


def value_of(name: str) -> int:
    """What every pixel is, so that one can see who prepared it."""
    return ord(name[0])


def content(name: str, folder: Path) -> Content:
    def batches():
        image = np.full((COUNT // 2, 8, 8, 1), value_of(name), np.uint8)
        yield {"image": image}
        (folder / f"{name}.inside").touch()
        end = time.monotonic() + PATIENCE
        while not (folder / f"{name}.go").exists() and time.monotonic() < end:
            time.sleep(0.01)
        yield {"image": image}

    feature = {"image": Feature("uint8", (8, 8, 1), "raw")}
    splits = {"train": SplitContent(COUNT, batches()), "validation": SplitContent(0, ())}
    return Content(f"small ({name})", feature, splits, ())


def main(data_dir: Path, name: str, limit: int) -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    made = Dataset("Small", lambda *_: content(name, data_dir.parent), lambda _: None)
    (data_dir.parent / f"{name}.begun").touch()
    try:
        prepare("small", data_dir, data_dir.parent, datasets={"small": made})
    except DataError as error:
        print(error)
        sys.exit(3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
