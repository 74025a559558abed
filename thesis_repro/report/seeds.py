"""Results of further seeds: OUT/seed-N/<section>/ beside OUT/<section>/, which is the first seed's.

They count with the first's where both were made alike. Nothing is written of it: whoever reads
results looks.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data_prep.checksums import sha256
from thesis_repro.report.reading import Damaged, Manifest, read_judgements, read_manifest
from thesis_repro.report.results import Problem
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.verdicts.seeds import over_seeds

SEED = re.compile(r"seed-(0|[1-9]\d*)", re.ASCII)
_NOT_COUNTED = "it does not count with the first seed's"


class Made(NamedTuple):
    """What results have to have in common to count together, and their seed."""

    section: str
    scale: str
    precision: str
    data: str
    stand_in: bool
    readings: tuple[str, ...]
    seed: int

    @classmethod
    def of(cls, manifest: Manifest) -> "Made":
        """What a manifest says."""
        return cls(*(getattr(manifest, name) for name in cls._fields))

    def unlike(self, other: "Made") -> str:
        """The first thing that these were made otherwise in, as a sentence; empty if nothing."""
        for name, ours, theirs in zip(self._fields, self, other, strict=True):
            if ours != theirs:
                one, another = (
                    " and ".join(each) or "none" if isinstance(each, tuple) else each
                    for each in (ours, theirs)
                )
                return f"its {name.replace('_', '-')} is {one}, not {another}"
        return ""


def seed_folder(out: Path, seed: int) -> Path:
    """Where the results of a further seed lie: a folder of results in itself."""
    return out / f"seed-{seed}"


def further_manifests(out: Path, first: Made) -> dict[Path, Manifest | Problem]:
    """The manifests of further seeds by folder, by seed; a `Problem` where one does not count."""
    return {folder: _manifest(folder, seed, first) for seed, folder in _folders(out, first.section)}


def further_results(out: Path, first: Made) -> dict[Path, Manifest]:
    """The manifests of those further seeds whose results count with the first's, by folder."""
    manifests = further_manifests(out, first)
    return {folder: each for folder, each in manifests.items() if isinstance(each, Manifest)}


class OverSeeds(NamedTuple):
    """A section's judgements over seeds, which seeds these are, and what does not count."""

    judgements: tuple[Judgement, ...]
    seeds: tuple[int, ...]
    problems: tuple[Problem, ...]


def with_further_seeds(out: Path, first: Manifest, judgements: tuple[Judgement, ...]) -> OverSeeds:
    """The first seed's judgements of a section, each joined with those of further seeds."""
    by_seed = {first.seed: {one.claim.id: one for one in judgements}}
    problems = []
    for folder, manifest in further_manifests(out, Made.of(first)).items():
        read = _judgements(folder, manifest) if isinstance(manifest, Manifest) else manifest
        if isinstance(read, Problem):
            problems.append(read)
        else:
            by_seed[manifest.seed] = read
    if len(by_seed) == 1:
        return OverSeeds(judgements, (), tuple(problems))
    joined = []
    for one in judgements:
        of_claim = {
            seed: others[one.claim.id] for seed, others in by_seed.items() if one.claim.id in others
        }
        try:
            joined.append(over_seeds(of_claim))
        except ValueError as error:
            joined.append(one)
            cause = f"seeds are not joined ({error})"
            problems.append(Problem(out / first.section, cause, is_damage=False))
    return OverSeeds(tuple(joined), tuple(by_seed), tuple(problems))


def _folders(out: Path, section: str) -> Iterator[tuple[int, Path]]:
    """The places of a section's results with further seeds, by seed.

    Folders without any are left out, and whatever cannot be looked into is not: its manifest cannot
    be read, and that is said.
    """
    places = out.iterdir() if out.is_dir() else ()
    by_seed = ((SEED.fullmatch(place.name), place / section) for place in places)
    for seed, folder in sorted((int(match[1]), folder) for match, folder in by_seed if match):
        try:
            is_there = any(path.suffix == ".json" for path in folder.iterdir())
        except FileNotFoundError:
            is_there = not folder.parent.is_dir()  # a link to nowhere, else no results
        except OSError:
            is_there = True
        if is_there:
            yield seed, folder


def _manifest(folder: Path, seed: int, first: Made) -> Manifest | Problem:
    try:
        manifest = read_manifest(folder / "manifest.json")
    except Damaged as error:
        return Problem(folder, f"{_NOT_COUNTED}: of its manifest.json, {error}")
    made = Made.of(manifest)
    if seed == first.seed:
        return _other(folder, f"its seed, {seed}, is the first's")
    if reason := made.unlike(first._replace(seed=seed)):
        return _other(folder, reason)
    return manifest


def _judgements(folder: Path, manifest: Manifest) -> dict[str, Judgement] | Problem:
    """The judgements of a further seed, by claim; none where the section makes no claims."""
    path = folder / "claims.json"
    if path.name not in manifest.files and not path.exists():
        return {}
    try:
        judgements = read_judgements(path, manifest.readings)
        if sha256(path) != manifest.files.get(path.name):
            raise Damaged("it is not the file that manifest.json lists")
    except Damaged as error:
        return Problem(folder, f"{_NOT_COUNTED}: of its claims.json, {error}")
    except OSError as error:
        return Problem(folder, f"{_NOT_COUNTED}: its claims.json cannot be read ({error.strerror})")
    return judgements


def _other(folder: Path, reason: str) -> Problem:
    return Problem(folder, f"{_NOT_COUNTED}: {reason}", is_damage=False)
