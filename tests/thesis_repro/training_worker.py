"""Train one model on saved images in a process of its own, and die by SIGKILL where told to.

Run with a request as JSON in the first argument, or with ``REQUEST`` given by ``runpy``:
``model``, ``images`` (an npz with train, validation and fingerprint, for classifiers also with
train_label and validation_label), ``runs_dir``, ``epochs`` and ``seed``; ``kill_at`` is [text, n]:
the process kills itself just before the n-th event whose description contains the text. ``hold`` is
[text, file]: it waits before the first such event until the file exists. Events are ``batch``,
``epoch``, and whatever Python does with a file of the run (``open .writing-x-history.csv``,
``os.rename history.csv``). ``log`` takes log messages.
"""

import json
import logging
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from thesis_repro.images import ImageData, with_channels
from thesis_repro.scale import Scale
from thesis_repro.training import TrainingOptions, train_or_load
from thesis_repro.zoo import model

LABELS = ("train_label", "validation_label")
FILE_EVENTS = ("open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir")


class Events:
    """Counts what happens, and stops the process at the moment asked for; a progress report too."""

    def __init__(self, runs_dir, kill_at=None, hold=None):
        self.runs_dir = runs_dir
        self.kill_text, self.left = kill_at or (None, 0)
        self.hold_text, self.until = hold or (None, None)

    def happens(self, text):
        if self.hold_text and self.hold_text in text:
            self.hold_text = None
            while not Path(self.until).exists():
                time.sleep(0.05)
        if self.kill_text and self.kill_text in text:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event, args):
        if event not in FILE_EVENTS:
            return
        path = args[1] if event == "os.rename" else args[0]
        if self.runs_dir in str(path):
            self.happens(f"{event} {Path(os.fsdecode(path)).name}")

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        yield self

    def batch(self, loss):
        self.happens("batch")

    def epoch(self, epoch, row):
        self.happens("epoch")


def main(request):
    if "log" in request:
        logging.basicConfig(filename=request["log"], level=logging.INFO)
    events = Events(request["runs_dir"], request.get("kill_at"), request.get("hold"))
    spec = model(request["model"])
    with np.load(request["images"]) as stored:
        channels = spec.input_shape.value[-1]
        train, validation = (with_channels(stored[k], channels) for k in ("train", "validation"))
        known = ({"label": stored[k]} if k in stored else {} for k in LABELS)
        data = ImageData(train, validation, "digits", str(stored["fingerprint"]), True, *known)
    options = TrainingOptions(Scale("tiny", None, None, request["epochs"]), request.get("seed", 0))
    sys.addaudithook(events.audit)
    train_or_load(spec, data, options, Path(request["runs_dir"]), events)


if __name__ == "__main__":
    main(globals().get("REQUEST") or json.loads(sys.argv[1]))
