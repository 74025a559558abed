"""Other readings: each that is said to be run can be, and what is run is never the thesis's."""

import ast
from itertools import chain

import pytest

from thesis_repro.errors import ModelError
from thesis_repro.models.changed import MARK
from thesis_repro.models.zoo import MODELS
from thesis_repro.section.other_readings import chosen_models, readings_of
from thesis_repro.section.registry import CHAPTERS, declared, files
from thesis_repro.thesis.errata import UnknownErratumError, load_errata

ERRATA = load_errata()
TRAINED = [(erratum, name) for erratum in ERRATA.values() for name in erratum.trained]

# Issue by issue what can change a number of Sections 4.2, 4.3 and 4.6, and has to be at hand.
WANTED = {
    "learning rate of factor-1": "E04",
    "decay per update or per epoch": "E05",
    "paired or not": "E07",
    "corrected or not": "E08",
    "floor or ceil": "E09",
    "mean value or mean map": "E10",
    "dropout of VLAEs": "E11",
    "dropout of the classifier": "E24",
    "network analysed": "E02",
    "weight of CelebA-VAE": "E03",
    "weight of the feature loss": "E14",
    "GANs' optimiser and labels": "E25",
    "scale of the discriminator's images": "E13",
    "n of Table 4": "E17",
    "n of Table 5": "E22",
    "unit sphere or not": "E18",
}


@pytest.mark.parametrize("erratum_id", WANTED.values(), ids=WANTED)
def test_what_has_to_be_runnable_is(erratum_id):
    assert ERRATA[erratum_id].runnable


def test_as_many_can_be_run_as_the_data_say():
    assert sum(erratum.runnable for erratum in ERRATA.values()) == 40


def asked_in(section):
    """The errata that the scripts of a section ask about: `chapter.reads("E07")`."""
    nodes = chain.from_iterable(
        ast.walk(ast.parse(file.read_text("utf-8"))) for file in files(section)
    )
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "reads"
    }


@pytest.mark.parametrize("section", CHAPTERS)
def test_a_section_asks_about_the_errata_that_are_switched_in_it(section):
    switched = {erratum.id for erratum in ERRATA.values() if section in erratum.switched_in}
    assert asked_in(section) == switched
    assert switched <= readings_of(section, "paper").keys()


def test_sections_in_which_errata_are_switched_have_scripts():
    for erratum in ERRATA.values():
        assert {*erratum.switched_in} <= {*CHAPTERS}
        assert len({*erratum.switched_in}) == len(erratum.switched_in)


@pytest.mark.parametrize(("erratum", "name"), TRAINED, ids=[f"{e.id}-{n}" for e, n in TRAINED])
def test_a_model_under_another_reading_is_another(erratum, name):
    """Its settings exist and differ, or the model in its place does; all else is the thesis's."""
    base, (spec,) = MODELS[name], chosen_models([name], [erratum.id, erratum.id])
    assert name in erratum.affects
    assert spec.values() != base.values()
    if name in erratum.instead:
        assert spec is MODELS[erratum.instead[name]]
        assert not spec.in_table_2
        assert spec.id != name
        return
    assert spec.id.startswith(f"{name}{MARK}")
    for field, value in erratum.settings[name].items():
        assert getattr(spec, field).value == value != getattr(base, field).value
        assert erratum.id in getattr(base, field).errata, "the value in dispute bears the mark"
    assert spec.values().keys() - base.values().keys() <= erratum.settings[name].keys()


@pytest.mark.parametrize(
    "erratum", [e for e in ERRATA.values() if e.shown], ids=lambda erratum: erratum.id
)
def test_where_another_reading_is_shown_a_section_makes_it(erratum):
    for result in erratum.shown:
        assert result.section in CHAPTERS
        made = chain.from_iterable(
            place.declaration.files(reading)
            for place in declared(result.section)
            for reading in place.declaration.readings
        )
        assert result.file.rpartition("/")[2] in set(made)
        assert not (result.rows and result.columns)


def test_models_that_no_reading_concerns_stay_as_they_are():
    for erratum, concerned in TRAINED:
        for spec in MODELS.values():
            if spec.id not in erratum.trained:
                assert chosen_models([concerned, spec.id], [erratum.id])[1] is spec


def test_readings_and_settings_together():
    names = ("dsprites-vlae-gan", "mnist-vae")
    specs = chosen_models(names, ["E05", "e14"], {"batch_size": "64"})
    assert [spec.id for spec in specs] == [
        "dsprites-vlae-gan-as-run+batch_size=64+decay_unit=epoch",
        "mnist-vae+batch_size=64",
    ]
    assert specs[0].decay_unit.errata == ("E05",)
    assert specs[0].batch_size.source == "--set"
    assert chosen_models(names) == [MODELS[name] for name in names]


@pytest.mark.parametrize(
    ("readings", "settings", "error", "said"),
    [
        (["E04"], {}, ModelError, "E04 changes nothing of mnist-vlae-gan: its other reading is of"),
        (
            ["E10"],
            {},
            ModelError,
            "`thesis-repro chapter 4.2 --reading E10=as-run` makes the section",
        ),
        (["E12"], {}, ModelError, "E12 cannot be run the other way: ReLU decoders are not offered"),
        (["E99"], {}, UnknownErratumError, "No erratum 'E99'."),
        (["E39"], {"learning_rate": "1"}, ModelError, "asked to be 5e-05 and 1: leave one of them"),
        ([], {"learning_rat": "1"}, ModelError, "Did you mean learning_rate?"),
    ],
)
def test_what_changes_nothing_is_refused(readings, settings, error, said):
    with pytest.raises(error) as refused:
        chosen_models(["mnist-vlae-gan"], readings, settings)
    assert said in str(refused.value)
