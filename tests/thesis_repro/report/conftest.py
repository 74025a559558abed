"""Results as chapters write them, and a PDF with the thesis's captions; both made here."""

import io
import textwrap

import pytest
from click.testing import CliRunner
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from msgspec.structs import asdict

from data_prep.checksums import sha256
from thesis_repro.cli import main
from thesis_repro.files import write_json
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, judge, write_claims

TABLE_3 = """\
model,reading,original_mean,p,scale,data
mnist-vlae-factor-1,as written,886.2996266682943,0.6500934623485037,smoke,digits
mnist-vlae-factor-1,reported,232.759,< 0.001,thesis,thesis
"""

VERDICTS = {
    "4.2-best-epoch": "replicated",
    "4.2-best-loss-order": "not replicated",
    "4.2-overfit-order": "path only",
}
AS_RUN = {"4.2-best-loss-order": "replicated"}
DISTANCES = {
    "4.2-best-epoch": 12.0,
    "4.2-best-loss-order": 0.1234567,
    "4.2-overfit-order": 0.5,
}


@pytest.fixture(scope="session")
def png() -> bytes:
    """A small picture with an origin in it, as figures have one."""
    with io.BytesIO() as file:
        Figure(figsize=(2, 1)).savefig(file, metadata={"Description": "chapter 4.2 · seed 0"})
        return file.getvalue()


def claim_entry(claim, verdict, as_run=None, scale="smoke"):
    measured = {"best_epoch": [2, 2, 2]} if claim.id == "4.2-best-epoch" else {"loss": 1.25}
    check = {
        "name": "a check",
        "holds": verdict == "replicated",
        "ours": [2, 2, 2],
        "theirs": None,
        "detail": "off by 90.0%",
        "why": "the ground <of it>",
        "distance": DISTANCES.get(claim.id),
    }
    outcome = {
        "verdict": verdict,
        "why": f"because {verdict}",
        "values": measured,
        "checks": [check],
    }
    own = {"scale": scale, "data": "digits", "readings": {"as written": outcome}}
    if as_run:
        values = {name: "undefined" for name in measured}
        own["readings"]["as run"] = outcome | {"verdict": as_run, "why": "so run", "values": values}
    return asdict(claim) | {"verdict": verdict} | own


@pytest.fixture(scope="session")
def write_section(png):
    """Write a finished section; returns its folder."""

    def write(out, section="4.2", figures=("20", "21", "21_as_run"), verdicts=VERDICTS, **changes):
        folder = out / section
        folder.mkdir(parents=True)
        for figure in figures:
            (folder / f"figure_{figure}.png").write_bytes(png)
        (folder / "table_3.csv").write_text(TABLE_3)
        chosen = [claim for claim in load_claims() if claim.id in verdicts]
        scale = changes.get("scale", "smoke")
        entries = [
            claim_entry(claim, verdicts[claim.id], AS_RUN.get(claim.id), scale) for claim in chosen
        ]
        write_json(folder / "claims.json", entries)
        answer = {"number": "RQ1", "question": "?", "answer": "They use many maps."}
        rq = {"scale": "smoke", "data": "digits", "rq": [answer]}
        write_json(folder / "research_questions.json", rq)
        write_manifest(folder, section=section, **changes)
        return folder

    return write


DATA = "dSprites (rendered)"
ORDER, PATHS = "4.3-kl-order", "4.3-ppl-10000"
FALLING, RISING = [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0]


def write_two_claims(out, seed=0, kl=FALLING, mean=232.0, readings=(), **changes):
    """The claims of Section 4.3 with a seed, of which two were measured."""
    made = {"scale": "quick", "precision": "float32", "stand_in": False, "data": DATA}
    made |= {name: changes[name] for name in made if name in changes}
    numbers = {"mean": mean, "sd": 100.0}
    measured = {
        ORDER: Measurement(ORDER, {"kl": kl}),
        PATHS: Measurement(PATHS, numbers, {"mean": 2 * mean, "sd": 100.0}),
    }
    folder = out / "4.3"
    folder.mkdir(parents=True)
    judgements = [judge(claim, measured.get(claim.id), **made) for claim in load_claims("4.3")]
    write_claims(folder / "claims.json", judgements, readings)
    manifest = {
        **made, "section": "4.3", "created": "2026-01-02T03:04:05+00:00", "commit": "0123456789ab",
        "seed": seed, "runs": {}, "files": {"claims.json": sha256(folder / "claims.json")},
        "versions": {}, "readings": readings,
    }  # fmt: skip
    write_json(folder / "manifest.json", manifest | changes)
    return folder


@pytest.fixture
def out(tmp_path, write_section):
    """A folder with the results of Section 4.2."""
    write_section(tmp_path)
    return tmp_path


def run(*arguments):
    """What a command says; only its own exit ends it."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def write_manifest(folder, **changes):
    """The manifest of the files that are there."""
    files = {path.name: sha256(path) for path in sorted(folder.iterdir())}
    manifest = {
        "section": folder.name,
        "created": "2026-01-02T03:04:05+00:00",
        "commit": "0123456789ab",
        "scale": "smoke",
        "data": "digits",
        "stand_in": True,
        "seed": 7,
        "precision": "float32",
        "runs": {
            "mnist-vlae-factor-1": {"run_id": "aaaabbbbcccc", "epochs": 2, "devices": ["NVIDIA A"]}
        },
        "device": "EPYC",
        "files": files,
        "versions": {"python": "3.11.0", "keras": "3.15.1"},
    }
    write_json(folder / "manifest.json", manifest | changes)


@pytest.fixture(scope="session")
def thesis_pdf(tmp_path_factory):
    """A PDF with lists of figures and tables and then a page for each caption.

    Every page mentions Figure 23 at the start of a line; the page with Figure 24 is missing.
    """
    path = tmp_path_factory.mktemp("pdf") / "thesis.pdf"
    with PdfPages(path) as pdf:
        for lines in thesis_lines(load_captions().values()):
            page = Figure(figsize=(8.3, 11.7))
            page.text(0.1, 0.95, "\n".join(lines), va="top", fontsize=8)
            pdf.savefig(page)
    return path


def thesis_lines(captions):
    """The lines of each page: contents, three pages of lists, one page for each caption."""
    entries = [f"{own.name}: {own.title} . . . . {own.page}" for own in captions]
    yield ["Contents", "List of Figures  VII"]
    yield ["List of Figures", *entries[:8]]
    yield entries[8:60]  # goes on without a heading
    yield [*entries[60:83], "List of Tables", *entries[83:]]
    for own in captions:
        if own.name == "Figure 24":
            continue
        mention = ["Consider the plots. The difference shows in", "Figure 23. It shows", ""]
        yield [*mention, *textwrap.wrap(f"{own.name}: {own.caption}", 60), "Text goes on."]
