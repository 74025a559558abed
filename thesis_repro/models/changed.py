"""Models that are the thesis's but for some settings, which a mark in their ids says.

No id of the thesis's models has the mark. So no section, plan or verdict takes a run of a changed
model for one of the thesis's, and none is published.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from thesis_repro.errors import ModelError
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec, Sourced
from thesis_repro.models.zoo import MODELS, model
from thesis_repro.names import did_you_mean

MARK = "+"  # "mnist-vae+slow", "mnist-vae+learning_rate=0.0005+epochs=10"

_EACH = r"\w+=[\w.-]+"
_LABEL = re.compile(rf"\w[\w.-]*|{_EACH}({re.escape(MARK)}{_EACH})*")

_LONGEST = 100  # signs of a label: it is the name of a folder
_LARGEST = 1e38  # what a weight or rate in 32 bits can be; batches and epochs are far fewer

# What a training goes by besides its networks and data.
_COUNTS = ("batch_size", "epochs")
_WEIGHTS = {
    Objective.EVIDENCE: "reconstruction_weight",
    Objective.ADVERSARIAL: "feature_weight",
}
_UNITS = ("update", "epoch")
CHANGEABLE = (
    *_WEIGHTS.values(),
    *("learning_rate", "decay", "decay_unit", *_COUNTS, "latent_dims"),
    *("beta_1", "real_label", "dropout_rate"),
)

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


def is_typed(model_id: str) -> bool:
    """Whether a changed model is named by its settings, so that a command can make it."""
    return "=" in model_id.partition(MARK)[2]


def arguments(model_id: str) -> tuple[str, ...]:
    """What ``thesis-repro train`` takes for a model of the thesis, or one of `with_settings`."""
    base_id, *settings = model_id.split(MARK)
    return (base_id, *(word for setting in settings for word in ("--set", setting)))


def way_to_train(model_id: str) -> str:
    """How a model is trained again."""
    if MARK in model_id and not is_typed(model_id):
        return "`thesis_repro.train(spec)`"
    return f"`thesis-repro train {' '.join(arguments(model_id))}`"


def typed(base: ModelSpec, field: str, text: str) -> Any:
    """The value of a setting as people type it; text that is none stays text.

    Numbers that are whole are integers, so that 5e3 and 5000 are one. Of latent layers, which are
    all of one size, one size will do.

    Raises:
        ModelError: no setting is called so.
    """
    if field not in {*CHANGEABLE, *base.settings()}:
        raise ModelError(
            f"No setting of a model is called {field!r}.{did_you_mean(field, CHANGEABLE)} "
            f"Those that can be changed are {', '.join(CHANGEABLE)}."
        )
    try:
        numbers = tuple(map(_number, text.split(",")))
    except ValueError:
        return text
    if field == "latent_dims":
        return numbers * len(base.latent_dims.value) if len(numbers) == 1 else numbers
    return numbers[0] if len(numbers) == 1 else text


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def with_settings(base: ModelSpec, settings: Mapping[str, Sourced]) -> ModelSpec:
    """The model with other settings, which its id names: equal ones are one model.

    Raises:
        ModelError: a setting cannot be changed, or not to this, or none of them is another.
    """
    changed = _changed(replace(base, **settings), base)
    if not changed:
        values = " and ".join(f"{name} {_text(each.value)}" for name, each in settings.items())
        raise ModelError(f"{base.id} has {values} already: nothing is changed.")
    _refuse(changed, base, "What is asked for")
    return checked(replace(base, **changed, id=f"{base.id}{MARK}{_named_by(changed)}"))


def _named_by(changed: Mapping[str, Any]) -> str:
    """A label that names all that is changed."""
    values = {name: each.value for name, each in changed.items() if isinstance(each, Sourced)}
    return MARK.join(f"{name}={_text(value)}" for name, value in values.items())


def _text(value: Any) -> str:
    return str(value[0]) if isinstance(value, tuple) and value else str(value)


def checked(spec: ModelSpec) -> ModelSpec:
    """A spec as it is trained: the thesis's, or a changed one that says so.

    Raises:
        ModelError: it differs from the thesis's without a mark, or in what cannot be changed.
    """
    base_id, mark, label = str(spec.id).partition(MARK)
    is_label = bool(_LABEL.fullmatch(label)) and len(label) <= _LONGEST
    if base_id not in MODELS or bool(mark) != is_label:
        raise ModelError(
            f"{spec.id!r} is neither the id of a model of the thesis nor one with a mark of up to "
            f'{_LONGEST} signs, "mnist-vae{MARK}slow".'
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
    if is_typed(spec.id) and label != _named_by(changed):
        raise ModelError(
            f"{spec.id} is not what its id says: as its settings are, it is "
            f"{base_id}{MARK}{_named_by(changed)}."
        )
    _refuse(changed, base, spec.id)
    return marked(base, spec.id, **changed) if mark else base


def _refuse(changed: Mapping[str, Any], base: ModelSpec, name: str) -> None:
    """Refuse what cannot be changed in a model; ``name`` is that of the changed one."""
    for field, value in changed.items():
        if field not in CHANGEABLE:
            raise ModelError(
                f"{name} has another {field} than {base.id}. Of a changed model, "
                f"{', '.join(CHANGEABLE)} may be others; other networks and data are an entry of "
                "the zoo (docs/extending.md)."
            )
        if not isinstance(value, Sourced):
            raise ModelError(
                f'{field} is {value!r}: a value has its source, Sourced({value!r}, "mine").'
            )
        if wanted := _wanted(field, value.value, base):
            raise ModelError(f"{field} of {base.id} has to be {wanted}, not {value.value!r}.")


def _changed(spec: ModelSpec, base: ModelSpec) -> dict[str, Any]:
    """What is not as the base has it, by field; another source of the same value is no change."""
    names = [field.name for field in fields(spec) if field.name not in _NAMES]
    return {
        name: getattr(spec, name)
        for name in names
        if _differ(_bare(getattr(spec, name)), _bare(getattr(base, name)))
    }


def _differ(one: Any, other: Any) -> bool:
    try:
        return bool(one != other)
    except ValueError:  # of arrays, which no setting is
        return True


def _bare(setting: Any) -> Any:
    """A setting without its source, never equal to what has none."""
    return (setting.value,) if isinstance(setting, Sourced) else setting


def _wanted(field: str, value: Any, base: ModelSpec) -> str:
    """What a setting has to be, where the value is none that it can have; else nothing."""
    if getattr(base, field) is None:
        return "left as it is, since it has none"
    objective = FAMILIES[base.family].objective
    if field in _WEIGHTS.values() and _WEIGHTS.get(objective) != field:
        return "left as it is, since no loss of it has such a weight"
    if field == "latent_dims":
        return _wanted_dimensions(value, base)
    if field == "decay_unit":
        return "" if value in _UNITS else " or ".join(_UNITS)
    if field in _COUNTS:
        if type(value) is not int or value < 1:
            return "a whole number from 1 on"
        return "" if value < 2**31 else "below 2^31"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if field in ("beta_1", "dropout_rate"):
        return "" if is_number and 0 <= value < 1 else "a number from 0 on and below 1"
    if field == "real_label":
        return "" if is_number and 0 < value <= 1 else "a number above 0 and up to 1"
    if not is_number or not value >= 0:
        return "a number from 0 on"
    return "" if value <= _LARGEST else f"no larger than {_LARGEST:g}"


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
