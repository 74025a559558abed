"""Seeds as users write them: one, a range, a list; and what is none."""

import click
import pytest
from click.testing import CliRunner

from thesis_repro.commands.options import run_options, training_options

USAGE = 2


@click.command()
@training_options
def several(seeds, **options):
    assert "seed" not in options
    click.echo(seeds)


@click.command()
@run_options
def one(seed, **options):
    assert "seeds" not in options
    click.echo(seed)


@pytest.mark.parametrize(
    ("arguments", "seeds"),
    [
        ((), (0,)),
        (("--seed", "7"), (7,)),
        (("--seeds", "3"), (3,)),
        (("--seeds", "0-4"), (0, 1, 2, 3, 4)),
        (("--seeds", "5,0,2,2"), (0, 2, 5)),
        (("--seeds", "8, 0-2, 1-3"), (0, 1, 2, 3, 8)),
        (("--seeds", "0-999"), tuple(range(1_000))),
    ],
)
def test_seeds_are_in_order_and_each_is_once(arguments, seeds):
    result = CliRunner().invoke(several, arguments)
    assert result.output == f"{seeds}\n"


@pytest.mark.parametrize(
    "value", ["", "-1", "1-", "a", "1;2", "1.5", "0-2-4", "1,,2", ",", "\u0661", "9" * 5_000]
)
def test_what_is_no_list_of_seeds_is_answered_by_how_it_is_written(value):
    result = CliRunner().invoke(several, ("--seeds", value))
    assert result.exit_code == USAGE
    assert "is no list of seeds; write 0-4 or 0,2,5." in result.stderr


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("4-0", "'4-0' ends before it begins; write 0-4."),
        ("0-1000", "More than 1,000 seeds are asked for."),
        ("0-998,2000-2999", "More than 1,000 seeds are asked for."),
        ("0-999999999999999999", "More than 1,000 seeds are asked for."),
    ],
)
def test_a_range_that_is_none_or_endless_is_refused(value, words):
    result = CliRunner().invoke(several, ("--seeds", value))
    assert result.exit_code == USAGE
    assert words in result.stderr


@pytest.mark.parametrize("seed", ["0", "1"])  # the default, too, where it is written
def test_one_seed_and_several_exclude_each_other(seed):
    result = CliRunner().invoke(several, ("--seeds", "0-2", "--seed", seed))
    assert result.exit_code == USAGE
    assert "--seed is one of several --seeds; give either." in result.stderr


def test_who_takes_one_run_takes_one_seed():
    assert CliRunner().invoke(one, ("--seed", "3")).output == "3\n"
    assert CliRunner().invoke(one, ("--seeds", "0-2")).exit_code == USAGE
