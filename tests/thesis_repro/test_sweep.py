"""Hundreds of command lines drawn at random, right and wrong: each ends with a documented code.

Nothing trains for long: what would train is asked for without its data, as a dry run, or is there.
"""

import os
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from PIL import Image

from data_prep.folders import AT_HAND
from data_prep.prepare import DATASETS, prepare
from thesis_repro.cli import main
from thesis_repro.models.zoo import MODELS
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.training.scale import SCALES, Scale
from thesis_repro.verdicts.discussions import DISCUSSIONS

DOCUMENTED = {0, 1, 2, 3, 4}  # but for those of signals, which nobody sends here
IN_PROCESS, AS_PROGRAMS = 600, 60

WRONG = (
    *("", " ", "nonsense", "-", "--", "é猫", "\udcff", "a" * 300),
    *("4", "4,3", "4.99", "NaN", "-1"),
)
SECTIONS = (*CHAPTERS, *DISCUSSIONS, "all")
NAMES_OF_MODELS = (*MODELS, "MNIST-VAE", "10000-vae", "7,500-VAE", "mnist-vea")
DATA = (*DATASETS, "dSprites", "minst")
SEEDS = ("0", "0-1", "0,2", "2-0", "0-99999999999999999999", "1,", "\u0661-2")
NUMBERS = ("0", "1", "2", "13", "39", "40", "1e3", "99999999999999999999")
FIGURES = ("41", "Table", "4", "figure_41", "27_as_run", "claims.csv", "0", "1000")
FORMATS = ("text", "json", "CSV", "md", "html")
LAYERS = ("encoder_conv_0", "re_lu_1", "softmax")
# Places that the fixture makes, and others that no program can make or write to.
PLACES = (
    *("data", "runs", "out", "empty", "damaged", "new/one", "locked/below", "é", "\udcff", ""),
    *("a file", "a file/below", "broken link", "loop", "n" * 300),
    *("/proc/nowhere", "/dev/null", "/dev/full"),
)
PICTURES = ("picture.png", "no picture.png", "missing.png", "empty", "\udcff.png", "/dev/null", "")

_FOLDERS = {name: PLACES for name in ("--data-dir", "--runs-dir", "--out")}
_RUN = {
    "--scale": ("paper", "quick", "smoke", "untrained", "Smoke"),
    "--seed": NUMBERS,
    "--precision": ("float32", "tensorfloat32", "mixed_bfloat16", "FLOAT32"),
    "--quiet": None,
    "--verbose": None,
    **_FOLDERS,
}
_SEVERAL = {**_RUN, "--seeds": SEEDS}
_DATA = {"--data-dir": PLACES, "--quiet": None}

# Arguments by position, the most of them, and options; what keeps it from training for long.
COMMANDS = {
    ("models",): ((NAMES_OF_MODELS,), {}),
    ("listing",): ((NUMBERS,), {"--check": None}),
    ("errata",): (
        (("E01", "e04", "E999"),),
        {"--section": ("4.3", "3.4.1", "9.9", ""), "--model": NAMES_OF_MODELS},
    ),
    ("where",): ((FIGURES, FIGURES), {}),
    ("doctor",): ((), {name: PLACES for name in ("--data-dir", "--runs-dir")}),
    ("claims",): (
        ((*SECTIONS, "4.2-best-epoch", "4.2-best"), SECTIONS),
        {"--format": FORMATS, "--out": PLACES, "--strict": None, "--allow-missing": None},
    ),
    ("report",): (
        (),
        {
            **{name: PLACES for name in ("--out", "--runs-dir")},
            "--format": ("html", "json", "JSON"),
            "--pdf": PICTURES,
            **dict.fromkeys(("--single-file", "--summary", "--latex")),
        },
    ),
    ("plan",): ((SECTIONS, SECTIONS), {**_SEVERAL, "--gpus": NUMBERS, "--stand-in": None}),
    ("all",): ((SECTIONS,), {**_SEVERAL, "--gpus": NUMBERS, "--address": ("nowhere:1",)}),
    ("controls",): (
        (("4.7", "4.9"),),
        {**_FOLDERS, "--quiet": None, "--seeds": SEEDS},
    ),
    ("chapter",): ((SECTIONS, SECTIONS), _SEVERAL),
    ("train",): ((NAMES_OF_MODELS, NAMES_OF_MODELS), {**_SEVERAL, "--train": None}),
    ("runs", "list"): ((NAMES_OF_MODELS,), {"--runs-dir": PLACES, "--out": PLACES}),
    ("runs", "show"): ((NAMES_OF_MODELS,), {"--runs-dir": PLACES, "--out": PLACES}),
    ("runs", "prune"): (  # without --yes: other calls load the fixture's run
        (NAMES_OF_MODELS,),
        {
            **{name: PLACES for name in ("--runs-dir", "--out")},
            "--scale": _RUN["--scale"],
            **dict.fromkeys(("--unfinished", "--unused", "--checkpoints")),
        },
    ),
    ("weights", "list"): ((), {"--runs-dir": PLACES}),
    ("weights", "verify"): ((), {"--runs-dir": PLACES}),
    ("weights", "export"): ((NAMES_OF_MODELS,), {"--runs-dir": PLACES, "--out": PLACES}),
    ("kernels",): ((NAMES_OF_MODELS,), {**_RUN, "--epoch": NUMBERS}),
    ("feature-maps",): ((NAMES_OF_MODELS, PICTURES), {**_RUN, "--layer": LAYERS}),
    ("explore",): (
        (NAMES_OF_MODELS, NAMES_OF_MODELS),
        {"--run": ("23d9", "ffff", "é"), **_FOLDERS},
    ),
    ("data", "fetch"): ((DATA,), {**_DATA, "--to": PLACES}),
    ("data", "prepare"): (
        (("mnist", "celeba", "imagenet"),),
        {
            **_DATA,
            "--source": PLACES,
            "--workers": ("1",),
            "--leave-out-damaged": None,
        },
    ),
    ("data", "verify"): ((DATA,), {**_DATA, "--stand-in": None}),
    ("data", "list"): ((), {"--data-dir": PLACES}),
    (): ((("Models", "--version", "--help", "-h"),), {"--nonsense": None}),
}
# With their data, these compute for long, and what is at hand they prepare.
_NO_DATA = {
    "all": (["--data-dir", "empty", "--dry-run"],),
    "controls": (["--data-dir", "damaged"],),
    "chapter": (["--data-dir", "damaged"],),
    "train": (["--data-dir", "damaged"], ["--dry-run"]),
    "explore": (["--data-dir", "damaged"],),
}
# These train nothing. One model has a run: the fixture's.
_RUN_THERE = ["--stand-in", "--data-dir=data", "--runs-dir=runs", "--scale=smoke"]
_LIMITS = _NO_DATA | {name: ([], _RUN_THERE) for name in ("kernels", "feature-maps")}


def one_of(pool: tuple[str, ...], random: Random) -> str:
    """One of the pool, or nothing that anybody would type."""
    return random.choice(WRONG if random.random() < 0.1 else pool)


def draw(random: Random) -> list[str]:
    """A command line."""
    command = random.choice([*COMMANDS])
    positions, options = COMMANDS[command]
    values = [one_of(pool, random) for pool in positions if random.random() < 0.9]
    if command == ("controls",) and not values:
        values = ["4.9"]  # without a section, it is all of them
    for name, pool in options.items():
        if random.random() < 0.25:
            values += [name] if pool is None else [name, one_of(pool, random)]
    values += random.choice(_LIMITS.get("".join(command[:1]), ([],)))
    if random.random() < 0.03:
        values.append("--help")
    return [*command, *values]


@pytest.fixture
def _places(tmp_path, monkeypatch):
    """A folder with a place of each kind, which is the current one; no network."""
    monkeypatch.chdir(tmp_path)
    damaged = [f"damaged/{name}" for name in AT_HAND]
    for folder in ("data", "runs", "out", "locked", "empty", *damaged):
        Path(folder).mkdir(parents=True)
    prepare("mnist", Path("data"))
    Path("a file").write_text("a file")
    for folder in damaged:
        Path(folder, "manifest.json").write_text("{}")
    Path("broken link").symlink_to("nowhere")
    Path("loop").symlink_to("loop")
    Image.new("L", (28, 28)).save("picture.png")
    Path("no picture.png").write_bytes(b"\x89PNG and no more")
    Path("locked").chmod(0o500)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr("data_prep.fetch.PAUSES", ())
    monkeypatch.setattr("thesis_repro.plan.timings.calibration", lambda *arguments: None)
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 64, 24, 1))
    assert CliRunner().invoke(main, ["train", "mnist-vae", *_RUN_THERE]).exit_code == 0


def complaint(arguments, exit_code, output) -> str:
    """What is wrong with how a call ended; empty where nothing is."""
    wrong = [word for word in ("Traceback", "fault of thesis-repro") if word in output]
    if exit_code not in DOCUMENTED:
        wrong.append(f"exit code {exit_code}")
    return f"thesis-repro {shlex.join(arguments)}: {', '.join(wrong)}\n{output}" if wrong else ""


@pytest.mark.long
@pytest.mark.usefixtures("_places")
def test_every_call_ends_with_a_documented_code_and_no_traceback():
    random, codes, complaints = Random(18), Counter(), []
    for _ in range(IN_PROCESS):
        arguments = draw(random)
        charset = random.choice(("utf-8", "utf-8", "latin-1", "ascii"))
        result = CliRunner(charset=charset).invoke(main, arguments)
        output = result.output
        if not isinstance(result.exception, SystemExit | None):
            output += f"Traceback of {result.exception!r}"
        codes[result.exit_code] += 1
        complaints.append(complaint(arguments, result.exit_code, output))
    print(f"{IN_PROCESS} calls in process, by exit code: {dict(sorted(codes.items()))}")
    assert not [*filter(None, complaints)], "\n".join(filter(None, complaints))


STREAMS = (
    *("", "2>&-", ">&-", ">&- 2>&-", "<&-", ">/dev/full", "2>/dev/full", "2>&1 >/dev/full"),
    *("| head -1", "| true", "2>&1 | head -1", "2>&1 | true"),
)
ENVIRONMENTS = (
    {},
    {"LC_ALL": "C"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


@pytest.mark.long
@pytest.mark.usefixtures("_places")
def test_programs_end_so_whatever_their_streams_are():
    """The same, of programs of their own: closed and full streams, pipes that nobody reads."""
    random, codes, complaints = Random(81), Counter(), []
    program = shlex.join([sys.executable, "-c", "from thesis_repro.cli import main; main()"])
    for _ in range(AS_PROGRAMS):
        arguments, streams = draw(random), random.choice(STREAMS)
        environment = os.environ | random.choice(ENVIRONMENTS)
        script = f"set -o pipefail; {program} {shlex.join(arguments)} {streams}"
        done = subprocess.run(
            [b"bash", b"-c", os.fsencode(script)],
            capture_output=True,
            env=environment,
            check=False,
            timeout=300,
        )
        output = (done.stdout + done.stderr).decode(errors="replace")
        codes[done.returncode] += 1
        complaints.append(complaint([*arguments, streams], done.returncode, output))
    print(f"{AS_PROGRAMS} programs, by exit code: {dict(sorted(codes.items()))}")
    assert not [*filter(None, complaints)], "\n".join(filter(None, complaints))
