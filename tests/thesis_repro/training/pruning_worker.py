"""Kill a process that deletes a run before each of its file operations, one after another.

``pruning_worker.py FOLDER RUN`` copies the run, for n = 1, 2, ... until there is no n-th operation,
and kills the process that deletes the copy there. It prints as JSON the number of kills, how many
of them left the run whole, and a list of what was neither whole nor gone. Then the leftovers are
deleted, and what still lies there is listed. No TensorFlow, so forks are cheap.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from thesis_repro.training.folder_of_runs import look_through
from thesis_repro.training.pruning import delete_leftover, delete_run
from thesis_repro.training.publishing import checked_files
from thesis_repro.training.run_folder import described_run, finished_runs, passed_over

FILE_EVENTS = ("os.rename", "os.remove", "os.rmdir")


def killed(run, at):
    left = at

    def count(event, arguments):
        nonlocal left
        if event in FILE_EVENTS:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    delete_run(described_run(run), (True, 0))


def exit_code(action, *arguments):
    child = os.fork()
    if child == 0:
        action(*arguments)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder, source):
    whole, problems, left, at = 0, [], [], 0
    model, run_id = source.parts[-2:]
    expected = checked_files(source)
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        at += 1
        runs_dir = folder / str(at)
        copy = runs_dir / model / run_id
        shutil.copytree(source, copy)
        code = exit_code(killed, copy, at)
        runs, strays, leftovers = look_through(runs_dir)
        finished = [run.path for run in finished_runs(runs_dir, model)]
        if finished:
            whole += 1
            is_well = finished == [copy] and checked_files(copy) == expected and not leftovers
        else:
            is_well = not copy.exists() and not runs
        if not is_well or strays or passed_over(runs_dir, model):
            problems.append(at)
        for path in leftovers:
            delete_leftover(path)
        left += [] if finished else [str(path) for path in (runs_dir / model).iterdir()]
    print(json.dumps({"kills": at - 1, "whole": whole, "problems": problems, "left": left}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
