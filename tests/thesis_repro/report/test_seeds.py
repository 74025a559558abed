"""Further seeds beside the first: what counts with it, what does not and why, what is shown."""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_prep.checksums import sha256
from data_prep.errors import DataError
from tests.thesis_repro.report.conftest import DATA, FALLING, ORDER, PATHS, RISING
from tests.thesis_repro.report.conftest import write_two_claims as write
from thesis_repro.cli import main
from thesis_repro.files import write_json
from thesis_repro.report.collect import collect, require_claims
from thesis_repro.report.page import write_page
from thesis_repro.report.plain import write_plain
from thesis_repro.report.results import Script
from thesis_repro.report.seeds import Made, further_results, seed_folder
from thesis_repro.verdicts.judgements import Verdict

SCRIPTS = {"4.3": Script("chapters/ch4_3.py", {})}


def of(out, claim_id):
    return next(one for one in collect(out, SCRIPTS).judgements if one.claim.id == claim_id)


def problems(out):
    """By folder of the seed, why it does not count and whether it is damaged."""
    return {
        problem.path.parent.name: (problem.cause, problem.is_damage)
        for problem in collect(out, SCRIPTS).problems
    }


@pytest.fixture
def three(tmp_path):
    for seed, kl in enumerate((FALLING, RISING, FALLING)):
        write(seed_folder(tmp_path, seed) if seed else tmp_path, seed, kl, 232.0 + seed)
    return tmp_path


def test_seeds_that_were_made_alike_count_together(three):
    (section,) = collect(three, SCRIPTS).sections
    assert section.seeds == (0, 1, 2)
    assert section.problems == ()
    assert of(three, ORDER).written.label == "holds at reduced scale, 2 of 3 seeds"
    paths = of(three, PATHS)
    assert paths.seeds == (0, 1, 2)
    assert (paths.as_written["mean"].mean, paths.as_run["mean"].mean) == (233, 466)
    assert {one.verdict for one in section.judgements} - {one.verdict for one in (paths,)} == {
        Verdict.NOT_RUN, Verdict.HOLDS
    }  # fmt: skip
    require_claims(collect(three, SCRIPTS))


def test_one_seed_is_as_before(tmp_path):
    write(tmp_path)
    (section,) = collect(tmp_path, SCRIPTS).sections
    assert section.seeds == ()
    assert of(tmp_path, ORDER).written.label == "holds at reduced scale"
    assert "seeds" not in of(tmp_path, ORDER).to_json()


def test_a_further_seed_without_the_first_is_no_result(tmp_path):
    write(seed_folder(tmp_path, 1), 1)
    assert collect(tmp_path, SCRIPTS).sections == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scale": "smoke"}, "its scale is smoke, not quick"),
        ({"scale": "paper"}, "its scale is paper, not quick"),
        ({"precision": "tensorfloat32"}, "its precision is tensorfloat32, not float32"),
        ({"data": "dSprites (a part)"}, "its data is dSprites (a part), not dSprites (rendered)"),
        ({"stand_in": True}, "its stand-in is True, not False"),
        ({"section": "4.2"}, "its section is 4.2, not 4.3"),
        ({"seed": 2}, "its seed is 2, not 1"),
    ],
)
def test_another_kind_of_result_does_not_count_and_is_named(tmp_path, changes, reason):
    write(tmp_path)
    write(seed_folder(tmp_path, 1), **{"seed": 1} | changes)
    assert problems(tmp_path) == {
        "seed-1": (f"it does not count with the first seed's: {reason}", False)
    }
    assert of(tmp_path, ORDER).seeds == ()
    require_claims(collect(tmp_path, SCRIPTS))  # the first's are whole


def test_no_seed_counts_twice(tmp_path):
    write(tmp_path, seed=1)
    write(seed_folder(tmp_path, 1), seed=1)
    ((cause, is_damage),) = problems(tmp_path).values()
    assert cause.endswith("its seed, 1, is the first's")
    assert not is_damage


@pytest.mark.parametrize("name", ["claims.json", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"[{", b'{"a": 1}', b"\xff"])
def test_damage_is_named_and_not_counted(three, name, content):
    (seed_folder(three, 1) / "4.3" / name).write_bytes(content)
    ((cause, is_damage),) = problems(three).values()
    assert cause.startswith(f"it does not count with the first seed's: of its {name}, it is")
    assert is_damage
    assert of(three, ORDER).seeds == (0, 2)
    with pytest.raises(DataError, match=r"chapter 4\.3` again with all --seeds"):
        require_claims(collect(three, SCRIPTS))


def test_a_verdict_that_was_edited_does_not_count(three):
    path = seed_folder(three, 2) / "4.3" / "claims.json"
    path.write_text(path.read_text().replace("fails at", "holds at"))
    ((cause, _),) = problems(three).values()
    assert cause.endswith("it is not the file that manifest.json lists")


@pytest.mark.parametrize("name", ["manifest.json", "claims.json"])
def test_what_is_gone_is_damage(three, name):
    (seed_folder(three, 2) / "4.3" / name).unlink()
    ((cause, is_damage),) = problems(three).values()
    assert f"of its {name}, it cannot be read" in cause
    assert is_damage


def test_first_claims_that_were_edited_are_not_joined(three):
    path = three / "4.3" / "claims.json"
    path.write_text(path.read_text().replace("holds at", "fails at"))
    assert of(three, ORDER).seeds == ()


def in_the_way(folder):
    shutil.rmtree(folder.parent)
    folder.parent.write_text("a file")


def file_of_section(folder):
    shutil.rmtree(folder)
    folder.write_text("a file")


def link_to_nowhere(folder):
    shutil.rmtree(folder.parent)
    folder.parent.symlink_to("nowhere")


def link_to_itself(folder):
    shutil.rmtree(folder.parent)
    folder.parent.symlink_to(folder.parent.name)


@pytest.mark.parametrize("harm", [in_the_way, file_of_section, link_to_nowhere, link_to_itself])
def test_a_place_that_cannot_be_looked_into_is_named(three, harm):
    """Else a verdict would rest on fewer seeds without a word."""
    harm(seed_folder(three, 1) / "4.3")
    ((cause, is_damage),) = problems(three).values()
    assert cause.startswith("it does not count with the first seed's: of its manifest.json, it can")
    assert is_damage
    assert of(three, ORDER).seeds == (0, 2)


def test_a_folder_that_may_not_be_read_is_named(three, monkeypatch):
    closed, iterdir = seed_folder(three, 1) / "4.3", Path.iterdir

    def refuse(path):
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    (closed / "manifest.json").unlink()
    ((cause, _),) = problems(three).values()
    assert "of its manifest.json, it cannot be read" in cause


def test_a_seed_folder_without_the_section_is_nothing_to_name(three):
    shutil.rmtree(seed_folder(three, 1) / "4.3")
    assert problems(three) == {}
    assert of(three, ORDER).seeds == (0, 2)


def test_other_folders_are_no_seeds(three):
    for name in ("seed-01", "seed-x", "seed-1.5", "old-seed-4", "seed-\u0663"):
        write(three / name, 3)
    assert of(three, ORDER).seeds == (0, 1, 2)
    assert problems(three) == {}


def test_a_claim_that_cannot_be_joined_stays_the_first_seed_s(three):
    path = seed_folder(three, 1) / "4.3" / "claims.json"
    entries = json.loads(path.read_text())
    entry = next(entry for entry in entries if entry["id"] == ORDER)
    entry["readings"]["as written"]["checks"][0]["name"] = "by an older rule"
    write_json(path, entries)
    manifest = json.loads((path.parent / "manifest.json").read_text())
    manifest["files"]["claims.json"] = sha256(path)
    write_json(path.parent / "manifest.json", manifest)
    assert of(three, ORDER).seeds == ()
    assert of(three, PATHS).seeds == (0, 1, 2)
    ((cause, is_damage),) = problems(three).values()
    assert cause == f"seeds are not joined ({ORDER}: judged by the rule of another version.)"
    assert not is_damage


def test_the_seeds_beside_a_section(three):
    first = Made("4.3", "quick", "float32", DATA, False, (), 0)

    def seeds(**changes):
        return [
            manifest.seed for manifest in further_results(three, first._replace(**changes)).values()
        ]

    assert seeds() == [1, 2]
    assert seeds(scale="paper") == []
    assert seeds(seed=2) == [1]
    assert seeds(readings=("E19",)) == []


# --- Where it is shown ---


def test_the_page_and_the_json_have_seeds_and_intervals(three):
    results = collect(three, SCRIPTS)
    write_page(results, three / "index.html")
    page = re.sub(r"\s+", " ", (three / "index.html").read_text())
    assert "claims over seeds 0, 1, 2, all else of seed 0" in page
    assert '<span class="small">2 of 3 seeds</span>' in page
    assert "in 2 of 3 seeds (Wilson 21% to 94%)" in page
    assert "233.000 ± 1.000" in page
    write_plain(results, three / "index.json")
    report = json.loads((three / "index.json").read_text(), parse_constant=pytest.fail)
    claims = {claim["id"]: claim for claim in report["claims"]}
    assert claims[ORDER]["seeds"] == [0, 1, 2]
    assert claims[PATHS]["readings"]["as written"]["values"]["mean"]["mean"] == 233


def test_the_ledger_has_them_and_names_what_does_not_count(three):
    write(seed_folder(three, 7), 7, scale="smoke")
    result = CliRunner().invoke(main, ["claims", "4.3", "--out", str(three)])
    assert result.exit_code == 0
    assert "holds at reduced scale, 2 of 3 seeds" in result.stdout
    assert "233.000 ± 1.000 (" in result.stdout
    assert f"{seed_folder(three, 7) / '4.3'}: it does not count" in result.stderr
    strict = CliRunner().invoke(main, ["claims", "4.3", "--strict", "--out", str(three)])
    assert strict.exit_code == 4
