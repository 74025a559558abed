"""Models that are the thesis's but for some settings, which a mark in their ids says.

No id of the thesis's models has the mark. So no section, plan or verdict takes a run of a changed
model for one of the thesis's, and none is published.
"""

import math
import re
from dataclasses import fields, replace
from typing import Any

from thesis_repro.errors import ModelError
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.models.zoo import MODELS, model

MARK = "+"  # "mnist-vae+slow"

_LABEL = re.compile(r"\w[\w.-]*")

# What a training goes by besides its networks and data.
_COUNTS = ("batch_size", "epochs")
_WEIGHTS = {
    Objective.EVIDENCE: "reconstruction_weight",
    Objective.ADVERSARIAL: "feature_weight",
}
_CHANGEABLE = (*_WEIGHTS.values(), "learning_rate", "decay", *_COUNTS, "latent_dims")

# What a model is called, which changes no training.
_NAMES = {"id", "name", "aliases", "in_table_2"}


def base_of(model_id: str) -> ModelSpec:
    """The thesis's model that one with this id was made from, or that it is.

    Raises:
        UnknownModelError: there is none.
    """
    return model(model_id.partition(MARK)[0])


def marked(base: ModelSpec, model_id: str, **changed: Any) -> ModelSpec:
    """The model with other settings and this id, whose mark is in its name as well."""
    mark = model_id.removeprefix(base.id)
    return replace(base, **changed, id=model_id, name=f"{base.name}{mark}", aliases=())


def way_to_train(model_id: str) -> str:
    """How a model is trained again."""
    return "`thesis_repro.train(spec)`" if MARK in model_id else f"`thesis-repro train {model_id}`"


def checked(spec: ModelSpec) -> ModelSpec:
    """A spec as it is trained: the thesis's, or a changed one that says so.

    Raises:
        ModelError: it differs from the thesis's without a mark, or in what cannot be changed.
    """
    base_id, mark, label = spec.id.partition(MARK)
    if base_id not in MODELS or bool(mark) != bool(_LABEL.fullmatch(label)):
        raise ModelError(
            f"{spec.id!r} is neither the id of a model of the thesis nor one with a mark, "
            f'"mnist-vae{MARK}slow".'
        )
    base = MODELS[base_id]
    changed = _changed(spec, base)
    if not mark and changed:
        raise ModelError(
            f"{spec.id} is the thesis's, but not with another {' and '.join(changed)}: mark the "
            f'spec by its id, replace(spec, id="{spec.id}{MARK}mine").'
        )
    if mark and not changed:
        raise ModelError(f"{spec.id} differs from {base_id} in nothing: train that one.")
    for field, value in changed.items():
        if field not in _CHANGEABLE:
            raise ModelError(
                f"{spec.id} has another {field} than {base_id}. Of a changed model, "
                f"{', '.join(_CHANGEABLE)} may be others; other networks and data are an entry of "
                "the zoo (docs/extending.md)."
            )
        if not isinstance(value, Sourced):
            raise ModelError(
                f'{field} is {value!r}: a value has its source, Sourced({value!r}, "mine").'
            )
        if wanted := _wanted(field, value.value, base):
            raise ModelError(f"{field} of {base_id} has to be {wanted}, not {value.value!r}.")
    return marked(base, spec.id, **changed) if mark else base


def _changed(spec: ModelSpec, base: ModelSpec) -> dict[str, Any]:
    """What is not as the base has it, by field; another source of the same value is no change."""
    names = [field.name for field in fields(spec) if field.name not in _NAMES]
    return {
        name: getattr(spec, name)
        for name in names
        if _bare(getattr(spec, name)) != _bare(getattr(base, name))
    }


def _bare(setting: Any) -> Any:
    """A setting without its source, never equal to what has none."""
    return (setting.value,) if isinstance(setting, Sourced) else setting


def _wanted(field: str, value: Any, base: ModelSpec) -> str:
    """What a setting has to be, where the value is none that it can have; else nothing."""
    objective = FAMILIES[base.family].objective
    if field in _WEIGHTS.values() and _WEIGHTS.get(objective) != field:
        return "left as it is, since no loss of it has such a weight"
    if field == "latent_dims":
        return _wanted_dimensions(value, base)
    if field in _COUNTS:
        is_one = type(value) is int and value >= 1
        return "" if is_one else "a whole number from 1 on"
    is_one = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if is_one and math.isfinite(value) and value >= 0 else "a number from 0 on"


def _wanted_dimensions(value: Any, base: ModelSpec) -> str:
    """The thesis itself builds some networks in several sizes: these take any."""
    sizes = {
        other.latent_dims.value
        for other in MODELS.values()
        if other.listings.value == base.listings.value and other.builders == base.builders
    }
    if len(sizes) == 1:
        return f"{base.latent_dims.value}: its listings have no other"
    layers = len(base.latent_dims.value)
    is_one = (
        isinstance(value, tuple)
        and len(value) == layers
        and len({*value}) == 1
        and all(type(size) is int and size >= 1 for size in value)
    )
    return "" if is_one else f"{layers} times the same whole number from 1 on, as a tuple"
