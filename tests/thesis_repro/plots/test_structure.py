"""Boxes and connections against the printed listings, and where the boxes stand."""

from functools import cache

import keras
import pytest
from keras import layers

from appendix_architectures.listings import golden
from appendix_architectures.registry import LISTINGS
from appendix_architectures.sampling import Sampling
from appendix_architectures.shapes import build_shapes
from thesis_repro.plots.structure import Place, Structure, places, structure

EQUATIONS = ("z = μ + εσ (Eq. 44)", "ε ~ N(0, I) (Eq. 45)")


@cache
def listed(number):
    return structure(build_shapes(LISTINGS[number].builder))


def box_of(network):
    """Layer name -> number of the box that it is in."""
    return {name: number for number, block in enumerate(network.blocks) for name in block.layers}


# --- Boxes ---


@pytest.mark.parametrize("number", LISTINGS)
def test_every_layer_is_in_one_box_and_boxes_are_connected_as_printed(number):
    network, rows = listed(number), golden(number)["rows"]
    names = [name for block in network.blocks for name in block.layers]
    assert sorted(names) == sorted(row["name"] for row in rows)
    owner = box_of(network)
    printed = {
        (owner[source], owner[row["name"]]) for row in rows for source in row["connected_to"]
    }
    assert set(network.edges) == {(a, b) for a, b in printed if a != b}
    assert len(network.edges) == len(set(network.edges))


@pytest.mark.parametrize("number", LISTINGS)
def test_a_box_shows_the_shape_that_leaves_it(number):
    shapes = {row["name"]: tuple(row["output_shape"]) for row in golden(number)["rows"]}
    for block in listed(number).blocks:
        assert block.shape == shapes[block.layers[-1]]


def test_boxes_of_the_mnist_vae_encoder():
    blocks = listed(1).blocks
    assert [block.title for block in blocks] == [
        "encoder_input",
        *(f"encoder_conv_{number}" for number in range(4)),
        "flatten_1",
        "encoder_output",
    ]
    assert blocks[1].layers == ("encoder_conv_0", "batch_normalization_1", "re_lu_1")
    assert blocks[1].parts == ("Conv2D 3×3, stride 2", "BatchNormalization", "ReLU")
    assert blocks[3].parts == ("Conv2D 3×3", "BatchNormalization", "ReLU")
    assert blocks[6].layers == ("mu", "log_var", "encoder_output")
    assert blocks[6].parts == ("mu: Dense", "log_var: Dense", *EQUATIONS)
    assert [block.is_embedding for block in blocks] == [False] * 6 + [True]


def test_parts_name_dropout_pooling_and_output_activations():
    classifier = {block.title: block.parts for block in listed(35).blocks}  # Section 3.4.5
    assert classifier["conv2d_1"] == ("Conv2D 11×11, stride 4", "BatchNormalization", "ReLU")
    assert classifier["max_pooling2d_1"] == ("MaxPooling2D 2×2, stride 2",)
    assert classifier["dense_1"] == ("Dense", "ReLU", "Dropout 0.3")
    assert classifier["dense_3"] == ("Dense", "Softmax")
    assert listed(2).blocks[-1].parts == ("Conv2DTranspose 4×4, stride 2", "sigmoid")
    assert listed(39).blocks[-1].parts == ("Dense, sigmoid",)


@pytest.mark.parametrize("number", [n for n, x in LISTINGS.items() if "VLAE" in x.title])
def test_ladders_have_three_latent_spaces(number):
    title, network = LISTINGS[number].title, listed(number)
    entered = {target for _, target in network.edges}
    inputs = [block.title for n, block in enumerate(network.blocks) if n not in entered]
    embeddings = [block.title for block in network.blocks if block.is_embedding]
    if "Encoder" in title:
        assert sorted(embeddings) == ["z_1_latent", "z_2_latent", "z_3_latent"]
    elif "Decoder" in title:
        assert sorted(inputs) == ["z_1", "z_2", "z_3"]
        assert embeddings == []


def small_model(build):
    image = keras.Input((4, 4, 1), name="image")
    return structure(keras.Model(image, build(image)))


def titles_and_layers(network):
    return {block.title: block.layers for block in network.blocks}


def test_an_activation_after_a_branch_has_a_box_of_its_own():
    def build(image):
        x = layers.Conv2D(2, 3, padding="same", name="conv")(image)
        return layers.Add(name="add")([x, layers.ReLU(name="relu")(x)])

    network = small_model(build)
    assert [block.title for block in network.blocks] == ["image", "conv", "relu", "add"]
    assert network.edges == ((0, 1), (1, 2), (1, 3), (2, 3))


def test_an_activation_after_an_output_or_an_input_has_a_box_of_its_own():
    def build(image):
        x = layers.ReLU(name="first")(image)
        x = layers.Conv2D(2, 3, name="conv")(x)
        return [x, layers.ReLU(name="last")(x)]

    assert [block.title for block in small_model(build).blocks] == [
        *("image", "first", "conv", "last")
    ]


def test_a_mean_that_is_also_an_output_is_not_hidden_in_the_embedding():
    def build(image):
        x = layers.Flatten(name="flat")(image)
        mu, log_var = layers.Dense(2, name="mu")(x), layers.Dense(2, name="log_var")(x)
        return [mu, Sampling(name="z")([mu, log_var])]

    titles = titles_and_layers(small_model(build))
    assert titles["mu"] == ("mu",)
    assert titles["z"] == ("log_var", "z")


# --- Places ---


@pytest.mark.parametrize("number", LISTINGS)
def test_no_two_boxes_stand_in_one_place_and_arrows_lead_one_row_down(number):
    network = listed(number)
    stand = places(network)
    assert len(set(stand)) == len(network.blocks)
    assert min(place.row for place in stand) == min(place.column for place in stand) == 0
    assert all(stand[b].row == stand[a].row + 1 for a, b in network.edges)


def by_title(number):
    network = listed(number)
    return {b.title: p for b, p in zip(network.blocks, places(network), strict=True)}


def test_a_chain_stands_in_one_column():
    assert list(by_title(2).values()) == [Place(row, 0) for row in range(7)]


def test_rungs_of_the_mnist_vlae_stand_beside_the_path_to_the_highest():
    where = by_title(7)
    path = ["input_1", "inference_0_conv2d_0", "inference_1_conv2d_0", "ladder_2_conv2d_0"]
    path += ["ladder_2_conv2d_1", "ladder_2_flatten", "z_3_latent"]
    assert [where.pop(title) for title in path] == [Place(row, 0) for row in range(7)]
    assert where == {
        "ladder_1_conv2d_0": Place(2, 1),
        "ladder_1_flatten": Place(3, 1),
        "z_2_latent": Place(4, 1),
        "ladder_0_conv2d_0": Place(1, 2),
        "ladder_0_flatten": Place(2, 2),
        "z_1_latent": Place(3, 2),
    }


def test_inputs_stand_beside_the_box_above_the_one_that_they_enter():
    where = by_title(8)
    assert where["z_3"] == Place(0, 0)
    for name, entered in (("z_2", "concatenate_2_and_1"), ("z_1", "concatenate_1_and_0")):
        assert where[name] == Place(where[entered].row - 1, 1)
        assert where[entered].column == 0


def test_a_single_box():
    model = keras.Model(image := keras.Input((2,), name="image"), image)
    assert places(structure(model)) == [Place(0, 0)]


def test_connections_may_skip_rows():
    skipping = Structure(listed(1).blocks[:4], ((0, 1), (0, 3), (1, 2), (2, 3)))
    assert places(skipping) == [Place(row, 0) for row in range(4)]
