"""PyTorch training in a process of its own, without TensorFlow.

In one process with TensorFlow, PyTorch lost 15 to 30 % of its speed for the same CPU seconds
(seen with MNIST-VLAE-factor-3); the race must not rest on that.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
import torch
from torch_rival import FORMATS, TorchRival
from workload import Train, Turn, digits, timed

from data_prep.parallel import available_cores
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec

# How a rival in a memory format trains a spec's model on these images.
Loop = Callable[[ModelSpec, str, np.ndarray], Train]


class RivalProcess:
    """The driver's end of the process."""

    def __init__(self, pipe: Connection):
        self.pipe = pipe

    def turn(self, layout: str, rows: np.ndarray) -> Turn:
        """Have the rival in a memory format train on the images in these rows.

        Raises:
            RuntimeError: the process has died.
        """
        try:
            self.pipe.send((layout, rows))
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError("the PyTorch process died; its own message is above") from error


@contextmanager
def rival_process(spec: ModelSpec, loop: Loop) -> Iterator[RivalProcess]:
    """A process that holds the rival in every memory format, and ends with the block.

    ``loop`` is a function of a module, so that the process can import it.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, spec, loop), daemon=True)
    before = os.environ.get("KERAS_BACKEND")
    os.environ["KERAS_BACKEND"] = "torch"  # the networks to translate; TensorFlow stays out
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


def _serve(pipe: Connection, spec: ModelSpec, loop: Loop) -> None:
    """Take turns until the driver hangs up."""
    torch.set_num_threads(available_cores())
    images = digits(spec)
    rivals = {layout: loop(spec, layout, images) for layout in FORMATS}
    while True:
        try:
            layout, rows = pipe.recv()
        except EOFError:
            return
        pipe.send(timed(rivals[layout], rows))


def plain_loop(spec: ModelSpec, layout: str, images: np.ndarray) -> Train:
    """Training of a VAE or VLAE in a memory format, as one would write it."""
    memory_format = FORMATS[layout]
    rival = TorchRival(build_model(spec)).to(memory_format=memory_format)
    optimizer = torch.optim.Adam(rival.parameters(), lr=spec.learning_rate.value, eps=1e-7)
    size = spec.batch_size.value

    def train(rows: np.ndarray) -> None:
        for start in range(0, len(rows), size):
            batch = torch.from_numpy(images[rows[start : start + size]]).permute(0, 3, 1, 2)
            optimizer.zero_grad()
            loss = rival(batch.to(torch.float32, memory_format=memory_format) / 255).loss
            loss.backward()
            optimizer.step()
            if not math.isfinite(loss.item()):
                raise FloatingPointError(f"the loss became {loss}: its speed means nothing")

    return train
