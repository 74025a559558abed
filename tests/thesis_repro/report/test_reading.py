"""Whole files are read; files that are damaged at any place are said to be."""

import json

import pytest

from thesis_repro.report.reading import (
    Damaged,
    Run,
    read_answers,
    read_judgements,
    read_manifest,
    read_picture,
    read_table,
)
from thesis_repro.thesis.claims import load_claims
from thesis_repro.verdicts.judgements import Measurement, Verdict, judge, write_claims
from thesis_repro.verdicts.rules import CHECK_TYPES, load_rules


@pytest.fixture
def folder(tmp_path, write_section):
    return write_section(tmp_path)


def change(path, edit):
    """Edit the JSON in a file."""
    value = json.loads(path.read_text())
    edit(value)
    path.write_text(json.dumps(value))
    return path


def test_manifest(folder):
    manifest = read_manifest(folder / "manifest.json")
    assert (manifest.section, manifest.scale, manifest.seed) == ("4.2", "smoke", 7)
    assert manifest.stand_in
    assert manifest.runs == (Run("mnist-vlae-factor-1", "aaaabbbbcccc", 2, ("NVIDIA A",)),)
    assert (manifest.precision, manifest.device) == ("float32", "EPYC")
    assert set(manifest.files) == {path.name for path in folder.iterdir()} - {"manifest.json"}


def test_a_manifest_from_before_devices_were_named(folder):
    def without_devices(manifest):
        del manifest["device"], manifest["runs"]["mnist-vlae-factor-1"]["devices"]

    manifest = read_manifest(change(folder / "manifest.json", without_devices))
    assert manifest.runs == (Run("mnist-vlae-factor-1", "aaaabbbbcccc", 2, ()),)
    assert manifest.device == ""


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda m: m.pop("scale"), "missing required field `scale`"),
        (
            lambda m: m.update(scale={"name": "paper"}),
            r"Expected `str`, got `object` - at `\$.scale",
        ),
        (lambda m: m.update(commit=3), r"Expected `str \| null`, got `int` - at `\$.commit"),
        (lambda m: m["files"].update(x=None), r"Expected `str`, got `null` - at `\$.files"),
        (lambda m: m.pop("runs"), "missing required field `runs`"),
        (lambda m: m["runs"].update(x=[]), r"Expected `object`, got `array` - at `\$.runs"),
        (lambda m: m["runs"].update(x={"run_id": "1"}), r"field `epochs` - at `\$.runs"),
    ],
)
def test_manifest_of_another_form(folder, edit, words):
    with pytest.raises(Damaged, match=words):
        read_manifest(change(folder / "manifest.json", edit))


def test_judgements(folder):
    judgements = read_judgements(folder / "claims.json")
    assert list(judgements) == ["4.2-best-epoch", "4.2-best-loss-order", "4.2-overfit-order"]
    own = judgements["4.2-best-epoch"]
    assert own.verdict is Verdict.REPLICATED
    assert own.reported == {"best_epoch": [26, 39, 52]}  # Figure 20
    assert (own.as_written, own.run) == ({"best_epoch": [2, 2, 2]}, None)
    assert own.checks[0].detail == "off by 90.0%"
    both = judgements["4.2-best-loss-order"]
    assert both.verdict is Verdict.NOT_REPLICATED
    assert both.run.verdict is Verdict.REPLICATED
    assert both.as_run == {"loss": "undefined"}


def written(entries):
    return entries[0]["readings"]["as written"]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c[0].update(id="9.9-no"), "no claim '9.9-no'"),
        (lambda c: c[0].pop("readings"), r"missing required field `readings` - at `\$\[0\]"),
        (lambda c: c[0]["readings"].pop("as written"), "'4.2-best-epoch' is not judged as written"),
        (lambda c: written(c).update(verdict="true"), r"value 'true' - at `\$\[0\].readings"),
        (lambda c: written(c)["checks"].append({"name": "a"}), r"`holds` - at `\$\[0\].readings"),
        (lambda c: written(c)["checks"].append(3), r"`object`, got `int` - at `\$\[0\].readings"),
        (lambda c: written(c).pop("why"), r"missing required field `why` - at `\$\[0\]"),
        (lambda c: c.append("x"), r"Expected `object`, got `str` - at `\$\[3\]"),
    ],
)
def test_judgements_of_another_form(folder, edit, words):
    with pytest.raises(Damaged, match=words):
        read_judgements(change(folder / "claims.json", edit))


def test_judgements_of_other_readings_are_those_of_their_place_alone(folder):
    path = folder / "claims.json"
    before = read_judgements(path, ("E04",))  # as all were written once: without readings
    change(path, lambda c: c[0].update(other_readings=["E04"]))
    assert read_judgements(path, ("E04",)) == before
    for readings in ((), ("E10",), ("E04", "E10")):
        with pytest.raises(Damaged, match="it is of the other reading of E04"):
            read_judgements(path, readings)


@pytest.mark.parametrize("read", [read_manifest, read_judgements, read_answers])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1, 2", b"\xff\xfe", b"null", b"3", b"[" * 100_000, b'{"rq": 1}']
)
def test_json_cut_off_or_of_another_kind(tmp_path, read, content):
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        read(path)


def test_every_cut_of_a_manifest_is_noticed(folder):
    path = folder / "manifest.json"
    whole = path.read_bytes().rstrip()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            read_manifest(path)


def test_table(folder):
    table = read_table(folder / "table_3.csv")
    assert table.columns[:2] == ("model", "reading")
    assert table.rows[1][3] == "< 0.001"


@pytest.mark.parametrize("content", [b"", b"a,b\n1\n", b"a\n\xff\xfe\n", b'a\n"1\n'])
def test_damaged_table(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(Damaged):
        read_table(path)


def test_picture(tmp_path, png):
    path = tmp_path / "x.png"
    path.write_bytes(png)
    picture = read_picture(path)
    assert (picture.width, picture.height) == (200, 100)  # 2 x 1 inches at 100 dpi
    assert picture.origin == "chapter 4.2 · seed 0"
    assert picture.content == png


def test_what_is_no_picture_at_all(tmp_path):
    (tmp_path / "x.png").write_bytes(b"<html>")
    with pytest.raises(Damaged, match="it is no PNG picture, cut off or changed at its start"):
        read_picture(tmp_path / "x.png")


def test_every_cut_and_every_changed_byte_of_a_picture_is_noticed(tmp_path, png):
    path = tmp_path / "x.png"
    for at in range(0, len(png), 41):
        for content in (png[:at], png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]):
            path.write_bytes(content)
            with pytest.raises(Damaged):
                read_picture(path)


def test_a_file_that_is_not_there(tmp_path):
    for read in (read_manifest, read_table, read_picture):
        with pytest.raises(Damaged, match="cannot be read"):
            read(tmp_path / "x")


@pytest.mark.parametrize("read", [read_manifest, read_judgements, read_table, read_picture])
def test_a_device_is_not_read_without_end(tmp_path, read):
    (tmp_path / "x").symlink_to("/dev/zero")
    with pytest.raises(Damaged, match="it is a pipe, a socket or a device"):
        read(tmp_path / "x")


def test_judgements_by_every_rule_are_read_as_they_were_written(tmp_path):
    """Whatever bounds a rule has: some are open to one side."""
    conditions = {"scale": "paper", "precision": "float32", "stand_in": False, "data": "MNIST"}
    claims = {claim.id: claim for claim in load_claims()}
    judgements = []
    for name, checks in load_rules().items():
        values = {}
        for check in checks:
            reported = (claims[name].reported or {}).get(check.key)
            by_model = CHECK_TYPES[check.type].per_model or isinstance(reported, list)
            number = [1.0] * len(claims[name].models) if by_model else 1.0
            values |= {check.key: number, check.params.get("than", check.key): number}
        measured = Measurement(name, values, values)
        judgements.append(judge(claims[name], measured, **conditions))
    write_claims(tmp_path / "claims.json", judgements)
    read = read_judgements(tmp_path / "claims.json")
    assert [one.to_json() for one in read.values()] == [one.to_json() for one in judgements]
