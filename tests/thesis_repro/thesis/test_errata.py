"""The errata: complete, consistent, and true to the sources where a number can be checked."""

import json
import math
import subprocess
import sys
from importlib import resources

import pytest
from scipy import stats

from thesis_repro.files import DataFileError
from thesis_repro.thesis import errata as module
from thesis_repro.thesis.errata import (
    KINDS,
    WIDTH,
    Says,
    UnknownErratumError,
    get,
    load_errata,
    parse,
    render,
    render_table,
)

ERRATA = load_errata()

# The ids of the design document, decision 8, and the network that the analyses loaded.
DESIGN_MODELS = {
    *(f"alexnet-vae-{x}" for x in ("mirrored-padding", "small-kernels", "celeba")),
    *(f"alexnet-vae-{x}" for x in ("no-batch-norm", "no-bias")),
    "mnist-vae",
    "dsprites-vae",
    "7500-vae",
    "6250-vae",
    "5000-vae",
    "3750-vae",
    "dsprites-vae-dim6",
    "celeba-vae",
    "mnist-vlae-factor-1",
    "mnist-vlae-factor-2",
    "mnist-vlae-factor-3",
    "dsprites-vlae",
    "dsprites-vlae-dim2",
    "celeba-vlae",
    "mnist-vae-gan",
    "dsprites-vae-gan",
    "celeba-vae-gan",
    "mnist-vlae-gan",
    "dsprites-vlae-gan",
    "celeba-vlae-gan",
    "alexnet-classifier",
    "alexnet-vae",
    "feature-extraction",
    "sample-discriminator",
    "digit-classifier",
    "mnist-vae-as-run",
}

# What has to be covered at least, and a word of the entry that only the right one has.
TOPICS = {
    "three channels": ("E01", "28 x 28 x 1"),
    "network the analyses loaded": ("E02", "mnist-vae-as-run"),
    "CelebA-VAE's weight": ("E03", "3,750"),
    "factor-1's learning rate": ("E04", "0.005"),
    "decay per update": ("E05", "lr / (1 + decay * updates)"),
    "impossible p": ("E06", "10^-29"),
    "paired or unpaired": ("E07", "signed-rank"),
    "floor or ceil": ("E09", "floor(n/4)"),
    "dropout": ("E11", "Dropout"),
    "activations": ("E12", "LeakyReLU"),
    "scale leak": ("E13", "0..255"),
    "feature-loss weight": ("E14", "0.75"),
    "unused reconstruction weight": ("E15", "10,000"),
}

GOOD = """
[[erratum]]
id = "E01"
title = "Two numbers"
kind = "training"
where = ["Section 1"]
says = [{ source = "Section 1", text = "one" }, { source = "Table 2", text = "two" }]
reading = "One."
why = "It
is said."
other_reading = "Not offered."
affects = ["mnist-vae", "Table 2"]
""".replace('"It\nis said."', '"""It\nis said."""')


def whole_text(erratum):
    parts = [erratum.title, erratum.reading, erratum.why, erratum.other_reading]
    return " ".join([*parts, *(f"{says.source}: {says.text}" for says in erratum.says)])


def packaged_json(package, name):
    return json.loads(resources.files(package).joinpath(name).read_text("utf-8"))


@pytest.fixture(scope="module")
def listings():
    return {one["listing"]: one for one in packaged_json("appendix_architectures", "listings.json")}


@pytest.fixture(scope="module")
def reported():
    claims = packaged_json("thesis_repro.thesis", "claims.json")
    return {claim["id"]: claim.get("reported") for claim in claims}


# --- The collection ---


def test_ids_are_consecutive_from_e01():
    assert list(ERRATA) == [f"E{number:02d}" for number in range(1, len(ERRATA) + 1)]
    assert len(ERRATA) > 30


@pytest.mark.parametrize("erratum", ERRATA.values(), ids=ERRATA)
def test_entry_is_a_contradiction_with_a_reading(erratum):
    assert erratum.kind in KINDS
    assert len(erratum.says) >= 2
    assert all((erratum.reading, erratum.why, erratum.other_reading, erratum.where))


@pytest.mark.parametrize("erratum", ERRATA.values(), ids=ERRATA)
def test_affected_models_exist(erratum):
    assert set(erratum.models) <= DESIGN_MODELS
    assert len(set(erratum.affects)) == len(erratum.affects)


@pytest.mark.parametrize("erratum", ERRATA.values(), ids=ERRATA)
def test_errata_named_in_an_entry_exist(erratum):
    named = {word.strip("().,;:") for word in whole_text(erratum).split()}
    assert {word for word in named if module._ID.fullmatch(word)} <= ERRATA.keys()


def test_every_kind_is_used():
    assert {erratum.kind for erratum in ERRATA.values()} == set(KINDS)


@pytest.mark.parametrize(("erratum_id", "word"), TOPICS.values(), ids=TOPICS)
def test_required_topics_are_covered(erratum_id, word):
    assert word in whole_text(ERRATA[erratum_id])


def test_no_machine_paths():
    text = resources.files("thesis_repro.thesis").joinpath("errata.toml").read_text("utf-8")
    assert "/work/" not in text
    assert "TODO" not in text


# --- Numbers that the entries quote, held against sources or arithmetic ---


def test_e05_decay_by_hand():
    training_images = 202_599 - int(0.1 * 202_599)
    per_epoch = math.ceil(training_images / 128)
    updates = 200 * per_epoch
    assert (training_images, per_epoch, updates) == (182_340, 1_425, 285_000)
    assert 1 / (1 + 0.01 * updates) == pytest.approx(1 / 2_851)
    assert 1 / (1 + 0.01 * 100) == 0.5
    for number in ("182,340", "1,425", "285,000", "1/2,851", "100\nupdates".replace("\n", " ")):
        assert number in ERRATA["E05"].why


def test_e06_smallest_p_of_fifty_against_fifty():
    p = stats.ranksums(range(50), range(50, 100)).pvalue
    assert f"{p:.1e}" == "6.9e-18"
    assert p > 1e-29
    assert "6.9e-18" in whole_text(ERRATA["E06"])


def test_e07_stored_p_is_that_of_24_pairs_with_statistic_zero():
    differences = [float(k) for k in range(1, 25)]
    result = stats.wilcoxon(differences, method="approx", correction=False)
    assert f"{result.pvalue:.4e}" == "1.8215e-05"
    assert "1.8215e-05" in whole_text(ERRATA["E07"])


@pytest.mark.parametrize(("maps", "kept", "rounded_up"), [(64, 16, 16), (32, 8, 8), (22, 5, 6)])
def test_e09_quarters_by_hand(listings, maps, kept, rounded_up):
    listing = {64: 7, 32: 9, 22: 11}[maps]
    convolutions = [row for row in listings[listing]["rows"] if row["type"] == "Conv2D"]
    assert {row["output_shape"][-1] for row in convolutions} == {maps}
    assert (maps // 4, -(-maps // 4)) == (kept, rounded_up)
    assert f"{maps} -> {kept}" in ERRATA["E09"].reading


def test_e10_quotes_table_3(reported):
    printed = [reported[f"4.2-table3-factor-{factor}"]["deactivated_mean"] for factor in (1, 2, 3)]
    assert ", ".join(f"{value:.3f}" for value in printed) in whole_text(ERRATA["E10"])


@pytest.mark.parametrize(
    ("erratum_id", "numbers"),
    [("E36", (7, 8)), ("E36", (26, 27)), ("E64", (3, 4)), ("E64", (13, 14))],
)
def test_parameter_totals_are_the_listings_sums(listings, erratum_id, numbers):
    total = sum(listings[number]["total_params"] for number in numbers)
    assert f"{total:,}" in whole_text(ERRATA[erratum_id])


@pytest.mark.parametrize(
    ("erratum_id", "listing", "layer"),
    [
        ("E34", 18, "decoder_conv_t_0"),
        ("E34", 21, "decoder_conv_t_0"),
        ("E34", 2, "decoder_conv_t_0"),
        ("E34", 4, "decoder_conv_t_0"),
        ("E70", 35, "conv2d_1"),
    ],
)
def test_layer_counts_stand_in_the_listing(listings, erratum_id, listing, layer):
    (row,) = [row for row in listings[listing]["rows"] if row["name"] == layer]
    assert f"{row['params']:,}" in whole_text(ERRATA[erratum_id])


def test_e11_dropout_stands_in_listings_13_to_16_only_of_the_vlaes(listings):
    with_dropout = {
        number
        for number in range(1, 35)
        if any(row["type"] == "Dropout" for row in listings[number]["rows"])
    }
    assert with_dropout == {13, 14, 15, 16}


def test_e12_leaky_decoders_are_the_eight_named(listings):
    leaky = {
        number
        for number in range(1, 17)
        if any(row["type"] == "LeakyReLU" for row in listings[number]["rows"])
    }
    assert leaky == {2, 4, 6, 8, 10, 12, 14, 16}


def test_e35_every_small_discriminator_has_one_activation(listings):
    leaky = {
        number: [row["type"] for row in listings[number]["rows"]].count("LeakyReLU")
        for number in (19, 22, 25, 28, 31, 34)
    }
    assert leaky == {19: 1, 22: 1, 28: 1, 31: 1, 25: 3, 34: 3}


def test_e50_e52_e56_e60_arithmetic(reported):
    assert 24 * 416 == 9_984 == 24 * 13 * 32
    assert [reported[f"4.3-kl-{w}"]["kl"] for w in (10000, 7500, 6250, 5000, 3750)] == [
        float(number) for number in ERRATA["E52"].says[0].text.split("set ")[1].split(", ")
    ]
    spreads = {w: reported[f"4.3-ppl-{w}"] for w in (10000, 7500, 6250, 5000, 3750)}
    relative = {w: row["sd"] / row["mean"] for w, row in spreads.items()}
    assert max(relative, key=relative.get) == 10000
    assert (round(relative[10000], 2), round(relative[6250], 2)) == (0.83, 0.24)
    orientations = [2 * math.pi * k / 39 for k in range(40)]
    assert orientations[19] == pytest.approx(38 / 39 * math.pi)
    assert orientations[9] == pytest.approx(18 / 39 * math.pi)


# --- Reading the file ---


def test_parse_joins_broken_lines():
    (erratum,) = parse(GOOD).values()
    assert erratum.why == "It is said."
    assert erratum.models == ("mnist-vae",)
    assert erratum.says[1] == Says("Table 2", "two")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + GOOD, "two entries have the id E01"),
        (GOOD.replace('reading = "One."\n', ""), r"entry 1 \(E01\): .* required field `reading`"),
        (GOOD.replace('id = "E01"\n', ""), r"entry 1 \(without id\): .* required field `id`"),
        (GOOD.replace('"One."', '" "'), r"`str` of length >= 1 - at `\$.reading`"),
        (GOOD.replace('"One."', "1"), r"Expected `str`, got `int` - at `\$.reading`"),
        (GOOD.replace('["Section 1"]', "[]"), r"`array` of length >= 1 - at `\$.where`"),
        (GOOD.replace('["Section 1"]', '["", "x"]'), r"`str` of length >= 1 - at `\$.where\[0\]`"),
        (GOOD + 'shown = [{ file = "table_3.csv" }]\n', r"matching regex .* `\$.shown\[0\].file`"),
        (GOOD + "settings = { x = 1 }\n", r"Expected `object`, got `int` - at `\$.settings"),
        (GOOD.replace('"training"', '"other"'), "kind 'other' is none of architecture"),
        (GOOD.replace('"E01"', '"X1"'), "like E07"),
        (GOOD.replace('text = "one"', 'said = "one"'), r"unknown field `said` - at `\$.says\[0\]`"),
        (GOOD.replace(', text = "one"', ""), r"required field `text` - at `\$.says\[0\]`"),
        (GOOD.replace('"mnist-vae"', '"MNIST VAE"'), "neither a place"),
        (GOOD + 'note = "x"\n', r"entry 1 \(E01\): .* unknown field `note`"),
        (GOOD.replace('"Not offered."', ""), "not valid TOML.*line 11"),
        ("", r"no \[\[erratum\]\] entries"),
        ("erratum = 1", r"no \[\[erratum\]\] entries"),
        ("erratum = [1]", r"entry 1 \(no table\): Expected `object`, got `int`"),
    ],
)
def test_bad_file_is_named_with_its_cause(text, message):
    with pytest.raises(DataFileError, match=message):
        parse(text)


def test_get_takes_small_letters():
    assert get("e03") == ERRATA["E03"]


@pytest.mark.parametrize(
    ("unknown", "hint"), [("E3", "E03"), ("7", "E07"), ("E999", "E01-E"), ("xyz", "E01-E")]
)
def test_unknown_id_names_close_ones_and_the_command(unknown, hint):
    with pytest.raises(UnknownErratumError) as caught:
        get(unknown)
    assert isinstance(caught.value, LookupError)
    assert hint in str(caught.value)
    assert "`thesis-repro errata`" in str(caught.value)


# --- Text for the terminal ---


@pytest.mark.parametrize("erratum", ERRATA.values(), ids=ERRATA)
def test_render_shows_everything_within_the_width(erratum):
    text = render(erratum)
    assert max(map(len, text.splitlines())) <= WIDTH
    joined = " ".join(text.split())
    for part in (erratum.id, erratum.title, erratum.reading, erratum.why, *erratum.affects):
        assert part in joined
    for says in erratum.says:
        assert f"- {says.source}: {says.text}" in joined


def test_how_the_other_reading_is_run():
    text = GOOD + (
        'settings = { mnist-vae = { epochs = 3, decay_unit = "epoch" } }\n'
        'instead = { dsprites-vae = "7500-vae" }\n'
        'shown = [{ file = "4.2/table_3.csv", rows = "as run" }, { file = "4.2/figure_1.png" },'
        ' { file = "4.3/x.csv", columns = ["p", "q"] }]\n'
    )
    (erratum,) = parse(text).values()
    assert erratum.commands == [
        "thesis-repro train mnist-vae --reading E01=as-run: epochs 3, decay_unit epoch",
        "thesis-repro train dsprites-vae --reading E01=as-run: 7500-vae",
        'thesis-repro chapter 4.2: rows "as run" of 4.2/table_3.csv; 4.2/figure_1.png',
        "thesis-repro chapter 4.3: columns p, q of 4.3/x.csv",
    ]
    shown = " ".join(render(erratum).split())
    assert all(f"- {command}" in shown for command in erratum.commands)
    (other,) = parse(GOOD).values()
    assert (other.runnable, other.commands) == (False, [])
    assert "Run by   Cannot be run." in render(other)
    assert [line.split()[0] for line in render_table([erratum, other]).splitlines()] == [
        *("E01*", "E01")
    ]


def test_table_has_one_line_each_within_the_width():
    lines = render_table(ERRATA.values()).splitlines()
    assert [line.split()[0].rstrip("*") for line in lines] == list(ERRATA)
    assert max(map(len, lines)) <= WIDTH
    assert lines[2].endswith(ERRATA["E03"].title)


def test_module_needs_no_heavy_import():
    code = (
        "import sys, thesis_repro.thesis.errata as e; e.load_errata(); "
        "print([m for m in ('numpy', 'scipy', 'tensorflow', 'keras') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
