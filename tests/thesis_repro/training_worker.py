"""Train one model on saved images in a process of its own, and die by SIGKILL where told to.

Run with a request as JSON in the first argument, or with ``REQUEST`` given by ``runpy``:
``model``, ``images`` (an npz with train, validation and fingerprint, for classifiers also with
train_label and validation_label), ``runs_dir``, ``epochs``, and if need be ``seed``, ``changed``
(settings of the model by name) and ``checkpoint_epochs`` (from each checkpoint to the next, one
unless said). Events are ``call`` (into the backend: for the very first update, then for all others
of an epoch), ``batch`` (an update is done), ``epoch``, and whatever Python does with a file of the
run (``open .writing-x-history.csv``, ``os.rename history.csv``):

- ``kill_at`` is [text, n]: the process kills itself just before the n-th event whose description
  contains the text, or ``delay`` seconds later; with ``from_epoch``, only events from that epoch on
  count, where the one after the last writes the weights. ``events`` names a file for all events.
- ``full_at`` is [text, n]: from then on no file can grow beyond ``room`` bytes.
- ``hold`` is [text, file]: the process waits before the first such event until the file exists.

``log`` takes log messages, ``error`` the message of a training that cannot go on.
"""

import json
import logging
import math
import os
import resource
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from thesis_repro.errors import TrainingError
from thesis_repro.models.spec import Sourced
from thesis_repro.models.zoo import model
from thesis_repro.training import compiled
from thesis_repro.training import train as training
from thesis_repro.training.images import ImageData, with_channels
from thesis_repro.training.scale import Scale
from thesis_repro.training.train import TrainingOptions, train_or_load

LABELS = ("train_label", "validation_label")
FILE_EVENTS = ("open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir")


def allow_files(size):
    """Let no file of this process grow beyond so many bytes, at most to the limit it began with."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class Trigger:
    """Does something once, at the n-th event that contains a text."""

    def __init__(self, moment, action):
        self.text, self.left = moment
        self.action = action

    def happens(self, text):
        if self.text in text:
            self.left -= 1
            if self.left == 0:
                self.action()


class Events:
    """Says what happens to whoever waits for it; a progress report too."""

    def __init__(self, request):
        self.runs_dir = request["runs_dir"]
        self.file = os.open(request.get("events", os.devnull), os.O_WRONLY | os.O_CREAT)
        self.delay, self.dying = request.get("delay", 0), False
        actions = {"kill_at": self.die, "full_at": lambda: allow_files(request["room"])}
        self.triggers = [Trigger(request[k], act) for k, act in actions.items() if k in request]
        self.hold_text, self.until = request.get("hold", (None, None))
        self.from_epoch = request.get("from_epoch", 0)
        self.checkpoint_epochs = request.get("checkpoint_epochs", 1)
        self.begin(0)

    def begin(self, epoch):
        self.now = epoch
        is_last = epoch % self.checkpoint_epochs == 0  # of those between two checkpoints
        training.CHECKPOINT_SECONDS = 0 if is_last else math.inf

    def die(self):
        self.dying = True
        if self.delay:
            threading.Timer(self.delay, self.kill).start()
        else:
            self.kill()

    def kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def happens(self, text):
        os.write(self.file, f"epoch {self.now}: {text}\n".encode())
        if self.hold_text and self.hold_text in text:
            self.hold_text = None
            while not Path(self.until).exists():
                time.sleep(0.05)
        if self.dying and text == "os.rename DONE":  # too late for a kill
            time.sleep(self.delay + 10)
        if self.now >= self.from_epoch:
            for trigger in self.triggers:
                trigger.happens(text)

    def audit(self, event, args):
        if event not in FILE_EVENTS:
            return
        path = args[1] if event == "os.rename" else args[0]
        if self.runs_dir in str(path):
            self.happens(f"{event} {Path(os.fsdecode(path)).name}")

    @contextmanager
    def run(self, title, epochs, steps, done, headline):
        self.begin(done + 1)
        yield self

    def updates(self, count, loss):
        for _ in range(count):
            self.happens("batch")

    def epoch(self, epoch, row):
        self.happens("epoch")
        self.begin(epoch + 1)


def tell_of_calls(events):
    """Have an epoch's first update alone in a call and all others in one, and tell of each."""
    run = compiled.CompiledEpoch._run

    def told(self, arrays, rows):
        events.happens("call")
        return run(self, arrays, rows)

    compiled.CALL_SECONDS, compiled.CompiledEpoch._run = 1e9, told


def main(request):
    if "log" in request:
        logging.basicConfig(filename=request["log"], level=logging.INFO)
    changed = {name: Sourced(value, "test") for name, value in request.get("changed", {}).items()}
    spec = replace(model(request["model"]), **changed)
    with np.load(request["images"]) as stored:
        channels = spec.input_shape.value[-1]
        train, validation = (with_channels(stored[k], channels) for k in ("train", "validation"))
        known = ({"label": stored[k]} if k in stored else {} for k in LABELS)
        data = ImageData(train, validation, "digits", str(stored["fingerprint"]), True, *known)
    options = TrainingOptions(Scale("tiny", None, None, request["epochs"]), request.get("seed", 0))
    events = Events(request)
    tell_of_calls(events)
    sys.addaudithook(events.audit)
    try:
        train_or_load(spec, data, options, Path(request["runs_dir"]), events)
    except TrainingError as error:
        allow_files(resource.RLIM_INFINITY)
        Path(request["error"]).write_text(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main(globals().get("REQUEST") or json.loads(sys.argv[1]))
