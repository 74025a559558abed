"""The ledger as a table of Markdown: what README shows of the published results."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from thesis_repro.report.cells import cell
from thesis_repro.report.results import count_verdicts, ledger_head
from thesis_repro.thesis.claims import Claim
from thesis_repro.thesis.readings import Reading
from thesis_repro.verdicts.grades import Grade
from thesis_repro.verdicts.judgements import Judgement
from thesis_repro.verdicts.text import verdicts
from thesis_repro.words import counted

_COLUMNS = ("claim", "reported", "ours", "grade", "verdict", "command")
_QUANTITIES = 2  # at most, of a claim of which the thesis reports no number


def heads(judgements: Iterable[Judgement]) -> str:
    """What the verdicts come to, a line for each reading that there is."""
    judgements = [*judgements]
    lines = []
    for reading in Reading:
        counts = count_verdicts(judgements, reading)
        if sum(counts.values()):
            lines.append(
                f"{counted(sum(counts.values()), 'claim')} {reading}: {ledger_head(counts)}"
            )
    return "\n".join(lines)


def is_evidence(judgement: Judgement) -> bool:
    """Whether it says something about the thesis: what only proves the path says nothing."""
    return judgement.verdict.grade in (Grade.PAPER, Grade.REDUCED)


def ledger_table(judgements: Iterable[Judgement], page: str = "") -> str:
    """A line for each claim: what is reported, ours, what that is worth, the verdict, the command.

    Args:
        judgements: The claims.
        page: The address of the page that has all of each; empty without one.
    """
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_row(one, page) for one in judgements)]
    return "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in rows)


def folded_tables(judgements: Iterable[Judgement], page: str) -> str:
    """The `ledger_table` of each section, folded (HTML's ``details``) under what it comes to.

    ``judgements`` are in the sections' order.
    """
    blocks = []
    for section, each in groupby(judgements, key=lambda judgement: judgement.claim.section):
        of_section = [*each]
        head = ledger_head(count_verdicts(of_section, Reading.WRITTEN))
        summary = f"<summary>Section {section}: {head}</summary>"
        table = ledger_table(of_section, page)
        blocks += ["<details>", summary, "", table, "", "</details>"]
    return "\n".join(blocks)


def in_brief(judgement: Judgement) -> tuple[str, str, str]:
    """What is reported, ours as written and ours as run, each in a line; empty where nothing is.

    Ours are the quantities that the thesis reports; where it prints no number, the first ones that
    the claim's rule rests on. A list has a number for each of the claim's models.
    """
    reported, written, run = (
        values or {} for values in (judgement.reported, judgement.as_written, judgement.as_run)
    )
    names = [name for name in written if name in reported] or [*written][:_QUANTITIES]
    return (
        _values(judgement.claim, reported, reported, printed=True),
        _values(judgement.claim, written, names, printed=False),
        _values(judgement.claim, run, [name for name in names if name in run], printed=False),
    )


def _row(judgement: Judgement, page: str) -> Iterator[str]:
    claim = judgement.claim
    reported, written, _ = in_brief(judgement)
    name = f"[{claim.id}]({page}#{claim.id})" if page else claim.id
    yield f"{name}: {claim.statement}"
    yield reported or "–"
    yield written or "–"
    yield judgement.verdict.grade or "–"
    yield verdicts(judgement)
    yield f"`{command_of(judgement)}`"


def command_of(judgement: Judgement) -> str:
    """What makes a claim's numbers again."""
    scale = f" --scale {judgement.scale}" if judgement.scale not in ("", "paper") else ""
    seeds = f" --seeds {','.join(map(str, judgement.seeds))}" if judgement.seeds else ""
    return f"thesis-repro chapter {judgement.claim.section}{scale}{seeds}"


def _values(claim: Claim, values: dict, names: Iterable[str], *, printed: bool) -> str:
    cells = {
        name: cell(values[name], printed=printed, least_p=claim.least_p(name)) for name in names
    }
    parts = (f"{name.replace('_', ' ')} {shown.text}" for name, shown in cells.items())
    return "; ".join(parts)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
