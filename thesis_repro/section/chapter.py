"""What a chapter script works with: models trained or loaded, and places for what it emits.

``<out>/<section>/`` gets ``figure_N.png`` and ``.svg``, ``table_N.csv``, ``claims.json`` and, last,
``manifest.json``; each figure carries its scale, data, seed, precision and runs.
"""

import gc
import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import keras
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.checksums import sha256
from data_prep.reading import PreparedData
from thesis_repro import provenance
from thesis_repro.analysis.tables import with_undefined
from thesis_repro.files import atomic_path, write_json
from thesis_repro.models.zoo import model
from thesis_repro.plots.figures import origin_line, save_figure
from thesis_repro.report.reading import Manifest, readings_in_words
from thesis_repro.report.seeds import Made, further_results
from thesis_repro.section.answers import render
from thesis_repro.section.declarations import Declaration, Declared, Shown
from thesis_repro.section.registry import datasets_of, looked_at, models_of
from thesis_repro.section.workspace import Workspace
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import UNDEFINED, Claim, load_claims
from thesis_repro.thesis.errata import get
from thesis_repro.thesis.readings import REPORTED, Reading
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.training.devices import device_name
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.verdicts.judgements import Judgement, Measurement, judge, write_claims

_log = logging.getLogger(__name__)

Size = TypeVar("Size")


@dataclass
class Chapter:
    """One section on its way to its figures, tables and verdicts."""

    section: str
    workspace: Workspace
    models: dict[str, TrainedModel] = field(default_factory=dict)
    others: dict[str, RunFolder] = field(default_factory=dict)
    data: dict[str, ImageData | PreparedData] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    place: Path | None = None
    seeds_shown: set[int] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        """Where this section's files go: ``place``, or its own folder under the results."""
        return self.place or self.workspace.out / self.section

    def trained(self, model_id: str) -> TrainedModel:
        """A model of this section, trained or loaded once."""
        if model_id not in self.models:
            data = self.images(model_id)
            self.models[model_id] = self.workspace.trained(model_id, data)
        return self.models[model_id]

    def finished(self, model_id: str) -> RunFolder | None:
        """The finished run of a model that this section looks at but does not train, if any."""
        run = self.workspace.finished(model_id)
        if run is not None:
            self.others[model_id] = self.workspace.fetched(run)
        return run

    def further_runs(self, model_id: str) -> list[RunFolder]:
        """The runs of a model of this section with the further seeds whose results lie beside.

        The manifest says which seeds were there to be shown.
        """
        options = self.workspace.options
        runs = {}
        for manifest in self._further_results().values():
            of_seed = replace(self.workspace, options=replace(options, seed=manifest.seed))
            run = of_seed.finished(model_id)
            if run and run.is_done:  # a published one may still have to be downloaded
                runs[manifest.seed] = run
        self.seeds_shown |= {options.seed, *runs}
        return [*runs.values()]

    def further_tables(self, function: Declared, first: pd.DataFrame) -> list[pd.DataFrame]:
        """The table that a function declares, of each further seed whose results lie beside.

        Columns are those of the file, "undefined" is NaN. A file that is not the one that its
        manifest lists is left out, with a warning, and so is one without a column of ``first``,
        this seed's table: another version has made it. The manifest says which seeds were there.
        """
        (declaration,) = self._declarations(function)
        name = f"{declaration.stem(Reading.WRITTEN)}.csv"
        tables = []
        self.seeds_shown.add(self.workspace.options.seed)
        for folder, manifest in self._further_results().items():
            path = folder / name
            try:
                is_as_made = sha256(path) == manifest.files.get(name)
            except OSError:
                is_as_made = False
            if not is_as_made:
                _log.warning("%s is not as it was made: not shown.", path)
                continue
            table = pd.read_csv(path, na_values=UNDEFINED)
            if lacking := first.columns.difference(table.columns).tolist():
                _log.warning("%s has no %s: not shown.", path, ", ".join(lacking))
                continue
            tables.append(table)
            self.seeds_shown.add(manifest.seed)
        return tables

    def _further_results(self) -> dict[Path, Manifest]:
        """The results of this section with further seeds that count with these, by folder."""
        options = self.workspace.options
        made = Made(
            self.section,
            options.scale.name,
            options.precision,
            self.describe(self.dataset_ids),
            self.is_of_stand_ins,
            self.workspace.readings,
            options.seed,
        )
        return further_results(self.workspace.out, made)

    def reads(self, erratum_id: str) -> bool:
        """Whether an erratum is read the other way.

        Raises:
            ValueError: ``errata.toml`` does not say that this section can.
        """
        if self.section not in get(erratum_id).switched_in:
            raise ValueError(f"{erratum_id} is not switched_in Section {self.section}.")
        return erratum_id in self.workspace.readings

    def release(self, model_id: str) -> None:
        """Let go of a model's networks (AlexNet-VAE's are 1.2 GB); what is written names its run.

        The model cannot be used in this section any more.
        """
        self.models[model_id] = replace(self.models[model_id], model=None)
        gc.collect()  # layers and their models refer to each other

    def untrained(self, model_id: str, number: int = 1) -> keras.Model:
        """The network that takes a model's images, as its run begins; built anew at each call.

        From number 2 on, as runs with other seeds would begin.
        """
        return self.workspace.untrained(model_id, self.images(model_id), number)

    def images(self, model_id: str) -> ImageData:
        """The images that a model of this section is trained on, read once."""
        if model_id not in self.data:
            self.data[model_id] = self.workspace.images(model_id)
        return self.data[model_id]

    def prepared(self, dataset: str) -> PreparedData:
        """A whole data set that this section shows, opened once."""
        if dataset not in self.data:
            self.data[dataset] = self.workspace.prepared(dataset)
        return self.data[dataset]

    def seed(self, *purpose: str | int) -> int:
        """The seed of one purpose in this section: the same in every run with this seed."""
        return derive_seed(self.workspace.options.seed, self.section, *purpose)

    def rng(self, *purpose: str | int) -> np.random.Generator:
        """Random numbers for one purpose in this section."""
        return np.random.default_rng(self.seed(*purpose))

    def at_scale(self, by_scale: Mapping[str, Size]) -> Size:
        """How much is computed at the scale asked for, of what a section says for each scale."""
        return by_scale[self.workspace.options.scale.amounts]

    # --- What results come from ---

    @property
    def model_ids(self) -> tuple[str, ...]:
        """The models that the section trains or loads at this scale."""
        return models_of(self.section, self.workspace.options.scale.name)

    @property
    def dataset_ids(self) -> tuple[str, ...]:
        """The data sets that the section shows or trains on at this scale."""
        return datasets_of(self.section, self.workspace.options.scale.name)

    @property
    def runs(self) -> dict[str, RunFolder]:
        """The runs behind this section's results, by model."""
        return {name: trained.run for name, trained in self.models.items()} | self.others

    @property
    def is_of_stand_ins(self) -> bool:
        """Whether any of the section's data are stand-ins."""
        return any(self.workspace.manifest(name).is_stand_in for name in self.dataset_ids)

    def describe(self, datasets: Iterable[str], note: str = "") -> str:
        """The data that a result is of, in words."""
        descriptions = {self.workspace.manifest(name).description for name in datasets}
        return ", ".join([*sorted(descriptions), *([note] if note else [])])

    def scale_of(self, models: Iterable[str]) -> str:
        """The scale behind a result; none where no model is behind it."""
        return self.workspace.options.scale.name if any(True for _ in models) else ""

    @property
    def origin(self) -> str:
        """One line that says where this section's results come from."""
        return self._origin(self.model_ids, self.describe(self.dataset_ids))

    def _origin(self, models: Sequence[str], data: str) -> str:
        """The line under a figure that shows these models and data."""
        options = self.workspace.options
        scale, readings = self.scale_of(models), ", ".join(self.workspace.readings)
        runs = ", ".join(self.runs[name].config.run_id for name in models if name in self.runs)
        return origin_line(
            f"thesis-repro chapter {self.section}",
            f"other reading of {readings}" if readings else "",
            f"scale {scale}" if scale else "",
            data,
            f"seed {options.seed}",
            options.precision if scale else "",
            f"runs {runs}" if runs else "",
        )

    # --- What is written ---

    def emit(self, function: Declared, *arguments: Any) -> None:
        """Write every figure and table that a function declares, in each of its readings.

        It is called as ``function(chapter, shown, *arguments)``; what it shows is `Shown`.
        """
        for declaration in self._declarations(function):
            for reading in declaration.readings:
                made = function(self, Shown(declaration, reading), *arguments)
                if made is not None:
                    self._save(declaration, reading, made)

    def compute(self, function: Declared, *arguments: Any) -> pd.DataFrame:
        """Write the one table that a function declares, and return it."""
        (declaration,) = self._declarations(function)
        table = function(self, Shown(declaration, Reading.WRITTEN), *arguments)
        self._save(declaration, Reading.WRITTEN, table)
        return table

    def _declarations(self, function: Declared) -> Iterator[Declaration]:
        """What a function declares, with only those models that the section has at this scale."""
        for declaration in function.declarations:
            yield self._restricted(declaration, {*self.model_ids, *looked_at(self.section)})

    def _restricted(self, declaration: Declaration, models: Container[str]) -> Declaration:
        kept = tuple(name for name in declaration.models if name in models)
        return replace(declaration, models=kept)

    def _save(
        self, declaration: Declaration, reading: Reading, made: Figure | pd.DataFrame
    ) -> None:
        path = self.folder / declaration.stem(reading)
        # Of the models that the section only looks at, those that are finished.
        declaration = self._restricted(declaration, {*self.model_ids, *self.others})
        data = self.describe(declaration.datasets, declaration.note)
        if isinstance(made, Figure):
            origin = self._origin(declaration.models, data)
            caution = self.workspace.options.scale.caution if declaration.models else ""
            self.files += save_figure(made, path, origin, caution)
        else:
            self.files.append(self._save_table(path, made, declaration.models, data))

    def _save_table(
        self, path: Path, table: pd.DataFrame, models: Iterable[str], data: str
    ) -> Path:
        """Write a CSV file; scale and data stand beside every row that we computed.

        There, NaN is "undefined"; None, which was not measured, stays empty.
        """
        path = path.with_name(f"{path.name}.csv")
        theirs = np.broadcast_to(table.get("reading") == REPORTED, len(table))
        marked = with_undefined(table, ~theirs).assign(
            scale=np.where(theirs, "thesis", self.scale_of(models)),
            data=np.where(theirs, "thesis", data),
        )
        if self.workspace.readings:
            marked["other_readings"] = np.where(theirs, "", " + ".join(self.workspace.readings))
        with atomic_path(path) as temporary:
            marked.to_csv(temporary, index=False, lineterminator="\n")
        return path

    def judge(self, measurements: Iterable[Measurement]) -> list[Judgement]:
        """Write ``claims.json``: every claim of the section with its verdict.

        The data of a claim are those of its models.
        """
        measured = {measurement.claim_id: measurement for measurement in measurements}
        judgements = [
            self._judge(claim, measured.get(claim.id))
            for claim in load_claims()
            if claim.section == self.section  # Sections 3.3 and 3.4 make none
        ]
        for judgement in judgements:
            for reading, outcome in judgement.outcomes.items():
                _log.debug("%s, %s: %s", judgement.claim.id, reading, outcome.why)
                for check in outcome.checks:
                    word = "holds" if check.holds else "fails"
                    _log.debug("  %s, %s: %s", check.name, word, check.detail)
        path = self.folder / "claims.json"
        write_claims(path, judgements, self.workspace.readings)
        self.files.append(path)
        return judgements

    def _judge(self, claim: Claim, measurement: Measurement | None) -> Judgement:
        here = {*self.model_ids, *self.runs}  # fewer than the claim names, at smoke scale
        named = [name for name in claim.models if name in here]
        models = named or self.runs  # "all but alexnet-classifier": whichever are there
        datasets = dict.fromkeys(model(name).dataset.value for name in models)
        manifests = [self.workspace.manifest(name) for name in datasets]
        return judge(
            claim,
            measurement,
            scale=self.workspace.options.scale.name,
            precision=self.workspace.options.precision,
            stand_in=any(manifest.is_stand_in for manifest in manifests),
            data=self.describe(datasets),
            parts=[manifest.part for manifest in manifests if manifest.part],
        )

    def answer(self, question: str, **numbers: Any) -> None:
        """Add to ``research_questions.json`` what this section's numbers say about a question.

        ``question`` is its number in Table 1, "RQ3"; the words are those of the section's template
        of that name in ``chapters/answers``.
        """
        readings = self.workspace.readings
        under = f"Under {readings_in_words(readings)}: " if readings else ""
        self.answers[question] = under + render(self.section, question, numbers)
        path = self.folder / "research_questions.json"
        entries = [
            {"number": number, "question": QUESTIONS[number], "answer": text}
            for number, text in self.answers.items()
        ]
        scale, data = self.scale_of(self.model_ids), self.describe(self.dataset_ids)
        write_json(path, {"scale": scale, "data": data, "rq": entries})
        if path not in self.files:
            self.files.append(path)

    def write_manifest(self) -> None:
        """Write ``manifest.json``: what made the files, and the SHA-256 of each."""
        options = self.workspace.options
        manifest = {
            "section": self.section,
            "created": provenance.now(),
            "commit": provenance.commit(),
            "scale": options.scale.name,
            "data": self.describe(self.dataset_ids),
            "stand_in": self.is_of_stand_ins,
            "seed": options.seed,
            # Where errata are read the other way: never counted as the section's own results.
            **({"readings": self.workspace.readings} if self.workspace.readings else {}),
            # Of sections that show further ones.
            **({"seeds": sorted(self.seeds_shown)} if self.seeds_shown else {}),
            "precision": options.precision,
            "runs": {
                name: {
                    "run_id": run.config.run_id,
                    "epochs": run.config.values["epochs"],
                    "devices": run.recorded("device"),
                    # Of batch normalisation, per update, where the run is short (E27).
                    "batch_norm_momentum": run.recorded("batch_norm_momentum"),
                }
                for name, run in self.runs.items()
            },
            # Where no network was run, the backend was not asked for its devices.
            "device": device_name() if self.models else provenance.processor(),
            "files": {path.name: sha256(path) for path in self.files},
            "versions": provenance.versions(),
            "constraints": provenance.constraints(),
        }
        write_json(self.folder / "manifest.json", manifest)
