"""Table 2 and the page of one model, as text for a terminal."""

from collections.abc import Sequence

from tabulate import tabulate

from thesis_repro.columns import lines, widths
from thesis_repro.models.cost import network_sizes
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS


def parameter_totals(spec: ModelSpec) -> dict[str, int]:
    """Parameters of each of the model's networks, by part."""
    return {part: size.parameters for part, size in network_sizes(spec).items()}


def table_2(width: int | None = None) -> str:
    """Table 2 of the thesis with parameter totals, then the models that are not in it.

    ``width`` is that of the terminal, in columns; None leaves all lines whole.
    """
    headers = ("model", "data set", "input/output", "latent", "weight", "factor", "parameters")
    inside, others = (
        [_table_2_row(spec) for spec in MODELS.values() if spec.in_table_2 is is_in]
        for is_in in (True, False)
    )
    columns = widths([headers, *inside, *others], width)
    rule = ["-" * each for each in columns]

    def text(*rows: Sequence[str]) -> list[str]:
        return [line for row in rows for line in lines(row, columns, right=(4, 5, 6))]

    return "\n".join([*text(headers, rule, *inside), "", "Not in Table 2", *text(rule, *others)])


def _table_2_row(spec: ModelSpec) -> tuple[str, ...]:
    weight = spec.reconstruction_weight.value
    return (
        " = ".join((spec.id, *spec.aliases)),
        spec.dataset.value,
        " × ".join(map(str, spec.input_shape.value)),
        ", ".join(map(str, spec.latent_dims.value)) or "–",
        "–" if weight is None else f"{weight:,}",
        str(spec.feature_map_factor.value),
        f"{sum(parameter_totals(spec).values()):,}",
    )


def model_table(spec: ModelSpec) -> str:
    """Everything about one model: settings with their sources and errata, and its networks."""
    settings = [
        (
            name.replace("_", " "),
            setting_text(setting.value),
            setting.source,
            " ".join(setting.errata),
        )
        for name, setting in spec.settings().items()
    ]
    totals = parameter_totals(spec)
    networks = [(part, f"{count:,}") for part, count in totals.items()]
    networks.append(("total", f"{sum(totals.values()):,}"))
    return "\n\n".join(
        (
            f"{spec.name} ({spec.id}), {spec.family}",
            tabulate(settings, ("setting", "value", "source", "errata"), disable_numparse=True),
            tabulate(
                networks,
                ("network", "parameters"),
                colalign=("left", "right"),
                disable_numparse=True,
            ),
        )
    )


def difference_table(spec: ModelSpec, base: ModelSpec) -> str:
    """What a model has otherwise than the thesis's: each value, what it was, and both sources."""
    theirs, ours = base.settings(), spec.settings()
    rows = [
        (
            name.replace("_", " "),
            setting_text(theirs[name].value),
            theirs[name].source,
            setting_text(setting.value),
            setting.source,
            " ".join(dict.fromkeys((*theirs[name].errata, *setting.errata))),
        )
        for name, setting in ours.items()
        if setting.value != theirs[name].value
    ]
    sizes = [f"{sum(parameter_totals(each).values()):,}" for each in (base, spec)]
    if sizes[0] != sizes[1]:
        rows.append(("parameters", sizes[0], "", sizes[1], "", ""))
    headers = ("setting", "the thesis's", "source", "here", "source", "errata")
    return "\n\n".join(
        (
            f"{spec.name} ({spec.id}): not the thesis's {base.name}, but",
            tabulate(rows, headers, disable_numparse=True),
        )
    )


def setting_text(value: object) -> str:
    """A setting's value as tables have it."""
    if value is None or value == ():
        return "–"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)
