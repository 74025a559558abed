"""The pages say what is true: their examples run as printed, the files that they name are there."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from thesis_repro.cli import main
from thesis_repro.files import read_packaged
from thesis_repro.models import zoo
from thesis_repro.models.families import FAMILIES
from thesis_repro.section import registry
from thesis_repro.section.places import find
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata
from thesis_repro.training import published_places
from thesis_repro.training.published import published_runs
from thesis_repro.training.withheld import WITHHELD
from thesis_repro.verdicts.rules import parse_rules

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
_FILE = re.compile(r"`([\w/.-]+\.(?:py|toml|json|j2|sh))`")
MADE = {"ch5_1.py", "ch5_1_codes.py", "5.1_RQ4.j2", "chX_Y.py"}  # files of an example
WRITTEN = {"config.json", "provenance.json", "manifest.json", "claims.json"}  # by the package


def blocks(page, language):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page):
    """By their path from the root, from the library, or by their name in some folder."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for name in set(_FILE.findall(text)):
        if Path(name).name in MADE | WRITTEN:
            continue
        places = [ROOT / name, ROOT / "thesis_repro" / name, *ROOT.glob(f"[!.]*/**/{name}")]
        assert any(path.exists() for path in places), f"{page.name} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_that_a_page_links_to_are_there(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_errata_are_counted():
    table = re.findall(
        r"^\| (\w+) \| (\d+) \|", (ROOT / "docs/errata.md").read_text(), re.MULTILINE
    )
    counts = Counter(erratum.kind for erratum in load_errata().values())
    assert {kind: int(count) for kind, count in table} == dict(counts)


def test_a_model_of_ones_own(monkeypatch, tmp_path):
    example, *_ = blocks("extending.md", "python")
    spec = eval(example, vars(zoo))
    monkeypatch.setitem(zoo.MODELS, spec.id, spec)
    assert zoo.model("10000-vae").id == "dsprites-vae"  # an alias stays whose it was
    result = CliRunner().invoke(main, ["models", "2500-vae"])
    assert result.exit_code == 0, result.output
    assert "2,500.0" in result.output or "2500.0" in result.output
    folders = [f"--{name}={tmp_path}" for name in ("data-dir", "runs-dir")]
    result = CliRunner().invoke(main, ["train", "2500-vae", "--dry-run", *folders])
    assert "train 2500-vae" in result.output


def test_a_rule_of_ones_own():
    (example,) = blocks("extending.md", "toml")
    (checks,) = parse_rules(example).values()
    assert checks[0].params == {"tolerance": 0.1}
    assert "4.3-kl-10000" in {claim.id for claim in load_claims()}


@pytest.mark.slow
def test_a_section_of_ones_own(monkeypatch, tmp_path):
    _, script, *_ = blocks("extending.md", "python")
    package = tmp_path / "own_chapters"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "ch5_1.py").write_text(script, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(registry.CHAPTERS, "5.1", "own_chapters.ch5_1")
    monkeypatch.setattr(main.commands["chapter"].params[0].type, "choices", ["5.1"])

    (place,) = find("96")
    assert (place.file, place.function) == ("own_chapters/ch5_1.py", "latent_space")
    folders = [f"--{name}={tmp_path / name}" for name in ("data-dir", "runs-dir", "out")]
    result = CliRunner().invoke(
        main, ["chapter", "5.1", "--scale", "smoke", "--stand-in", *folders]
    )
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "out" / "5.1").iterdir()}
    assert names == {
        *("figure_96.png", "figure_96.svg", "spread.csv", "claims.json", "manifest.json")
    }


def test_published_runs_of_drawn_pictures_have_their_explorer():
    """And nothing else has one: pages of one's own runs may show people."""
    published = published_runs().index.runs
    runs = [run for run in published if "decoder" in FAMILIES[zoo.MODELS[run.model].family].parts]
    pages = {f"{run.model}_{run.run_id}.html" for run in runs}
    folder = published_places.PAGES
    assert {path.name for path in folder.iterdir()} == pages
    assert not {zoo.MODELS[run.model].dataset.value for run in runs} & {*WITHHELD}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in pages:
        assert f"docs/explore/{name}" in readme
        text = (folder / name).read_text(encoding="utf-8")
        for part in ("page.js", "decoder.js", "page.css"):
            assert read_packaged("explorer", part) in text, f"write it anew: {part} has changed"


def test_readme_says_what_the_published_runs_say():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    ends = []
    for model, thesis in (("mnist-vlae-factor-2", 39), ("mnist-vlae-factor-3", 52)):
        (path,) = (ROOT / "published" / model).glob("*/history.csv")
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                {name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)
            ]
        best, last = min(rows, key=lambda row: row["val_loss"]), rows[-1]
        lowest = f"lowest in epoch {best['epoch']:.0f}, at {best['val_loss']:.1f}"
        assert f"{lowest} (the thesis: epoch {thesis}), and {last['val_loss']:.1f} after" in readme
        ends.append(f"{last['val_reconstruction']:.1f}")
    assert f"reconstruction losses of {' and '.join(ends)} (Table 3: 208.1 and 200.3)" in readme
