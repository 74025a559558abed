"""Models under other readings of the thesis: an erratum's, or values that somebody asks for.

Such a model is another one of the zoo (``mnist-vae-as-run``) or bears a mark
(`thesis_repro.models.changed`): never the thesis's.
"""

from collections.abc import Iterable, Mapping

from thesis_repro.errors import ModelError
from thesis_repro.models.changed import typed, with_settings
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.models.zoo import model
from thesis_repro.section.registry import models_of
from thesis_repro.thesis.errata import Erratum, get, load_errata

AS_RUN = "as-run"  # what an erratum is set to


def chosen_models(
    model_ids: Iterable[str],
    readings: Iterable[str] = (),
    settings: Mapping[str, str] | None = None,
) -> list[ModelSpec]:
    """The models with these errata read the other way, and with these settings as typed.

    A model that no erratum concerns stays as it is.

    Args:
        model_ids: Ids of models of the zoo.
        readings: Ids of errata.
        settings: Values by field.

    Raises:
        UnknownErratumError: no erratum has such an id.
        ModelError: a reading changes none of the models, or a setting cannot be had.
    """
    bases, errata = [*map(model, model_ids)], [*map(get, dict.fromkeys(readings))]
    for erratum in errata:
        _refuse_without_effect(erratum, bases)
    return [_chosen(base, errata, settings or {}) for base in bases]


def model_under(model_id: str, readings: Iterable[str]) -> ModelSpec:
    """A model of the zoo with those of these errata read the other way that concern it.

    Raises:
        UnknownErratumError: no erratum has such an id.
        ModelError: two of them contradict each other.
    """
    return _chosen(model(model_id), map(get, readings), {})


def readings_of(section: str, scale: str) -> dict[str, Erratum]:
    """The errata of which a section can be run under the other reading, by id.

    Those that change the training of one of its models, and those that its script asks about.
    """
    models = {*models_of(section, scale)}
    return {
        erratum.id: erratum
        for erratum in load_errata().values()
        if section in erratum.switched_in or models & {*erratum.trained}
    }


def checked_readings(section: str, scale: str, readings: Iterable[str]) -> tuple[str, ...]:
    """These ids of errata, each once, in the order of the errata.

    Raises:
        UnknownErratumError: no erratum has such an id.
        ModelError: of one, the section cannot be run under the other reading, or two contradict
            each other.
    """
    known, asked = readings_of(section, scale), {get(reading).id for reading in readings}
    for erratum in map(get, sorted(asked - known.keys())):
        of_section = f"its readings are {', '.join(known)}" if known else "it has no other readings"
        raise ModelError(
            f"Section {section} cannot be run under the other reading of {erratum.id} "
            f"({erratum.title}); {of_section}. Of {erratum.id}: {erratum.other_reading}"
        )
    chosen = tuple(reading for reading in known if reading in asked)
    for name in models_of(section, scale):
        model_under(name, chosen)
    return chosen


def _chosen(base: ModelSpec, errata: Iterable[Erratum], typed_in: Mapping[str, str]) -> ModelSpec:
    network, settings = base, dict[str, Sourced]()
    for erratum in errata:
        if base.id in erratum.instead:
            network = model(erratum.instead[base.id])
        for field, value in erratum.settings.get(base.id, {}).items():
            _add(settings, field, Sourced(value, "the other reading", (erratum.id,)))
    for field, text in typed_in.items():
        _add(settings, field, Sourced(typed(network, field, text), "--set"))
    return with_settings(network, settings) if settings else network


def _add(settings: dict[str, Sourced], field: str, setting: Sourced) -> None:
    if field in settings:
        one, other = settings[field].value, setting.value
        raise ModelError(f"{field} is asked to be {one} and {other}: leave one of them out.")
    settings[field] = setting


def _refuse_without_effect(erratum: Erratum, bases: Iterable[ModelSpec]) -> None:
    if {base.id for base in bases} & {*erratum.trained}:
        return
    if erratum.trained:
        raise ModelError(
            f"{erratum.id} changes nothing of {', '.join(base.id for base in bases)}: its other "
            f"reading is of {', '.join(erratum.trained)}."
        )
    if erratum.runnable:
        raise ModelError(
            f"{erratum.id} changes no training; its other reading is one of results: "
            f"`{erratum.commands[0].replace(': ', '` makes ', 1)}."
        )
    raise ModelError(f"{erratum.id} cannot be run the other way: {erratum.other_reading}")
