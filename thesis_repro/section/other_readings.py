"""Models under other readings of the thesis: an erratum's, or values that somebody asks for.

Such a model is another one of the zoo (``mnist-vae-as-run``) or bears a mark
(`thesis_repro.models.changed`): never the thesis's.
"""

from collections.abc import Iterable, Mapping

from thesis_repro.errors import ModelError
from thesis_repro.models.changed import typed, with_settings
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.models.zoo import model
from thesis_repro.thesis.errata import Erratum, get

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
    if erratum.shown:
        raise ModelError(
            f"{erratum.id} changes no training; its other reading stands beside ours: "
            f"`{erratum.commands[0].replace(': ', '` makes ', 1)}."
        )
    raise ModelError(f"{erratum.id} cannot be run the other way: {erratum.other_reading}")
