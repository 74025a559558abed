"""Table 2 and the page of one model, as text for a terminal."""

from collections.abc import Iterable, Sequence

from appendix_architectures.parameters import count_parameters
from appendix_architectures.shapes import build_shapes
from thesis_repro.models.building import builders
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import MODELS


def parameter_totals(spec: ModelSpec) -> dict[str, int]:
    """Parameters of each of the model's networks, counted on the networks as built."""
    return {
        part: count_parameters(build_shapes(build)).total for part, build in builders(spec).items()
    }


def table_2() -> str:
    """Table 2 of the thesis with parameter totals, then the models that are not in it."""
    header = ("model", "data set", "input/output", "latent", "weight", "factor", "parameters")
    rows = [_table_2_row(spec) for spec in MODELS.values() if spec.in_table_2]
    others = [_table_2_row(spec) for spec in MODELS.values() if not spec.in_table_2]
    table = columns((header, *rows, *others), right={4, 5, 6}).splitlines()
    return "\n".join(
        (*table[: len(rows) + 2], "", "Not in Table 2", table[1], *table[len(rows) + 2 :])
    )


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
    settings = [("setting", "value", "source", "errata")] + [
        (name.replace("_", " "), _text(setting.value), setting.source, " ".join(setting.errata))
        for name, setting in spec.settings().items()
    ]
    totals = parameter_totals(spec)
    networks = [("network", "parameters")] + [(part, f"{n:,}") for part, n in totals.items()]
    networks.append(("total", f"{sum(totals.values()):,}"))
    title = f"{spec.name} ({spec.id}), {spec.family}"
    return "\n\n".join((title, columns(settings), columns(networks, right={1})))


def _text(value: object) -> str:
    if value is None or value == ():
        return "–"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def columns(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows of text in aligned columns under a ruled header; ``right`` names right-aligned ones."""
    rows = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    right = set(right)
    lines = (
        "  ".join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
