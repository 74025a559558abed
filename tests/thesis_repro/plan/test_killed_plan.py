"""A plan that is killed twice on its way ends with the results of one that was not."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

SECTION = "4.2"  # three models, figures, a table, claims
MOMENTS = (2.0, 30.0)  # s after the first training has started, between which a kill falls

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="wants Linux's /proc"),
]


def start(folder, data_dir):
    folders = ("--data-dir", data_dir, "--runs-dir", folder / "runs", "--out", folder / "results")
    code = "from thesis_repro.cli import main; main()"
    arguments = ("all", SECTION, "--scale", "smoke", "--stand-in", *map(str, folders))
    command = [sys.executable, "-c", code, *arguments]
    with (folder / "output").open("a") as output:
        return subprocess.Popen(command, stdout=output, stderr=output)


def kill(process, *, jobs):
    """Kill -9, the job that it has started as well or not: then the next plan waits for it."""
    pid = process.pid
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if jobs else []
    for each in (process.pid, *map(int, started)):
        os.kill(each, signal.SIGKILL)
    process.wait()


def wait_for_training(process, folder):
    ends = time.monotonic() + 300
    while "start  train" not in (folder / "output").read_text():
        assert process.poll() is None, (folder / "output").read_text()
        assert time.monotonic() < ends
        time.sleep(0.1)


def digests(folder):
    """Of the results, without the manifest, which holds the time; and of the weights."""
    files = [path for path in (folder / "results" / SECTION).iterdir() if path.is_file()]
    by_name = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name != "manifest.json"
    }
    for done in (folder / "runs").glob("*/*/DONE"):
        by_name[done.parent.parent.name] = json.loads(done.read_text())
        del by_name[done.parent.parent.name]["history.csv"]  # with the seconds of each epoch
    return by_name


def test_killed_twice_it_ends_like_one_that_was_not(tmp_path, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    assert start(whole, data_dir).wait(1_800) == 0, (whole / "output").read_text()

    generator = np.random.default_rng()
    for jobs in (True, False):
        process = start(killed, data_dir)
        wait_for_training(process, killed)
        time.sleep(generator.uniform(*MOMENTS))
        kill(process, jobs=jobs)
        (killed / "output").rename(killed / f"output-{jobs}")
    assert start(killed, data_dir).wait(1_800) == 0, (killed / "output").read_text()

    expected = digests(whole)
    assert {"table_3.csv", "claims.json", "figure_20.png", "mnist-vlae-factor-3"} < set(expected)
    assert digests(killed) == expected
