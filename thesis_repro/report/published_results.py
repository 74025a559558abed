"""The published results: what a repository shows of results, and may show.

``docs/results/`` is a folder of results like any other, with pictures as WebP and without what may
not be passed on (`Maker.withheld`), and beside its sections the page, the same as JSON, and the
ledger as Markdown, which is also what README has of it.
"""

import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from data_prep.checksums import sha256
from data_prep.errors import DataError, os_errors
from data_prep.folders import replacing
from data_prep.sources import is_note
from thesis_repro.files import write_json
from thesis_repro.report.collect import SECTION, collect
from thesis_repro.report.ledger import folded_tables, heads, is_evidence, ledger_table
from thesis_repro.report.page import compressed, write_page
from thesis_repro.report.plain import write_plain
from thesis_repro.report.reading import Damaged, Manifest, read_manifest
from thesis_repro.report.results import Item, Problem, Results, Script, Section
from thesis_repro.report.seeds import SEED, Made, further_manifests
from thesis_repro.report.universes import (
    FOLDER,
    curve_file,
    read_multiverse,
    rows_file,
    summary_file,
    write_rows,
)
from thesis_repro.verdicts.grades import Grade, graded
from thesis_repro.verdicts.judgements import Judgement

LARGEST_IN_ALL = 12_000_000  # bytes: a repository is cloned whole, by everyone

_PAGE, _MANIFEST = "index.html", "manifest.json"
# From a mark to the next one: never beyond another comment.
_PLACE = re.compile(r"(<!-- results: [^>]*-->(\r?\n))(?:(?!<!--).)*(<!-- /results -->)", re.DOTALL)
# What lies beside sections and further seeds; `report` writes the last ones.
_ENTRIES = {_PAGE, "index.json", "README.md", "report.html", "REPORT.md", "report.tex", FOLDER}
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_WORDS = ("claims.json", "research_questions.json")
_AGAIN = "make them again, then publish"
_AWAY = "move it away, then publish"


def publishable(results: Results) -> Results:
    """What of results may be shown: all but figures that must not be passed on.

    Raises:
        DataError: they are damaged, of stand-ins, prove nothing, or are of code that others cannot
            get.
    """
    for section in results.sections:
        _check(results.out, section)
    sections = (
        replace(section, figures=tuple(filter(_may_be_shown, section.figures)))
        for section in results.sections
    )
    return replace(results, sections=tuple(sections))


def publish_results(shown: Results, folder: Path) -> Results:
    """Write the published results; sections that are there, and not among these, stay.

    Args:
        shown: What `publishable` has left.
        folder: Where they go.

    Returns:
        All that is published then.

    Raises:
        DataError: they have more bytes than are allowed, something else is in their place, what is
            there is damaged or of another version, or the files cannot be written.
    """
    cannot = os_errors(folder, "it cannot be written", "free some space, or mend the permissions")
    with cannot, replacing(folder, _refuse_foreign) as place:
        _keep(folder, {section.name for section in shown.sections}, place)
        for section in shown.sections:
            _write_section(shown.out, section, shown.scripts, place)
            if section.multiverse:
                _copy_multiverse(section.name, shown.out, place)
        published = _published(place, shown.scripts, folder.name)
        write_page(published, place / _PAGE, picture=_picture)
        write_plain(published, place / "index.json")
        (place / "README.md").write_text(_ledger(published.judgements), encoding="utf-8")
        in_all = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if in_all > LARGEST_IN_ALL:
            cause = f"{in_all:,} bytes are more than the {LARGEST_IN_ALL:,} allowed"
            raise DataError(folder, cause, "leave a section out")
    return published


def _refuse_foreign(folder: Path) -> None:
    """Never replace what is no such folder."""
    if not folder.exists():
        return
    entries = {path.name for path in folder.iterdir() if not is_note(path.name)}
    if _PAGE not in entries:
        raise DataError(folder, "it holds no published results", "name another folder")
    others = sorted(
        name
        for name in entries - _ENTRIES
        if not SECTION.fullmatch(name) and not SEED.fullmatch(name)
    )
    multiverse = (folder / FOLDER).iterdir() if FOLDER in entries else ()
    others += sorted(f"{FOLDER}/{path.name}" for path in multiverse if not _is_ours(path.name))
    others += (name for place in _section_folders(folder) for name in _not_listed(place, folder))
    if others:
        raise DataError(folder, f"it holds something else, too ({others[0]})", "move that away")


def _is_ours(name: str) -> bool:
    """Whether a file of the multiverse's folder is one that is published, or a note."""
    section, _, suffix = name.rpartition(".")
    return is_note(name) or (bool(SECTION.fullmatch(section)) and suffix in ("json", "csv", "svg"))


def _section_folders(folder: Path) -> list[Path]:
    """Where sections are published, and their further seeds."""
    places = [*folder.glob("*.*/"), *folder.glob("seed-*/*.*/")]
    return [place for place in places if SECTION.fullmatch(place.name)]


def _not_listed(place: Path, folder: Path) -> list[str]:
    """What lies in a section's folder that its manifest does not list, but notes."""
    with suppress(Damaged):  # of which nothing can be said; whoever reads it says so
        listed = {_MANIFEST, *read_manifest(place / _MANIFEST).files}
        others = sorted(path for path in place.iterdir() if path.name not in listed)
        return [str(path.relative_to(folder)) for path in others if not is_note(path.name)]
    return []


def _keep(folder: Path, replaced: set[str], place: Path) -> None:
    """Copy the sections that stay, with their further seeds and their multiverses."""
    for path in _section_folders(folder):
        if path.name not in replaced:
            shutil.copytree(path, place / path.relative_to(folder))
            _copy_multiverse(path.name, folder, place)


def _copy_multiverse(section: str, source: Path, target: Path) -> None:
    """What a section comes to under all of its readings; the universes themselves stay behind.

    Its rows are written anew: nothing vouches for those there.
    """
    for of in (summary_file, curve_file):
        if of(source, section).exists():
            of(target, section).parent.mkdir(exist_ok=True)
            shutil.copyfile(of(source, section), of(target, section))
    with suppress(Damaged):  # none is there, or it is refused with what is published
        write_rows(rows_file(target, section), read_multiverse(summary_file(source, section)))


def _write_section(out: Path, section: Section, scripts: Mapping[str, Script], place: Path) -> None:
    """Write a section's folder as it is published, and of further seeds their claims."""
    target = place / section.name
    target.mkdir()
    tables = [item.file.name for item in section.tables]
    _copy([*_WORDS, *tables], out / section.name, target)
    for item in section.figures:
        content, kind = compressed(item)
        (target / f"{Path(item.file.name).stem}.{kind}").write_bytes(content)
    makers = scripts[section.name].makers.items()
    withheld = {name: maker.withheld for name, maker in makers if maker.withheld}
    summary = sha256(summary_file(out, section.name)) if section.multiverse else ""
    _write_manifest(replace(section.manifest, withheld=withheld, multiverse=summary), target)
    for source, manifest in further_manifests(out, Made.of(section.manifest)).items():
        of_seed = place / source.relative_to(out)
        of_seed.mkdir(parents=True)
        _copy(("claims.json",), source, of_seed)
        _write_manifest(manifest, of_seed)


def _copy(names: Iterable[str], source: Path, target: Path) -> None:
    """Copy what there is of these files: not every section makes claims or answers a question."""
    for name in names:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def _write_manifest(made: Manifest, folder: Path) -> None:
    """What made the section, with the files that are published of it."""
    runs = {
        run.model: {k: v for k, v in run._asdict().items() if k != "model"} for run in made.runs
    }
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    fields: dict[str, Any] = asdict(made) | {"runs": runs, "files": files}
    write_json(folder / _MANIFEST, fields)


def _published(place: Path, scripts: Mapping[str, Script], name: str) -> Results:
    """All that lies there, by the folder's name: where it is on this machine is nobody's.

    Raises:
        DataError: a section that was published before is not as this version reads it.
    """
    results = collect(place, scripts)
    for problem in results.problems:
        raise DataError(Path(problem.path.parent.name, problem.path.name), problem.cause, _AGAIN)
    return replace(results, out=Path(name))


def _may_be_shown(item: Item) -> bool:
    """Whether a figure may be passed on; of one that nothing makes, nobody knows what it shows."""
    return item.maker is not None and not item.maker.withheld


def _picture(section: str, item: Item) -> str:
    return f"{section}/{item.file.name}"


def _check(out: Path, section: Section) -> None:
    """See that a section's results, of all seeds, may be published.

    Raises:
        DataError: they must not be.
    """
    folder, made = out / section.name, section.manifest
    for problem in section.problems:
        is_of_others = not problem.is_damage and problem.path.parent == folder
        raise DataError(problem.path, problem.cause, _AWAY if is_of_others else _AGAIN)
    if not section.script:
        raise DataError(folder, "this version has no such section", "move it away")
    if made.stand_in:
        raise DataError(folder, f"they are of stand-ins ({made.data})", _AGAIN)
    manifests = {folder: made, **further_manifests(out, Made.of(made))}
    for place, each in manifests.items():
        if isinstance(each, Problem):
            raise DataError(place, each.cause, "make them again, or move them away")
        _check_commit(place, each.commit)
    for commit in section.multiverse.commits if section.multiverse else ():
        _check_commit(summary_file(out, section.name), commit)
    evidence = graded(made.scale, made.precision, stand_in=made.stand_in, data=made.data)
    if made.runs and evidence.grade is Grade.PATH:
        cause = f"they prove nothing: {', '.join(evidence.obstacles)}"
        raise DataError(folder, cause, "make them at quick or at paper scale")
    grades = {one.verdict.grade for one in section.judgements} - {None}
    if grades == {Grade.PATH}:
        obstacles = dict.fromkeys(
            words for one in section.judgements for words in one.written.obstacles
        )
        cause = f"they prove nothing: {', '.join(obstacles)}"
        raise DataError(folder, cause, "make them of whole data sets")
    for one in section.judgements:
        if one.as_written and one.scale != made.scale:
            cause = f"its manifest says scale {made.scale}, {one.claim.id} {one.scale}"
            raise DataError(folder, cause, _AGAIN)


def _check_commit(place: Path, commit: str | None) -> None:
    """Refuse what code made that others cannot get."""
    if not _COMMIT.fullmatch(commit or ""):
        cause = f"the code that made them was {commit or 'of no commit'}"
        raise DataError(place, cause, "commit it, and make them again")


# === As Markdown ===


def _ledger(judgements: Iterable[Judgement]) -> str:
    """The whole ledger, for who looks at the folder where pages are not shown."""
    judgements = [*judgements]
    return f"""# Published results

Made by `make results`. [{_PAGE}]({_PAGE}) has every figure, table and check, `index.json` the same
for programs; each section's tables, claims and manifest lie in its folder. In a clone,
`thesis-repro claims --out docs/results` and `load_results("4.2", out="docs/results")` read them.

{heads(judgements)}

{ledger_table(judgements, _PAGE)}
"""


def readme_with(text: str, judgements: Iterable[Judgement], folder: str) -> str:
    """README with the evidence of the published results in its place.

    Args:
        text: README as it is.
        judgements: The published ones.
        folder: Address of the folder of the published results.

    Raises:
        ValueError: it has no place for them, ``<!-- results: ... -->`` to ``<!-- /results -->``, or
            several.
    """
    judgements = [*judgements]
    tables = folded_tables(filter(is_evidence, judgements), f"{folder}/{_PAGE}")
    block = [*heads(judgements).splitlines(), "", *tables.splitlines(), ""]
    new, count = _PLACE.subn(lambda match: f"{match[1]}{match[2].join(block)}{match[3]}", text)
    if count != 1:
        raise ValueError("It has no place for the published results, or several.")
    return new
