"""The command line as its users meet it: output, messages and exit codes."""

import json
import logging
import re
import shlex
import subprocess
import sys
from importlib.metadata import version

import pytest
from click.testing import CliRunner

from appendix_architectures import registry
from appendix_architectures.listings import golden
from appendix_architectures.registry import LISTINGS
from data_prep.prepare import prepare
from thesis_repro.cli import main
from thesis_repro.models.zoo import MODELS
from thesis_repro.section.registry import CHAPTERS
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training.devices import may_have_gpu
from thesis_repro.training.scale import SCALES, Scale

DONE, FAILED, USAGE, DATA = 0, 1, 2, 3  # exit codes of the design

HEAVY = {
    *("tensorflow", "keras", "jax", "ray", "pandas", "matplotlib", "scipy", "sklearn"),
    *("statsmodels", "jinja2", "numpy", "rich", "PIL"),
}
# What says at once what is there or missing; some of it needs arrays to read a manifest.
LOOKS_AT_DATA = {"numpy", "rich", "PIL"}


@pytest.fixture(autouse=True)
def _level_of_the_log():
    """Commands set it for the process that they are; here they share one."""
    logger = logging.getLogger("thesis_repro")
    before = logger.level
    yield
    logger.setLevel(before)


def run(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


@pytest.fixture
def _tiny_smoke(monkeypatch):
    """One epoch of one batch: what is tested is what the commands say."""
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 64, 24, 1))


# --- Start ---


def test_importing_the_command_line_loads_nothing_heavy():
    code = "import sys, thesis_repro.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "thesis_repro.cli" in loaded
    assert HEAVY & set(loaded) == set()


@pytest.mark.skipif(may_have_gpu(), reason="a backend may see a GPU here, and is asked for it")
def test_what_only_asks_loads_nothing_heavy(tmp_path, data_dir):
    """Tables, and refusals: what keeps them from being given within a second or two.

    A plan has all that it needs of sections, runs and data, but times nothing.
    """
    nowhere = [f"--data-dir={tmp_path}", f"--runs-dir={tmp_path / 'runs'}"]
    prepared = ["--stand-in", f"--data-dir={data_dir}", nowhere[1], f"--out={tmp_path}"]
    calls = {  # exit code, and what is loaded all the same
        ("models",): (DONE, set()),
        ("models", "mnist-vae"): (DONE, set()),
        ("listing",): (DONE, set()),
        ("listing", "13"): (DONE, set()),
        ("errata",): (DONE, set()),
        ("errata", "E04"): (DONE, set()),
        ("errata", "--section=4.3", "--model=7500-vae"): (DONE, set()),
        ("where", "41"): (DONE, set()),
        ("claims",): (DONE, set()),
        ("claims", "4.2-best-epoch"): (DONE, set()),
        ("claims", "--format=csv"): (DONE, set()),
        ("data", "list", nowhere[0]): (DONE, LOOKS_AT_DATA),
        ("doctor", *nowhere): (DONE, LOOKS_AT_DATA),
        ("weights", "list", nowhere[1]): (DONE, LOOKS_AT_DATA),
        ("runs", "list", nowhere[1]): (DONE, LOOKS_AT_DATA),
        ("runs", "show", "mnist-vlae-factor-3", nowhere[1]): (DONE, LOOKS_AT_DATA),
        ("runs", "prune", "--unfinished", nowhere[1]): (DONE, LOOKS_AT_DATA),
        ("train", "celeba-vae", *nowhere): (DATA, LOOKS_AT_DATA),
        ("chapter", "4.1", *nowhere): (DATA, LOOKS_AT_DATA),
        ("data", "verify", "mnist", nowhere[0]): (DATA, LOOKS_AT_DATA),
        ("train", "mnist-vae", "--precision=tensorfloat32", *nowhere): (FAILED, LOOKS_AT_DATA),
        ("all", "4.2", "--gpus=1", *nowhere): (FAILED, LOOKS_AT_DATA),
        ("feature-maps", "mnist-vae", str(tmp_path / "no.png"), *nowhere): (DATA, LOOKS_AT_DATA),
        ("train", "mnist-vea", *nowhere): (USAGE, LOOKS_AT_DATA),
        ("kernels", "mnist-vae", *nowhere): (FAILED, {*LOOKS_AT_DATA, "scipy"}),
        ("plan", "4.2", *prepared): (DONE, {*LOOKS_AT_DATA, "scipy"}),
    }
    code = """
import json, sys
from click.testing import CliRunner
from thesis_repro.cli import main
for arguments in json.loads(sys.argv[1]):
    if arguments[0] == "plan":
        from thesis_repro.plan import timings
        timings.calibration = lambda *_: None
    result = CliRunner().invoke(main, arguments)
    print(json.dumps([result.exit_code, [*sys.modules], result.output]))
"""
    command = [sys.executable, "-c", code, json.dumps([*calls])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for line, (call, (expected, needed)) in zip(
        done.stdout.splitlines(), calls.items(), strict=True
    ):
        exit_code, modules, output = json.loads(line)
        assert (call, exit_code, HEAVY & {*modules} - needed) == (call, expected, set()), output


@pytest.mark.parametrize("command", [[], ["chapter"], ["train"], ["data", "prepare"], ["listing"]])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help(command, option):
    result = run(*command, option)
    assert result.exit_code == DONE
    assert result.stdout.startswith("Usage: ")


def test_help_names_commands_and_exit_codes():
    text = run("--help").stdout
    for command in ("chapter", "train", "models", "listing", "errata", "data", "weights"):
        assert f"\n  {command} " in text
    codes = "0 done, 1 a job failed or a run is missing, 2 wrong usage, 3 data missing or corrupt"
    assert codes in " ".join(text.split())


def test_version():
    assert run("--version").stdout.rstrip().endswith(f"version {version('thesis-repro')}")


@pytest.mark.parametrize("arguments", [["chapter"], ["train"]])
def test_training_commands_take_the_designs_options(arguments):
    text = run(*arguments, "--help").stdout
    for option in ("--scale", "--data-dir", "--stand-in", "--runs-dir", "--seed", "-q", "-v"):
        assert option in text


# --- Terminals and pipes ---


@pytest.mark.parametrize("charset", ["ascii", "latin-1"])
def test_no_character_is_too_much_for_a_terminal(charset, tmp_path):
    """Dashes, quotation marks, "×" and names of folders; `test_terminal` has what they become."""
    paths = [f"--{name}={tmp_path / 'Größe µ 猫'}" for name in ("data-dir", "runs-dir")]
    calls = [
        *(["models"], ["models", "celeba-vae"], ["listing", "13"], ["claims"], ["where", "41"]),
        *(["errata", erratum] for erratum in load_errata()),
        *(["data", "list", paths[0]], ["data", "fetch", "celeba", paths[0]]),
        *(["train", "celeba-vae", *paths], ["train", "–×猫"]),
        *(["--help"], *([command, "--help"] for command in main.commands)),
    ]
    for call in calls:
        result = CliRunner(charset=charset).invoke(main, call)
        assert isinstance(result.exception, SystemExit | None), call
        assert result.output


NAMELESS = "the output, or a file that Python does not name"
FREE_SOME = "To fix it: free some space"


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        ("| true", (DONE, "")),
        ("2>&1 | true", (DONE, "")),
        (">/dev/full", (FAILED, f"Error: {NAMELESS}: No space left on device. {FREE_SOME}.\n")),
        ("2>&-", (DONE, "")),
    ],
)
def test_streams_that_take_nothing(streams, expected):
    program = shlex.join([sys.executable, "-c", "from thesis_repro.cli import main; main()"])
    script = f"set -o pipefail; {program} listing 13 {streams}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == expected


def test_help_that_finds_no_room():
    script = f"{sys.executable} -c 'from thesis_repro.cli import main; main()' --help >/dev/full"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    full = f"Error: {NAMELESS}: No space left on device. {FREE_SOME}.\n"
    assert (done.returncode, done.stderr) == (FAILED, full)


# --- Wrong usage ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train"], "MODELS"),
        (["chapter"], "Missing argument"),
        (["chapter", "9.9"], "9.9"),
        (["train", "mnist-vae", "--scale", "huge"], "huge"),
        (["train", "mnist-vae", "--seed", "-1"], "-1"),
        (["errata", "E04", "--section", "4.2"], "leave out the ID"),
        (["errata", "--section", "9.9"], "No erratum is of section '9.9'."),
        (["errata", "--model", "mnist-vea"], "Did you mean mnist-vae"),
        (["listing", "0"], "0"),
        (["listing", "40"], "40"),
        (["listing", "13", "--check"], "--check"),
        (["data", "prepare", "mnist", "--source", ".", "--stand-in"], "--source"),
        (["data", "prepare", "minst", "--stand-in"], "minst"),
        (["data", "verify", "minst"], "minst"),
        (["nonsense"], "nonsense"),
    ],
    ids=str,
)
def test_wrong_usage(arguments, said, tmp_path):
    data = ["--data-dir", tmp_path] if arguments[:2] == ["data", "prepare"] else []
    result = run(*arguments, *data)
    assert result.exit_code == USAGE
    assert said in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train", "models"])
def test_unknown_model(command):
    result = run(command, "mnist-vea")
    assert result.exit_code == USAGE
    assert result.stderr.startswith("Error: No model is called 'mnist-vea'. Did you mean mnist-vae")
    assert "Traceback" not in result.stderr


def test_unknown_model_beside_a_known_one_trains_nothing(tmp_path):
    result = run("train", "mnist-vae", "nope", "--stand-in", "--data-dir", tmp_path / "d",
                 "--runs-dir", tmp_path / "r")  # fmt: skip
    assert result.exit_code == USAGE
    assert list(tmp_path.iterdir()) == []


def test_unknown_erratum():
    result = run("errata", "E999")
    assert result.exit_code == USAGE
    assert "'E999'" in result.stderr
    assert "`thesis-repro errata` lists all" in result.stderr


# --- Data ---


@pytest.mark.parametrize("options", [(), ("--stand-in",)])
def test_mnist_needs_no_files(tmp_path, options):
    first = run("data", "prepare", "mnist", *options, "--data-dir", tmp_path)
    assert first.exit_code == DONE
    assert first.stdout.startswith(
        "MNIST (official files); 60,000 train, 10,000 validation; fingerprint 5ac2dc3c1dbd\n"
    )
    assert run("data", "prepare", "mnist", "--data-dir", tmp_path).stdout == first.stdout


def test_source_without_the_official_files(tmp_path):
    result = run("data", "prepare", "mnist", "--source", tmp_path, "--data-dir", tmp_path / "data")
    assert result.exit_code == DATA
    assert "train-images-idx3-ubyte.gz" in result.stderr


def test_no_source_at_all_names_both_ways(tmp_path):
    result = run("data", "prepare", "celeba", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert "no source was given" in result.stderr
    assert "data prepare celeba --source DIR" in result.stderr
    assert "data prepare celeba --stand-in" in result.stderr


def test_what_may_not_be_fetched_says_how_to_get_it(tmp_path):
    result = run("data", "fetch", "celeba", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert "non-commercial" in result.stderr
    assert str(tmp_path / "official" / "celeba") in result.stderr


def test_official_files(real_data, tmp_path):
    folder = real_data / "mnist"
    result = run("data", "prepare", "mnist", "--source", folder, "--data-dir", tmp_path)
    assert result.exit_code == DONE
    assert "60,000 train, 10,000 validation" in result.stdout
    assert "stand-in" not in result.stdout


def test_verify(data_dir):
    result = run("data", "verify", "mnist", "--data-dir", data_dir)
    assert result.exit_code == DONE
    assert result.stdout.startswith("verified: MNIST (official files)")


def test_verify_tells_official_data_from_the_stand_in(tmp_path):
    (tmp_path / "celeba-stand-in").mkdir()
    result = run("data", "verify", "celeba", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert f"{tmp_path / 'celeba'}: the data set has not been prepared" in result.stderr


@pytest.fixture
def damaged(tmp_path):
    """MNIST, prepared, with one byte of its training images flipped."""
    prepare("mnist", tmp_path)
    shard = min((tmp_path / "mnist").glob("train-*.tfrecord"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    return shard


@pytest.mark.parametrize("command", [["data", "verify", "mnist"], ["train", "mnist-vae"]])
def test_a_flipped_byte_is_found(command, damaged, tmp_path):
    result = run(*command, "--stand-in", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert str(damaged) in result.stderr
    assert "`thesis-repro data prepare mnist --data-dir" in result.stderr
    assert "Traceback" not in result.stderr


def test_list(data_dir):
    result = run("data", "list", "--data-dir", data_dir)
    assert result.exit_code == DONE
    (line,) = result.stdout.splitlines()
    assert line.startswith(f"{data_dir / 'mnist'}: MNIST (official files)")
    assert "60,000 train, 10,000 validation" in line


@pytest.mark.parametrize("folder", ["", "not/there"])
def test_list_says_that_there_is_nothing_and_what_to_do(tmp_path, folder):
    result = run("data", "list", "--data-dir", tmp_path / folder)
    assert result.exit_code == DONE
    assert result.stdout.startswith(f"{tmp_path / folder}: nothing is prepared here; ")
    assert "`thesis-repro data prepare DATASET --source DIR" in result.stdout
    assert "`thesis-repro data prepare DATASET --stand-in" in result.stdout


# --- Training ---


@pytest.mark.usefixtures("_tiny_smoke")
def test_train_twice_says_what_became_and_keeps_the_run(data_dir, tmp_path):
    arguments = ["mnist-vae", "--scale", "smoke", "--stand-in", "--data-dir", data_dir]
    first = run("train", *arguments, "--runs-dir", tmp_path)
    assert first.exit_code == DONE
    (done,) = tmp_path.rglob("DONE")
    assert first.stdout.startswith("mnist-vae: 1 epoch, loss ")
    assert first.stdout.rstrip().endswith(f"; {done.parent}")
    weights = (done.parent / "encoder.weights.h5").stat()
    assert run("train", *arguments, "--runs-dir", tmp_path).stdout == first.stdout
    assert (done.parent / "encoder.weights.h5").stat() == weights


@pytest.mark.usefixtures("_tiny_smoke")
def test_the_sample_discriminator_gets_its_generator_first(data_dir, tmp_path):
    options = ["--scale", "smoke", "--stand-in", "--data-dir", data_dir, "--runs-dir", tmp_path]
    result = run("train", "sample-discriminator", *options)
    assert result.exit_code == DONE
    (judge,) = (tmp_path / "sample-discriminator").rglob("DONE")
    (generator,) = (tmp_path / "mnist-vae").rglob("DONE")
    (session,) = json.loads((judge.parent / "provenance.json").read_text())["sessions"]
    assert f"MNIST-VAE (run {generator.parent.name})" in session["data"]
    assert run("train", "sample-discriminator", *options).stdout == result.stdout


@pytest.mark.slow
def test_quiet_is_silent_down_to_the_libraries(tmp_path):
    code = """
from thesis_repro.training import scale
scale.SCALES["smoke"] = scale.Scale("smoke", 64, 24, 1)
from thesis_repro.cli import main
main()
"""
    arguments = ["train", "mnist-vae", "--scale", "smoke", "--stand-in", "--quiet"]
    folders = ["--data-dir", tmp_path / "data", "--runs-dir", tmp_path / "runs"]
    command = [sys.executable, "-c", code, *arguments, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "", "")
    assert len(list((tmp_path / "runs").rglob("DONE"))) == 1


def test_errors_are_said_even_if_quiet(tmp_path):
    result = run("train", "celeba-vae", "--quiet", "--data-dir", tmp_path)
    assert result.exit_code == DATA
    assert result.stderr.startswith("Error: ")
    assert result.stdout == ""


def test_sections_have_their_scripts():
    sections = ("3.3", "3.4", *(f"4.{number}" for number in range(1, 9)))
    scripts = {section: f"chapters.ch{section.replace('.', '_')}" for section in sections}
    assert scripts.items() <= CHAPTERS.items()


# --- Listings ---


def test_listing_as_printed():
    result = run("listing", "13")
    lines = result.stdout.splitlines()
    assert result.exit_code == DONE
    assert lines[0] == "_" * 98
    header = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    assert re.split(r" {2,}", lines[1].rstrip()) == header
    assert max(map(len, lines)) == 98
    assert f"Total params: {golden(13)['total_params']:,}" in lines
    assert lines[-1] == f"Listing 13: {golden(13)['title']} (Appendix A.2)"
    for row in golden(13)["rows"]:
        assert any(line.startswith(row["name"][:30]) for line in lines)


def test_all_listings():
    result = run("listing")
    assert result.exit_code == DONE
    header, _, *lines = result.stdout.splitlines()
    assert header.split() == ["listing", "title", "models", "layers", "parameters"]
    assert [int(line.split()[0]) for line in lines] == list(range(1, 40))
    printed = golden(13)
    size = [str(len(printed["rows"])), f"{printed['total_params']:,}"]
    models = "dsprites-vlae, dsprites-vlae-dim2"
    assert re.split("  +", lines[12].strip()) == ["13", printed["title"], models, *size]


def test_every_listing_names_the_models_that_are_built_by_it():
    lines = run("listing").stdout.splitlines()[2:]
    for model in MODELS.values():
        for number in model.listings.value:
            assert re.search(rf"[ ,]{model.id}(,|  )", lines[number - 1]), (model.id, number)


def test_check_of_all_listings():
    result = run("listing", "--check")
    lines = result.stdout.splitlines()
    assert result.exit_code == DONE
    assert lines[-1] == "39 of 39 listings, 949 of 949 rows"
    assert [line[:4] for line in lines[:-1]] == ["ok  "] * 39


def test_check_shows_the_rows_that_differ(monkeypatch):
    wrong = LISTINGS[9]._replace(builder=LISTINGS[11].builder)  # factor 3 in the place of factor 2
    monkeypatch.setitem(registry.LISTINGS, 9, wrong)
    result = run("listing", "--check")
    lines = result.stdout.splitlines()
    assert result.exit_code == FAILED
    assert lines[8].startswith("FAIL Listing  9 ")
    assert "       row 2 inference_0_conv2d_0: params 832 (thesis) != 572 (ours)" in lines
    assert lines[-1].startswith("38 of 39 listings, ")
    assert [line[:4] for line in lines].count("ok  ") == 38


# --- Models and errata ---


def test_models():
    result = run("models")
    assert result.exit_code == DONE
    for name in MODELS:
        assert f"\n{name} " in result.stdout


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("mnist-vae", "MNIST-VAE (mnist-vae), vae"),
        ("10000-vae", "dSprites-VAE (dsprites-vae), vae"),
        ("mnist-vlae", "MNIST-VLAE-factor-1 (mnist-vlae-factor-1), vlae"),
    ],
)
def test_models_of_one(asked, title):
    result = run("models", asked)
    assert result.exit_code == DONE
    assert result.stdout.startswith(f"{title}\n")
    assert "learning rate" in result.stdout
    assert "Section 3.4." in result.stdout


def test_errata():
    result = run("errata")
    assert result.exit_code == DONE
    *lines, last = result.stdout.splitlines()
    ids = [line.split()[0] for line in lines]
    runnable = {erratum.id: erratum.runnable for erratum in load_errata().values()}
    assert ids == [f"{erratum}*" if can_be else erratum for erratum, can_be in runnable.items()]
    assert last.startswith(f"{len(ids)} of {len(ids)} errata; * the other reading can be run, too:")
    assert f" {sum(runnable.values())} " in last


def chosen(*filters):
    lines = run("errata", *filters).stdout.splitlines()
    ids = [line.split()[0].rstrip("*") for line in lines if line.startswith("E")]
    assert f"\n{len(ids)} of {len(load_errata())} errata" in "\n".join(["", *lines])
    return set(ids)


def test_errata_of_a_section_and_of_a_model():
    of_section, of_model = chosen("--section", "4.2"), chosen("--model", "MNIST-VLAE")
    assert {"E04", "E10"} <= of_section
    assert "E04" in of_model
    both = chosen("--section", "4.2", "--model", "mnist-vlae-factor-1")
    assert both == of_section & of_model
    assert chosen("--section", "4.3", "--model", "mnist-vae") == set()
    assert chosen("--section", "3.4.1") < chosen("--section", "3.4")
    assert "E02" in chosen("--section", "4.5") & chosen("--section", "4.7")  # "Sections 4.4-4.7"


def test_errata_of_a_section_say_under_which_it_can_be_run():
    last = run("errata", "--section", "4.7").stdout.splitlines()[-1]
    assert last == "`multiverse 4.7` runs the section under E02, E04, E14, E25, E39, E65, E83."
    assert "thesis-repro multiverse 4.7 --errata E02" in run("errata", "e02").stdout
    assert "multiverse" not in run("errata", "E32").stdout


def test_an_erratum_of_a_table_is_of_its_section():
    of_tables = {e.id for e in load_errata().values() if "Table 4" in e.affects}
    assert of_tables
    assert of_tables <= chosen("--section", "4.3")


@pytest.mark.parametrize("asked", ["E04", "e04"])
def test_errata_of_one(asked):
    result = run("errata", asked)
    assert result.exit_code == DONE
    assert result.stdout.startswith("E04  MNIST-VLAE-factor-1's learning rate")
    assert "0.005" in result.stdout
