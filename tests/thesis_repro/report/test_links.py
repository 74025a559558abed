"""What belongs together: by hand from the claims' sources and from what errata say they affect."""

import pytest

from thesis_repro.report.links import claims_of, errata_of, places_in, shown_in, touched_by
from thesis_repro.thesis.captions import load_captions
from thesis_repro.thesis.claims import load_claims
from thesis_repro.thesis.errata import load_errata

CLAIMS = {claim.id: claim for claim in load_claims()}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Table 3", "table 3"),
        ("Figures 21, 57, 59", "figure 21, figure 57, figure 59"),
        ("Figures 30a, 37e, 37f", "figure 30, figure 37"),
        ("Section 4.5.1, Figures 45 and 84-86", "figure 45, figure 84, figure 85, figure 86"),
        ("Figures 40, 71-74", "figure 40, figure 71, figure 72, figure 73, figure 74"),
        ("Section 4.3 text, Table 4", "table 4"),
        ("Section 4.6.1, Figure 49, Table 5", "figure 49, table 5"),
        ("Figure 20 and text", "figure 20"),
        ("Section 4.1, footnote 30", ""),
        ("Listing 13, Appendix I", ""),
    ],
)
def test_figures_and_tables_that_a_text_names(text, places):
    assert ", ".join(f"{kind} {number}" for kind, number in places_in(text)) == places


def test_claims_name_figures_and_tables_of_the_thesis_alone():
    assert {key for claim in CLAIMS.values() for key in shown_in(claim)} <= load_captions().keys()


def test_a_figure_has_the_claims_that_are_taken_from_it():
    assert [claim.id for claim in claims_of(("figure", 22))] == ["4.2-higher-layers-less-active"]
    assert [claim.id for claim in claims_of(("table", 3))] == [
        f"4.2-table3-factor-{number}" for number in (1, 2, 3)
    ]
    assert not claims_of(("figure", 61))


@pytest.mark.parametrize(
    ("claim", "touching", "not_touching"),
    [
        # E04 is factor-1's learning rate, of Figure 20 and Table 3; E19 is the feature network's,
        # which all of Table 4 is measured with; E69 the digit classifier's, which 4.7 counts by.
        ("4.2-best-epoch", {"E04"}, {"E09", "E19"}),
        ("4.2-table3-factor-1", {"E04"}, {"E19"}),
        ("4.2-table3-factor-3", {"E10"}, {"E04"}),
        ("4.3-ppl-10000", {"E18", "E19"}, {"E04"}),
        ("4.3-kl-10000", {"E06"}, {"E19"}),
        ("4.7-uneven", {"E69"}, {"E04"}),
        ("4.3-ppl-sd", {"E56"}, set()),  # its note names it
        ("4.4-rotation-line", {"E90"}, set()),
    ],
)
def test_errata_that_touch_a_claim(claim, touching, not_touching):
    found = {erratum.id for erratum in errata_of(CLAIMS[claim])}
    assert touching <= found
    assert found.isdisjoint(not_touching)
    for erratum in found:
        assert CLAIMS[claim] in touched_by(load_errata()[erratum])
