"""Kill a process that writes a run folder before each of its file operations, one after another.

``run_folder_worker.py FOLDER`` writes a run of three epochs once without interruption, then, for
n = 1, 2, ... until there is no n-th operation, kills it there and starts it again. It prints as
JSON the number of kills and a list of what differed afterwards. No TensorFlow, so forks are cheap.
"""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

from thesis_repro.training.run_folder import Checkpoint, RunConfig, RunFolder

EPOCHS = 3
FILE_EVENTS = ("open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir")


class Network:
    def __init__(self, state):
        self.state = state
        self.weights = [state]

    def save_weights(self, path):
        path.write_bytes(self.state.tobytes())


def train(runs_dir):
    """A training like the real one: the state is the weights, each epoch adds to it."""
    run = RunFolder(runs_dir, RunConfig("toy", {"seed": 0}))
    with run.lock():
        if run.is_done:
            return
        checkpoint = run.load_checkpoint([np.ones(50_000)])
        state, history = (checkpoint.arrays[0], checkpoint.history) if checkpoint else (None, [])
        state = np.ones(50_000) if state is None else state
        run.begin({"first_epoch": len(history) + 1})
        for epoch in range(len(history) + 1, EPOCHS + 1):
            state = state * 1.5 + epoch
            history.append({"epoch": epoch, "loss": float(state[0])})
            run.save_checkpoint(Checkpoint([state], history))
        run.write_history(history)
        run.finish({"encoder": Network(state), "decoder": Network(-state)}, [state])


def in_child(action, *arguments):
    child = os.fork()
    if child == 0:
        action(*arguments)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(runs_dir, at):
    left = at

    def count(event, arguments):
        nonlocal left
        if event in FILE_EVENTS and str(runs_dir) in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    train(runs_dir)


def contents(runs_dir):
    files = [path for path in runs_dir.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(runs_dir)): path.read_bytes()
        for path in files
        if path.name != "provenance.json" and "checkpoint" not in path.parts
    }


def main(folder):
    os.fsync = lambda handle: None  # slow, and of use against a power failure only
    assert in_child(train, folder / "whole") == 0
    expected, problems, at = contents(folder / "whole"), [], 1
    while in_child(killed, folder / str(at), at) == -signal.SIGKILL:
        exit_code = in_child(train, folder / str(at))
        if exit_code or contents(folder / str(at)) != expected:
            problems.append({"kill": at, "exit_code": exit_code})
        at += 1
    print(json.dumps({"kills": at - 1, "problems": problems, "files": sorted(expected)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
