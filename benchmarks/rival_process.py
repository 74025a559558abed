"""Training in a process of its own, so that what it does to its process slows nobody else.

In one process with TensorFlow, PyTorch lost 15 to 30 % of its speed for the same CPU seconds
(seen with MNIST-VLAE-factor-3); and our training has the C library keep what is freed, from which
all in the process would gain.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import keras
import numpy as np
from workload import Train, Turn, digits, timed

from data_prep.reading import Column
from thesis_repro.models import keras_settings
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.backend import make_deterministic

# How a rival trains a spec's model on these images.
Loop = Callable[[ModelSpec, np.ndarray | Column], Train]


class RivalProcess:
    """The driver's end of the process."""

    def __init__(self, pipe: Connection):
        self.pipe = pipe

    def turn(self, name: str, rows: np.ndarray) -> Turn:
        """Have one of its rivals train on the images in these rows.

        Raises:
            RuntimeError: the process has died.
        """
        try:
            self.pipe.send((name, rows))
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError("a rival's process died; its own message is above") from error


@contextmanager
def rival_process(
    spec: ModelSpec,
    loops: Mapping[str, Loop],
    backend: str,
    images: Callable[[ModelSpec], np.ndarray | Column] = digits,
) -> Iterator[RivalProcess]:
    """A process that holds these rivals by name, with a Keras backend; it ends with the block.

    Loops and images can be pickled: functions of a module, or partial calls of such.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    arguments = there, spec, dict(loops), images
    process = context.Process(target=_serve, args=arguments, daemon=True)
    before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = backend
    try:
        process.start()
    finally:
        del os.environ["KERAS_BACKEND"]
        os.environ |= {"KERAS_BACKEND": before} if before else {}
    there.close()
    try:
        yield RivalProcess(here)
    finally:
        here.close()
        process.join()


def _serve(
    pipe: Connection,
    spec: ModelSpec,
    loops: Mapping[str, Loop],
    images: Callable[[ModelSpec], np.ndarray | Column],
) -> None:
    """Take turns until the driver hangs up."""
    if keras.backend.backend() == "torch":  # Keras only builds there what PyTorch then trains
        keras_settings.BACKENDS += ("torch",)
    else:
        make_deterministic()
    data = images(spec)
    rivals = {name: loop(spec, data) for name, loop in loops.items()}
    while True:
        try:
            name, rows = pipe.recv()
        except EOFError:
            return
        pipe.send(timed(rivals[name], rows))
