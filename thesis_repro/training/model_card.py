"""A finished run for others: its files, and a model card that says what it is and is not for."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_prep.errors import DataError, os_errors
from data_prep.folders import replacing
from thesis_repro.files import render_packaged
from thesis_repro.models.changed import base_of
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.tables import parameter_totals, setting_text
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training.finding import spec_of
from thesis_repro.training.publishing import checked_files, datasets_behind
from thesis_repro.training.run_facts import losses, milestones, versions_of
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.withheld import WITHHELD
from thesis_repro.words import duration

# What each data set asks of who hands on what was made of it; docs/data.md has the whole.
_TERMS = {
    "mnist": "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    "morpho-mnist": "MNIST, Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    "dsprites": "dSprites, Matthey et al. (DeepMind), Apache-2.0",
    "celeba": "CelebA, non-commercial research only, not to be passed on",
    "imagenet": "ImageNet, non-commercial research and education only, not to be passed on",
}


def export_run(run: RunFolder, out: Path) -> Path:
    """Write ``<out>/<model>/<run-id>/``: what the run is loaded from, and its card, README.md.

    Raises:
        DataError: the run is damaged, something is in that place, or it cannot be written.
        thesis_repro.errors.TrainingError: its history is damaged.
    """
    target = out / run.config.model / run.config.run_id
    files = checked_files(run.path)
    card = model_card(run)
    with (
        os_errors(target, "it cannot be written", "name another folder with --out"),
        replacing(target, _refuse_any) as place,
    ):
        for name in files:
            shutil.copyfile(run.path / name, place / name)
        (place / "README.md").write_text(card, encoding="utf-8")
    return target


def _refuse_any(target: Path) -> None:
    if target.exists():
        raise DataError(target, "it is there already", "name another folder with --out")


def model_card(run: RunFolder) -> str:
    """The card, as Markdown.

    Raises:
        thesis_repro.errors.TrainingError: the run's history is damaged.
    """
    spec, base, values = spec_of(run.config), base_of(run.config.model), run.config.values
    history = run.read_history()
    settings = list(_settings(base, values))
    errata = dict.fromkeys(name for *_, names in settings for name in names)
    datasets = sorted(datasets_behind(spec))
    return render_packaged(
        "training",
        "model_card.md.j2",
        spec=spec,
        changed_from=base if spec.id != base.id else None,
        run=run,
        values=values,
        parameters=parameter_totals(spec),
        settings=settings,
        errata=[load_errata()[name] for name in errata],
        losses=list(losses(history)),
        epochs=milestones(history),
        time=duration(sum(row["seconds"] for row in history)),
        sessions=len(run.sessions),
        versions=[*dict.fromkeys(versions_of(session) for session in run.sessions)],
        claims=[claim for claim in load_claims() if {spec.id, *spec.aliases} & {*claim.models}],
        datasets=datasets,
        data=", ".join(run.recorded("data")) or "data that its provenance does not name",
        terms=[_TERMS[dataset] for dataset in datasets],
        withheld=[] if run.of_stand_ins else [WITHHELD[d] for d in datasets if d in WITHHELD],
    )


def _settings(spec: ModelSpec, values: dict[str, Any]) -> Iterator[tuple]:
    """Name, value, source and errata of each setting that the run was made with."""
    trained = values["spec"]
    for name, setting in spec.settings().items():
        text, source = setting_text(setting.value), setting.source
        if name in trained and trained[name] != json.loads(json.dumps(setting.value)):
            text, source = f"{trained[name]}", f"changed; the thesis: {text} ({source})"
        if name == "epochs" and values["epochs"] != setting.value:
            text = f"{text}; {values['epochs']} at scale {values['scale']}"
        yield name.replace("_", " "), text, source, setting.errata
