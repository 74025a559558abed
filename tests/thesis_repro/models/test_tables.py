"""The tables of models: parameter totals against the printed listings, sources on every page."""

import pytest

from appendix_architectures.listings import golden
from thesis_repro.models.tables import model_table, parameter_totals, table_2
from thesis_repro.models.zoo import MODELS, model

DERIVED = {"dsprites-vae-dim6", "dsprites-vlae-dim2"}  # from a listing with another latent size
AS_PRINTED = [s for s in MODELS.values() if s.listings.value and s.id not in DERIVED]


@pytest.fixture(scope="module")
def table():
    return table_2()


@pytest.mark.parametrize("spec", AS_PRINTED, ids=lambda spec: spec.id)
def test_totals_are_the_listings(spec):
    printed = [golden(number)["total_params"] for number in spec.listings.value]
    assert list(parameter_totals(spec).values()) == printed


@pytest.mark.parametrize(
    ("model_id", "encoder", "decoder"),
    [
        # Listing 3 (2,954,612): mu and log_var lose 4 of 10 units with 8,192 weights and a bias.
        ("dsprites-vae-dim6", 2_954_612 - 2 * 4 * (8_192 + 1), 6_912_385 - 4 * 8_192),
        # Listings 13, 14: each mu and log_var loses 2 of 4 units, fed by 131,072, 65,536, 4,096.
        (
            "dsprites-vlae-dim2",
            golden(13)["total_params"] - 2 * 2 * (131_072 + 65_536 + 4_096 + 3),
            golden(14)["total_params"] - 2 * (1_024 + 1_024 + 4_096),
        ),
    ],
)
def test_totals_of_derived_models_by_hand(model_id, encoder, decoder):
    assert parameter_totals(model(model_id)) == {"encoder": encoder, "decoder": decoder}


def test_totals_of_unprinted_networks_by_hand():
    # 3x3 convolutions 1-32-64-64-64, then 7 * 7 * 64 = 3,136 features to 2 * 2 units, and back.
    encoder = (9 + 1) * 32 + (9 * 32 + 1) * 64 + 2 * (9 * 64 + 1) * 64 + 2 * (3_136 + 1) * 2
    decoder = (2 + 1) * 3_136 + 2 * (9 * 64 + 1) * 64 + (9 * 64 + 1) * 32 + (9 * 32 + 1)
    assert parameter_totals(model("mnist-vae-as-run")) == {"encoder": encoder, "decoder": decoder}
    # Listing 39 with ten outputs instead of one: 9 more units of 100 weights and a bias.
    more = 9 * (100 + 1)
    assert parameter_totals(model("digit-classifier")) == {
        "classifier": golden(39)["total_params"] + more
    }


def test_table_2_has_its_22_rows_in_order_then_the_others(table):
    head, rest = table.split("\n\nNot in Table 2\n")
    ids = [line.split()[0] for line in head.splitlines()[2:]]
    assert ids == [spec.id for spec in MODELS.values() if spec.in_table_2]
    assert len(ids) == 22
    others = [line.split()[0] for line in rest.splitlines()[1:]]
    assert others == [spec.id for spec in MODELS.values() if not spec.in_table_2]


def test_rows_of_table_2(table):
    lines = {line.split()[0]: line for line in table.splitlines() if line}
    total = sum(golden(number)["total_params"] for number in (9, 10))
    assert lines["mnist-vlae-factor-2"].split() == [
        *("mnist-vlae-factor-2", "mnist", "28", "×", "28", "×", "1", "2,", "2,", "2"),
        *("10,000", "2", f"{total:,}"),
    ]
    assert lines["dsprites-vae"].startswith("dsprites-vae = 10000-vae ")
    classifier = f"{golden(35)['total_params']:,}"
    assert lines["alexnet-classifier"].split()[-4:] == ["–", "–", "1", classifier]


@pytest.mark.parametrize("width", [80, 160])
def test_table_2_fits_the_terminal(width):
    lines = table_2(width).splitlines()
    assert max(map(len, lines)) <= width
    assert "Not in Table 2" in lines
    for spec in MODELS.values():
        assert any(line.endswith(f"{sum(parameter_totals(spec).values()):,}") for line in lines)


def test_page_of_a_model_shows_every_value_with_source_and_errata():
    spec = model("celeba-vae")
    title, settings, networks = model_table(spec).split("\n\n")
    assert title == "CelebA-VAE (celeba-vae), vae"
    lines = settings.splitlines()[2:]
    assert len(lines) == len(spec.settings())
    for line, (name, setting) in zip(lines, spec.settings().items(), strict=True):
        assert line.startswith(name.replace("_", " "))
        assert setting.source in line
        assert line.endswith(" ".join(setting.errata))
    weight = next(line for line in lines if line.startswith("reconstruction weight"))
    assert weight.split() == ["reconstruction", "weight", "3,750", "Table", "2,", "row", "8", "E03"]
    totals = [golden(number)["total_params"] for number in (5, 6)]
    assert [line.split() for line in networks.splitlines()[2:]] == [
        ["encoder", f"{totals[0]:,}"],
        ["decoder", f"{totals[1]:,}"],
        ["total", f"{sum(totals):,}"],
    ]
