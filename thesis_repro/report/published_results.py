"""The published results: what a repository shows of results, and may show.

``docs/results/`` has a page with its pictures (WebP), the same as JSON, and the ledger
as Markdown, which is also what README has of it. Pictures of data that may not be passed on, and
such as models make after them, are left out by name (`Maker.withheld`).
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from data_prep.errors import DataError, os_errors
from data_prep.folders import replacing
from data_prep.sources import is_note
from thesis_repro.report.ledger import heads, is_evidence, ledger_table
from thesis_repro.report.page import compressed, write_page
from thesis_repro.report.plain import write_plain
from thesis_repro.report.results import Item, Results, Section
from thesis_repro.report.seeds import Made, further_manifests
from thesis_repro.verdicts.grades import Grade, graded
from thesis_repro.verdicts.judgements import Judgement

LARGEST_IN_ALL = 12_000_000  # bytes: a repository is cloned whole, by everyone

_PAGE = "index.html"
# From a mark to the next one: never beyond another comment.
_PLACE = re.compile(r"(<!-- results: [^>]*-->(\r?\n))(?:(?!<!--).)*(<!-- /results -->)", re.DOTALL)
_ENTRIES = {_PAGE, "index.json", "README.md", "pictures"}
_AGAIN = "make them again, then publish"


def publishable(results: Results) -> Results:
    """What of results may be shown: all but figures that must not be passed on.

    Raises:
        DataError: they are damaged, of stand-ins, prove nothing, or are of code that others cannot
            get.
    """
    for section in results.sections:
        _check(results.out, section)
    return _public(results)


def publish_results(shown: Results, folder: Path) -> None:
    """Write the published results in the place of those before.

    Args:
        shown: What `publishable` has left.
        folder: Where they go.

    Raises:
        DataError: they have more bytes than are allowed, something else is in their place, or the
            files cannot be written.
    """
    named = replace(shown, out=Path(folder.name))  # where they lie on this machine is nobody's
    cannot = os_errors(folder, "it cannot be written", "free some space, or mend the permissions")
    with cannot, replacing(folder, _refuse_foreign) as place:
        (place / "pictures").mkdir()

        def picture(section: str, item: Item) -> str:
            content, kind = compressed(item)
            address = f"pictures/{section}-{Path(item.file.name).stem}.{kind}"
            (place / address).write_bytes(content)
            return address

        write_page(named, place / _PAGE, picture=picture)
        write_plain(named, place / "index.json")
        (place / "README.md").write_text(_ledger(named.judgements), encoding="utf-8")
        in_all = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if in_all > LARGEST_IN_ALL:
            cause = f"{in_all:,} bytes are more than the {LARGEST_IN_ALL:,} allowed"
            raise DataError(folder, cause, "leave a section out")


def _refuse_foreign(folder: Path) -> None:
    """Never replace what is no such folder."""
    if not folder.exists():
        return
    entries = {path.name for path in folder.iterdir() if not is_note(path.name)}
    if _PAGE not in entries:
        raise DataError(folder, "it holds no published results", "name another folder")
    if others := sorted(entries - _ENTRIES):
        raise DataError(folder, f"it holds something else, too ({others[0]})", "move that away")


def _check(out: Path, section: Section) -> None:
    """See that a section's results, of all seeds, may be published.

    Raises:
        DataError: they must not be.
    """
    for problem in section.problems:
        raise DataError(problem.path, problem.cause, _AGAIN)
    folder, made = out / section.name, section.manifest
    if made.stand_in:
        raise DataError(folder, f"they are of stand-ins ({made.data})", _AGAIN)
    manifests = {folder: made, **further_manifests(out, Made.of(made))}
    for place, each in manifests.items():
        if each.commit is None or each.commit.endswith("-dirty"):
            cause = f"the code that made them was {each.commit or 'of no commit'}"
            raise DataError(place, cause, "commit it, and make them again")
    evidence = graded(made.scale, made.precision, stand_in=made.stand_in, data=made.data)
    if made.runs and evidence.grade is Grade.PATH:
        cause = f"they prove nothing: {', '.join(evidence.obstacles)}"
        raise DataError(folder, cause, "make them at quick or at paper scale")


def _public(results: Results) -> Results:
    """The results without the figures that must not be passed on."""
    shown, withheld = [], {}
    for section in results.sections:
        reasons = {item: _reason(item) for item in section.figures}
        withheld |= {item.key: reason for item, reason in reasons.items() if reason}
        figures = tuple(item for item, reason in reasons.items() if not reason)
        shown.append(replace(section, figures=figures))
    return replace(results, sections=tuple(shown), withheld=withheld)


def _reason(item: Item) -> str:
    """Why a figure must not be passed on; empty where it may be."""
    if item.maker is None:
        return "not shown: no function of this version makes it, so that nobody knows what it shows"
    return f"not shown: {item.maker.withheld}" if item.maker.withheld else ""


# === As Markdown ===


def _ledger(judgements: Iterable[Judgement]) -> str:
    """The whole ledger, for who looks at the folder where pages are not shown."""
    judgements = [*judgements]
    return f"""# Published results

Made by `make results`. [{_PAGE}]({_PAGE}) has every figure, table and check, `index.json` the same
for programs.

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
    table = ledger_table(filter(is_evidence, judgements), f"{folder}/{_PAGE}")
    block = [*heads(judgements).splitlines(), "", *table.splitlines(), ""]
    new, count = _PLACE.subn(lambda match: f"{match[1]}{match[2].join(block)}{match[3]}", text)
    if count != 1:
        raise ValueError("It has no place for the published results, or several.")
    return new
