"""Feature maps of any picture, for any model, as a user asks for them."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from click import UsageError
from click.testing import CliRunner
from PIL import Image

from appendix_architectures.registry import LISTINGS
from appendix_architectures.shapes import build_shapes
from data_prep.errors import DataError
from data_prep.prepare import prepare
from thesis_repro.cli import main
from thesis_repro.commands.pictures import chosen_layers, read_picture
from thesis_repro.section import workspace
from thesis_repro.training.scale import SCALES, Scale

DONE, USAGE, DATA = 0, 2, 3  # exit codes of the design


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with MNIST's stand-in prepared, and a picture in colour that is no square."""
    folder = tmp_path_factory.mktemp("pictures")
    prepare("mnist", folder / "data", stand_in=True)
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(colours).save(folder / "my.picture.webp")
    return folder


@pytest.fixture(autouse=True)
def _tiny_smoke(monkeypatch):
    monkeypatch.setitem(SCALES, "smoke", Scale("smoke", 64, 24, 1))


def run(folder, *arguments):
    places = ("--data-dir", folder / "data", "--runs-dir", folder / "runs", "--out", folder / "out")
    asked = ["feature-maps", *arguments, *places, "--scale", "smoke", "--stand-in", "--quiet"]
    result = CliRunner().invoke(main, [str(argument) for argument in asked])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


# --- The command ---


def test_the_last_activation_by_default(folder):
    result = run(folder, "mnist-vae", folder / "my.picture.webp")
    assert result.exit_code == DONE, result.output
    png, svg, shares = result.stdout.splitlines()
    stem = folder / "out" / "feature_maps" / "mnist-vae_my.picture"
    assert (png, svg) == (f"{stem}.png", f"{stem}.svg")
    pattern = r"re_lu_4: \d+\.\d% of 256 maps striped \(top .*%, bottom .*%, left .*%, right .*%\)"
    assert re.fullmatch(pattern, shares)
    (run_folder,) = (folder / "runs" / "mnist-vae").iterdir()
    with Image.open(png) as image:
        origin = image.text["Description"]
    assert origin == (
        "thesis-repro feature-maps mnist-vae my.picture.webp · scale smoke · trained on stand-in: "
        f"scikit-learn digits, 28x28 by Lanczos · seed 0 · float32 · runs {run_folder.name}"
    )
    text = stem.with_name(f"{stem.name}.svg").read_text(encoding="utf-8")
    assert "after re_lu_4: 256 maps of 7 × 7" in text


def test_layers_asked_for(folder):
    layers = ("encoder_conv_0", "re_lu_1")
    asked = [argument for name in layers for argument in ("--layer", name)]
    result = run(folder, "mnist-vae", folder / "my.picture.webp", *asked)
    assert result.exit_code == DONE, result.output
    assert [line.split(":")[0] for line in result.stdout.splitlines()[2:]] == [*layers]


@pytest.mark.parametrize("layer", ["conv", "mu", "decoder_conv_t_0"])
def test_a_layer_without_maps(folder, monkeypatch, layer):
    """The message comes before any training."""
    monkeypatch.setattr(workspace, "train_or_load", lambda *_: pytest.fail("trained"))
    result = run(folder, "mnist-vae", folder / "my.picture.webp", "--layer", layer)
    assert result.exit_code == USAGE
    assert f"no feature maps after '{layer}'" in result.stderr
    assert "re_lu_4" in result.stderr  # what there is


def test_too_many_layers(folder):
    result = run(folder, "mnist-vae", "x.png", *["--layer", "re_lu_1"] * 5)
    assert result.exit_code == USAGE
    assert "room for 4 layers" in result.stderr


def test_an_unknown_model(folder):
    result = run(folder, "alexnet-vea", folder / "my.picture.webp")
    assert result.exit_code == USAGE
    assert "Did you mean" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("missing.png", None, "it cannot be read"),
        ("empty.png", b"", "the file is empty"),
        ("page.html", b"<html></html>", "no picture that Pillow can read"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\x00", "cut off or damaged"),
    ],
)
def test_no_picture(tmp_path, monkeypatch, name, content, cause):
    """The message comes before any training."""
    monkeypatch.setattr(workspace, "train_or_load", lambda *_: pytest.fail("trained"))
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run(tmp_path, "mnist-vae", tmp_path / name)
    assert result.exit_code == DATA
    assert name in result.stderr
    assert cause in result.stderr
    assert "To fix it: name a" in result.stderr
    assert "--leave-out-damaged" not in result.stderr


def test_dry_run_trains_nothing(folder, tmp_path):
    result = run(folder, "mnist-vae", tmp_path / "no.png", "--dry-run", "--seed", "5")
    assert result.exit_code == DONE
    assert "train mnist-vae" in result.stdout


# --- Pictures ---


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "tiff", "ppm"])
def test_any_format_squashed_by_lanczos(tmp_path, suffix):
    path = tmp_path / f"picture.{suffix}"
    bands = np.zeros((30, 50, 3), np.uint8)
    bands[:15] = 255
    image = Image.fromarray(bands)
    image.save(path)
    expected = image.resize((20, 24), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(read_picture(path, (24, 20, 3)), np.asarray(expected))


def test_one_channel_is_grey(tmp_path):
    path = tmp_path / "picture.png"
    Image.new("RGB", (40, 30), (255, 0, 0)).save(path)
    pixels = read_picture(path, (28, 28, 1))
    assert pixels.shape == (28, 28, 1)
    assert (pixels == 76).all()  # 0.299 * 255, ITU-R 601


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(DataError, match="it cannot be read"):
        read_picture(tmp_path, (28, 28, 1))


# --- Layers ---


@pytest.mark.parametrize(
    ("number", "layer"),
    [(1, "re_lu_4"), (11, "ladder_2_relu_1"), (35, "re_lu_5"), (36, "re_lu_5")],
)
def test_default_layer_of_listings(number, layer):
    assert chosen_layers(build_shapes(LISTINGS[number].builder), ()) == [layer]


def test_a_network_without_activations_shows_its_last_maps():
    image = keras.Input((8, 8, 1))
    maps = keras.layers.Conv2D(2, 3, name="conv")(image)
    network = keras.Model(image, keras.layers.Flatten()(maps))
    assert chosen_layers(network, ()) == ["conv"]


def test_the_picture_itself_is_no_feature_map():
    network = build_shapes(LISTINGS[36].builder)
    with pytest.raises(UsageError, match="model_input"):
        chosen_layers(network, ("model_input",))


# --- Kernels ---


def kernels(folder, *arguments):
    places = ("--data-dir", folder / "data", "--runs-dir", folder / "runs", "--out", folder / "out")
    asked = ["kernels", *arguments, *places, "--scale", "smoke", "--stand-in", "--quiet"]
    return CliRunner().invoke(main, [str(argument) for argument in asked])


def test_kernels_of_any_model_before_and_after_training(folder):
    last, first = (
        kernels(folder, "digit-classifier"),
        kernels(folder, "digit-classifier", "--epoch", 0),
    )
    assert last.exit_code == first.exit_code == DONE, last.output + first.output
    for result, epoch in ((last, 1), (first, 0)):
        png, svg, shares = result.stdout.splitlines()
        stem = folder / "out" / "kernels" / f"digit-classifier_epoch_{epoch}"
        assert (png, svg) == (f"{stem}.png", f"{stem}.svg")
        text = Path(svg).read_text(encoding="utf-8")
        assert f"after epoch {epoch}" in text
        for part in ("scale smoke", "trained on stand-in: scikit-learn digits", "seed 0", "runs "):
            assert part in text
        assert re.fullmatch(r"\d+\.\d% of 20 kernels \(.*%\) are .*; median R2 0\.\d\d", shares)
    assert float(first.stdout.splitlines()[2].split("%")[0]) <= 5  # chance, by definition


def test_an_epoch_that_was_not_trained(folder):
    result = kernels(folder, "digit-classifier", "--epoch", 9)
    assert result.exit_code == USAGE
    assert "This training of Digit classifier has 1 epochs." in result.output


def test_kernels_of_nine_pixels_are_drawn_and_not_fitted(folder):
    result = kernels(folder, "mnist-vae")
    assert result.exit_code == DONE, result.output
    assert result.stdout.splitlines()[2] == "96 kernels of 3 x 3 px, too small for a Gabor function"
