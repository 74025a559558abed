"""The 39 listings against the thesis's printed rows, and proof that the comparison can fail."""

import inspect

import pytest

from appendix_architectures.check import check_all, check_listing
from appendix_architectures.listings import golden, printed_counts, printed_rows
from appendix_architectures.parameters import count_parameters
from appendix_architectures.registry import LISTINGS
from appendix_architectures.rows import layer_rows
from appendix_architectures.shapes import build_shapes
from appendix_architectures.summary import render


def tampered(number, old, new):
    """The builder of a listing with one piece of its source exchanged."""
    builder = LISTINGS[number].builder
    source = inspect.getsource(builder)
    assert source.count(old) == 1
    namespace = dict(builder.__globals__)
    exec(source.replace(old, new), namespace)
    return namespace[builder.__name__]


def check_tampered(monkeypatch, number, old, new):
    listing = LISTINGS[number]._replace(builder=tampered(number, old, new))
    monkeypatch.setitem(LISTINGS, number, listing)
    return check_listing(number)


@pytest.mark.parametrize("number", range(1, 40))
def test_listing_equals_thesis(number):
    model = build_shapes(LISTINGS[number].builder)
    check = check_listing(number, model)
    assert check.differences == ()
    assert check.ok
    assert check.matching == check.rows == len(golden(number)["rows"])
    ours = render(layer_rows(model), count_parameters(model))
    assert ours == render(printed_rows(number), printed_counts(number))


def test_all_949_rows_of_39_listings_are_compared():
    checks = list(check_all())
    assert [check.number for check in checks] == list(range(1, 40))
    assert sum(check.rows for check in checks) == 949  # all rows of Appendices A, D and I
    assert sum(check.matching for check in checks) == 949


def test_changed_kernel_is_found(monkeypatch):
    check = check_tampered(monkeypatch, 1, "Conv2D(64, 3,", "Conv2D(64, 5,")
    assert not check.ok
    assert check.matching == 16
    assert check.differences == (  # 5 * 5 * 32 * 64 + 64 = 51,264
        "row 5 encoder_conv_1: params 18,496 (thesis) != 51,264 (ours)",
        "row 5 encoder_conv_1: kernel_size 3 (thesis) != 5 (ours)",
        "total params: 440,516 (thesis) != 473,284 (ours)",
        "trainable params: 439,556 (thesis) != 472,324 (ours)",
    )


def test_renamed_layer_is_found(monkeypatch):
    check = check_tampered(monkeypatch, 1, 'name="re_lu_2"', 'name="re_lu_two"')
    assert check.matching == 15
    assert check.differences == (
        "row 7 re_lu_2: name re_lu_2 (thesis) != re_lu_two (ours)",
        "row 8 encoder_conv_2: connected_to ('re_lu_2',) (thesis) != ('re_lu_two',) (ours)",
    )


def test_dropped_layer_is_found_and_rows_after_it_still_pair(monkeypatch):
    check = check_tampered(monkeypatch, 1, 'x = layers.ReLU(name="re_lu_2")(x)', "")
    assert check.matching == 15
    assert check.differences == (
        "row 7 re_lu_2: missing in ours",
        "row 8 encoder_conv_2: connected_to ('re_lu_2',) (thesis) != "
        "('batch_normalization_2',) (ours)",
    )


def test_additional_layer_is_found(monkeypatch):
    old = 'x = layers.Flatten(name="flatten_1")(x)'
    new = f'x = layers.ReLU(name="spare")(x); {old}'
    check = check_tampered(monkeypatch, 1, old, new)
    assert check.differences[0] == "after row 13: spare is not in the thesis"
    assert check.matching == 16


@pytest.mark.parametrize(
    ("number", "old", "new", "difference"),
    [
        (
            1,
            "([mu, log_var])",
            "([log_var, mu])",
            "row 17 encoder_output: connected_to ('mu', 'log_var') (thesis) != "
            "('log_var', 'mu') (ours)",
        ),
        (
            12,
            'Concatenate(name="concatenate_2_and_1")([x, z_2])',
            'Concatenate(name="concatenate_2_and_1")([z_2, x])',
            "row 7 concatenate_2_and_1: connected_to ('generative_2_relu_1', 'z_2') (thesis) != "
            "('z_2', 'generative_2_relu_1') (ours)",
        ),
        (
            2,
            'layers.LeakyReLU(negative_slope=LEAKY_SLOPE, name="leaky_re_lu_1")',
            'layers.ReLU(name="leaky_re_lu_1")',
            "row 6 leaky_re_lu_1: type LeakyReLU (thesis) != ReLU (ours)",
        ),
        (
            39,
            'layers.Conv2D(20, 3, strides=1, padding="valid"',
            'layers.Conv2D(20, 3, strides=1, padding="same"',
            "row 5 conv2d_5: output_shape (22, 22, 20) (thesis) != (24, 24, 20) (ours)",
        ),
        (
            19,
            'padding="same", name="conv2d_3"',
            'padding="same", use_bias=False, name="conv2d_3"',
            "row 6 conv2d_3: use_bias True (thesis) != False (ours)",
        ),
    ],
    ids=["swapped-heads", "swapped-concatenation", "type", "padding", "bias"],
)
def test_other_changes_are_found(monkeypatch, number, old, new, difference):
    check = check_tampered(monkeypatch, number, old, new)
    assert difference in check.differences
    assert not check.ok


def test_given_model_is_compared_instead_of_the_builders():
    other = build_shapes(LISTINGS[28].builder)
    assert check_listing(19, other).ok  # Listings 19 and 28 print the same rows
    assert not check_listing(22, other).ok


@pytest.mark.parametrize("number", [0, 40, -1])
def test_unknown_listing_says_which_there_are(number):
    with pytest.raises(KeyError, match="Listings 1 to 39"):
        check_listing(number)
