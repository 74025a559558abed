"""The printed summary against lines of the thesis's listings (blanks as Keras 2.2.4 set them)."""

import keras
import pytest

from appendix_architectures.listings import golden, printed_counts, printed_rows
from appendix_architectures.rows import layer_rows
from appendix_architectures.summary import is_chain, render

# Rows of the thesis's Appendix A: the fields as printed, cut where Keras 2.2.4 cut them.
THESIS_ROWS = {
    1: [
        ("encoder_input (InputLayer)", "(None, 28, 28, 3)", "0", ""),
        ("encoder_conv_0 (Conv2D)", "(None, 14, 14, 32)", "896", "encoder_input[0][0]"),
        ("batch_normalization_1 (BatchNor", "(None, 14, 14, 32)", "128", "encoder_conv_0[0][0]"),
        ("encoder_output (Lambda)", "(None, 2)", "0", "mu[0][0]"),
        ("", "", "", "log_var[0][0]"),
    ],
    2: [
        ("decoder_conv_t_0 (Conv2DTran", "(None, 7, 7, 256)", "1048832"),
        ("batch_normalization_5 (Batch", "(None, 7, 7, 256)", "1024"),
        ("leaky_re_lu_1 (LeakyReLU)", "(None, 7, 7, 256)", "0"),
    ],
    8: [
        ("concatenate_2_and_1 (Concatenat", "(None, 1026)", "0", "generative_2_relu_1[0][0]"),
        ("", "", "", "z_2[0][0]"),
        (
            "generative_0_conv2d_transpose_0",
            "(None, 14, 14, 64)",
            "102464",
            "generative_0_reshape_0[0][0]",
        ),
        (
            "generative_0_conv2d_transpose_1",
            "(None, 28, 28, 64)",
            "36928",
            "generative_0_leaky_relu_transpose",
        ),
        (
            "generative_0_sigmoid_0 (Activat",
            "(None, 28, 28, 1)",
            "0",
            "generative_0_conv2d_transpose_2[0",
        ),
    ],
    13: [
        (
            "inference_0_dropout_0 (Dropout)",
            "(None, 32, 32, 32)",
            "0",
            "inference_0_conv2d_0[0][0]",
        ),
        (
            "ladder_2_batch_norm_0 (BatchNor",
            "(None, 8, 8, 256)",
            "1024",
            "ladder_2_dropout_0[0][0]",
        ),
        ("z_1_latent (Lambda)", "(None, 4)", "0", "mu_1[0][0]"),
    ],
    37: [
        ("conv2d_transpose_1 (Conv2DTr", "(None, 14, 14, 384)", "885120"),
        ("batch_normalization_10 (Batc", "(None, 224, 224, 3)", "12"),
    ],
    38: [
        ("discriminator_input (InputLa", "(None, 64, 64, 1)", "0"),
        ("batch_normalization_114 (Bat", "(None, 32, 32, 64)", "256"),
    ],
}

LISTING_39_TOP = """\
_________________________________________________________________
Layer (type)                 Output Shape              Param #   
=================================================================
input_2 (InputLayer)         (None, 28, 28, 1)         0         
_________________________________________________________________
conv2d_4 (Conv2D)            (None, 24, 24, 20)        520       
"""

LISTING_7_END = """\
__________________________________________________________________________________________________
z_3_latent (Lambda)             (None, 2)            0           mu_3[0][0]                       
                                                                 log_var_3[0][0]                  
==================================================================================================
Total params: 291,852
Trainable params: 291,852
Non-trainable params: 0
__________________________________________________________________________________________________"""


def rendered(number):
    return render(printed_rows(number), printed_counts(number))


def columns(line, ends):
    """The fields of a line, cut apart at Keras's column ends."""
    return tuple(line[i:j].rstrip() for i, j in zip((0, *ends), ends, strict=False))


@pytest.mark.parametrize("number", THESIS_ROWS)
def test_rows_are_cut_as_in_the_thesis(number):
    rows = THESIS_ROWS[number]
    ends = (29, 55, 65) if len(rows[0]) == 3 else (32, 53, 65, 98)
    lines = [columns(line, ends) for line in rendered(number).splitlines()]
    places = [lines.index(row) for row in rows]
    assert places == sorted(places)


def test_three_columns_character_by_character():
    assert rendered(39).startswith(LISTING_39_TOP)


def test_four_columns_and_totals_character_by_character():
    assert rendered(7).endswith(LISTING_7_END)


@pytest.mark.parametrize("number", [1, 2, 16, 19, 35, 39])
def test_every_printed_row_and_total_is_there(number):
    lines = rendered(number).splitlines()
    assert sum(line.startswith("_") for line in lines) == len(golden(number)["rows"]) + 1
    assert {len(line) for line in lines if not line[0].isupper()} in ({65}, {98})
    assert lines[-4] == f"Total params: {golden(number)['total_params']:,}"


def test_chains_take_three_columns():
    chains = [
        number
        for number in (1, 2, 7, 8, 19, 35, 36, 37, 38, 39)
        if "Connected" not in rendered(number)
    ]
    assert chains == [2, 19, 35, 37, 38, 39]  # as printed in Appendices A, D and I


def test_layer_used_twice_is_no_chain():
    inputs = keras.Input((3,))
    dense = keras.layers.Dense(3)
    assert is_chain(layer_rows(keras.Model(inputs, dense(inputs))))
    assert not is_chain(layer_rows(keras.Model(inputs, dense(dense(inputs)))))
