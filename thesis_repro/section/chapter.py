"""What a chapter script works with: models trained or loaded, and places for what it emits.

``<out>/<section>/`` gets ``figure_N.png`` and ``.svg``, ``table_N.csv``, ``claims.json`` and, last,
``manifest.json``; each figure carries its scale, data, seed and runs.
"""

import gc
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from data_prep.reading import PreparedData
from thesis_repro import provenance
from thesis_repro.files import atomic_path, sha256, write_json
from thesis_repro.plots.figures import save_figure
from thesis_repro.section.workspace import Workspace
from thesis_repro.seeds import derive_seed
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.research_questions import QUESTIONS
from thesis_repro.training.images import ImageData
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.training.train import TrainedModel
from thesis_repro.verdicts.judgements import Judgement, Measurement, judge, write_claims

_log = logging.getLogger(__name__)


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

    @property
    def folder(self) -> Path:
        """Where this section's files go."""
        return self.workspace.out / self.section

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
            self.others[model_id] = run
        return run

    def release(self, model_id: str) -> None:
        """Let go of a model's networks (AlexNet-VAE's are 1.2 GB); what is written names its run.

        The model cannot be used in this section any more.
        """
        self.models[model_id] = self.models[model_id]._replace(model=None)
        gc.collect()  # layers and their models refer to each other

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

    def rng(self, *purpose: str | int) -> np.random.Generator:
        """Random numbers for one purpose in this section: the same in every run with this seed."""
        seed = derive_seed(self.workspace.options.seed, self.section, *purpose)
        return np.random.default_rng(seed)

    @property
    def shows_stand_ins(self) -> bool:
        """Whether any of the data behind this section's results are made up."""
        return any(data.is_stand_in for data in self.data.values())

    @property
    def data_description(self) -> str:
        """The data behind this section's results."""
        return ", ".join(sorted({data.description for data in self.data.values()}))

    @property
    def scale_name(self) -> str:
        """The scale behind this section's results, empty where no images were chosen by one."""
        scaled = any(isinstance(data, ImageData) for data in self.data.values())
        return self.workspace.options.scale.name if scaled else ""

    @property
    def runs(self) -> dict[str, RunFolder]:
        """The runs behind this section's results, by model."""
        return {name: trained.run for name, trained in self.models.items()} | self.others

    @property
    def origin(self) -> str:
        """One line that says where this section's results come from."""
        return self._origin(self.data_description, self.models)

    def _origin(self, data: str, models: Iterable[str]) -> str:
        """The line under a figure that shows these data and models."""
        options = self.workspace.options
        runs = ", ".join(self.runs[name].config.run_id for name in models)
        precision = "" if options.precision == "float32" else options.precision
        parts = (
            f"thesis-repro chapter {self.section}",
            f"scale {self.scale_name}" if self.scale_name else "",
            data,
            f"seed {options.seed}",
            precision,
            f"runs {runs}" if runs else "",
        )
        return " · ".join(part for part in parts if part)

    def save_figure(
        self,
        number: int | str,
        figure: Figure,
        data: str | None = None,
        models: Iterable[str] | None = None,
    ) -> None:
        """Write ``figure_<number>`` as PNG and SVG, its origin printed under it.

        ``number`` is the thesis's; "27_as_run" is its figure as the original code drew it.
        ``data`` describes what it shows, and ``models`` are the ids of those that it shows, where
        that is not all of the section's.
        """
        origin = self._origin(
            self.data_description if data is None else data,
            self.models if models is None else models,
        )
        self.files += save_figure(figure, self.folder / f"figure_{number}", origin)

    def save_figure_numbers(self, number: int, table: pd.DataFrame, data: str) -> None:
        """Write ``figure_<number>.csv``, the numbers behind a figure of these data."""
        self._save_csv(f"figure_{number}", table, data)

    def save_numbers(self, stem: str, table: pd.DataFrame, data: str | None = None) -> None:
        """Write ``<stem>.csv``, numbers that the thesis prints in its text or not at all.

        ``data`` describes them where they are not of all of the section's data.
        """
        self._save_csv(stem, table, self.data_description if data is None else data)

    def save_table(self, number: int, table: pd.DataFrame) -> None:
        """Write ``table_<number>.csv``; scale and data stand beside every row that we computed."""
        self._save_csv(f"table_{number}", table, self.data_description)

    def _save_csv(self, stem: str, table: pd.DataFrame, data: str) -> None:
        path = self.folder / f"{stem}.csv"
        theirs = table.get("reading") == "reported"
        marked = table.assign(
            scale=np.where(theirs, "thesis", self.scale_name),
            data=np.where(theirs, "thesis", data),
        )
        with atomic_path(path) as temporary:
            marked.to_csv(temporary, index=False, lineterminator="\n")
        self.files.append(path)

    def judge(self, measurements: Iterable[Measurement]) -> list[Judgement]:
        """Write ``claims.json``: every claim of the section with its verdict."""
        measured = {measurement.claim_id: measurement for measurement in measurements}
        judgements = [
            judge(
                claim,
                measured.get(claim.id),
                scale=self.workspace.options.scale.name,
                stand_in=self.shows_stand_ins,
                data=self.data_description,
            )
            for claim in load_claims()
            if claim.section == self.section  # Sections 3.3 and 3.4 make none
        ]
        for judgement in judgements:
            _log.debug("%s: %s", judgement.claim.id, judgement.why)
            for check in judgement.checks:
                outcome = "holds" if check.holds else "fails"
                _log.debug("  %s, %s: %s", check.name, outcome, check.detail)
        path = self.folder / "claims.json"
        write_claims(path, judgements)
        self.files.append(path)
        return judgements

    def answer(self, question: str, text: str) -> None:
        """Add to ``research_questions.json`` what this section's numbers say about a question.

        ``question`` is its number in Table 1, "RQ3".
        """
        self.answers[question] = text
        path = self.folder / "research_questions.json"
        entries = [
            {"number": number, "question": QUESTIONS[number], "answer": own}
            for number, own in self.answers.items()
        ]
        write_json(path, {"scale": self.scale_name, "data": self.data_description, "rq": entries})
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
            "data": self.data_description,
            "stand_in": self.shows_stand_ins,
            "seed": options.seed,
            "precision": options.precision,
            "runs": {
                name: {"run_id": run.config.run_id, "epochs": run.config.values["epochs"]}
                for name, run in self.runs.items()
            },
            "files": {path.name: sha256(path) for path in self.files},
            "versions": provenance.versions(),
        }
        write_json(self.folder / "manifest.json", manifest)
