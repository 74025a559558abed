"""Names in any case, and the answer to one that nothing has: one line that says what to type."""

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.models import zoo
from thesis_repro.models.zoo import MODELS

USAGE, DATA = 2, 3


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize("spec", MODELS.values(), ids=MODELS)
def test_a_model_has_its_id_and_its_name_in_any_case(spec):
    for name in (spec.id, spec.id.upper(), spec.name, spec.name.lower(), f" {spec.id} "):
        assert zoo.model(name) is spec


@pytest.mark.parametrize("name", ["10000-VAE", "10000-vae"])
def test_an_alias_in_any_case(name):
    assert zoo.model(name).id == "dsprites-vae"


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        (["models", "MNIST-VAE"], ["models", "mnist-vae"]),
        (["models", "7,500-VAE"], ["models", "7500-vae"]),
        (["errata", "e04"], ["errata", "E04"]),
        (["where", "FIGURE 41"], ["where", "figure", "41"]),
        (["where", "27_AS_RUN"], ["where", "27_as_run"]),
    ],
    ids=str,
)
def test_what_is_asked_for_in_any_case_is_the_same(asked, same):
    result, expected = run(*asked), run(*same)
    assert result.exit_code == 0
    assert result.output == expected.output


@pytest.mark.parametrize("command", [["train", "AlexNet-VAE"], ["chapter", "4.8"]])
def test_options_take_names_in_any_case(command, tmp_path):
    """They do, or the data would not be what is missing."""
    names = ["--scale", "Paper", "--precision", "Float32"]
    result = run(*command, *names, "--data-dir", tmp_path, "--runs-dir", tmp_path / "runs")
    assert result.exit_code == DATA
    assert str(tmp_path / "imagenet") in result.stderr


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["chapter", "4"], "4 is a whole chapter; name its sections: 4.1 4.2 4.3 4.4 4.5 4.6 4.7 "),
        (["plan", "3"], "3 is a whole chapter; name its sections: 3.3 3.4."),
        (["chapter", "4,3"], "No section is called '4,3'. Did you mean 4.3?"),
        (["all", "4.1,4.3"], "Set sections apart by blanks: 4.1 4.3."),
        (["plan", "4.9"], "Section 4.9 discusses and computes nothing; `thesis-repro chapter 4.9`"),
        (["controls", "4.15"], "Section 4.15 discusses and computes nothing; "),
        (["claims", "4.12"], "Section 4.12 discusses and computes nothing; "),
        (["claims", "3.3"], "No claims for section '3.3'; sections with claims are 4.1, "),
        (["claims", "4.3.1"], "No section is called '4.3.1'. Did you mean 4.3"),
        (["chapter", "seven"], "No section is called 'seven'. Choose from 3.3, 3.4, 4.1, "),
        (["train", "mnist-vae", "--scale", "papr"], "No scale is called 'papr'. Did you mean pap"),
        (["plan", "--precision", "fp32"], "No precision is called 'fp32'."),
        (["report", "--format", "htm"], "No format is called 'htm'. Did you mean html?"),
        (["models", "MNIST_VAE"], "No model is called 'MNIST_VAE'. Did you mean mnist-vae"),
        (["where", "figur 41"], "Nothing has the name 'figur 41'. Did you mean figure_41"),
        (["errata", "E4"], "No erratum 'E4'. Did you mean E04?"),
        (["errata", "erratum 4"], "No erratum 'erratum 4'. Did you mean E04?"),
        (["errata", "E091"], "No erratum 'E091'. They are E01-E"),
        (["errata", "seven"], "No erratum 'seven'. They are E01-E"),
        (["errata", "5" * 5_000], "No erratum '5555"),
        (["data", "verify", "minst"], "No data set is called 'minst'. Did you mean mnist"),
    ],
    ids=str,
)
def test_a_wrong_name_is_answered_in_a_line(arguments, answer):
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {answer}")


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["chapter"], "Missing argument 'SECTIONS...'. Choose from 3.3, 3.4, 4.1, "),
        (["data", "fetch"], "Missing argument 'DATASET'. Choose from mnist, morpho-mnist, "),
        (["chaptr", "4.2"], "No such command 'chaptr'. Did you mean 'chapter'?"),
        (["Models"], "No such command 'Models'. Did you mean 'models'?"),
    ],
    ids=str,
)
def test_what_is_no_name_at_all_is_answered_below_the_usage(arguments, answer):
    """By click, which knows the commands; the line itself is one, too."""
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert result.stdout == ""
    *usage, line = result.stderr.splitlines()
    assert line.startswith(f"Error: {answer}")
    assert [text.partition(" ")[0] for text in usage] == ["Usage:", "Try", ""]
