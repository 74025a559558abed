"""Feature maps of any picture, for any model, as a user asks for them."""

import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

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
from thesis_repro.commands.pictures import chosen_layers, name_of, read_picture
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.scale import SCALES, Scale

DONE, FAILED, USAGE, DATA = 0, 1, 2, 3  # exit codes of the design


TINY = Scale("smoke", 64, 24, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Finished runs without their data, and a picture in colour that is no square."""
    folder = tmp_path_factory.mktemp("pictures")
    prepare("mnist", folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, "smoke", TINY)
        result = invoke(folder, "train", "mnist-vae", "digit-classifier")
    assert result.exit_code == DONE, result.output
    shutil.rmtree(folder / "data")
    colours = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(colours).save(folder / "my.picture.webp")
    return folder


@pytest.fixture(autouse=True)
def _tiny_smoke(monkeypatch):
    monkeypatch.setitem(SCALES, "smoke", TINY)


@pytest.fixture(autouse=True)
def _untrained(folder, monkeypatch):
    """Nothing here trains."""
    monkeypatch.setattr(
        "thesis_repro.training.train.train_or_load", lambda *_: pytest.fail("trained")
    )


def invoke(folder, command, *arguments):
    places = ["--data-dir", folder / "data", "--runs-dir", folder / "runs"]
    places += [] if command == "train" else ["--out", folder / "out"]
    asked = [command, *arguments, *places, "--scale", "smoke", "--stand-in", "--quiet"]
    result = CliRunner().invoke(main, [str(argument) for argument in asked])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def run(folder, *arguments):
    return invoke(folder, "feature-maps", *arguments)


def run_id(folder, model):
    (run_folder,) = (folder / "runs" / model).iterdir()
    return run_folder.name


# --- The command ---


def test_the_last_activation_by_default(folder):
    result = run(folder, "mnist-vae", folder / "my.picture.webp")
    assert result.exit_code == DONE, result.output
    png, svg, shares = result.stdout.splitlines()
    stem = folder / "out" / "feature_maps" / f"mnist-vae_{run_id(folder, 'mnist-vae')}_my.picture"
    assert re.fullmatch(rf"{stem}_[0-9a-f]{{8}}\.png", png)
    assert Path(svg) == Path(png).with_suffix(".svg")
    pattern = r"re_lu_4: \d+\.\d% of 256 maps striped \(top .*%, bottom .*%, left .*%, right .*%\)"
    assert re.fullmatch(pattern, shares)
    with Image.open(png) as image:
        origin = image.text["Description"]
    assert origin == (
        "thesis-repro feature-maps mnist-vae my.picture.webp · scale smoke · trained on MNIST "
        "(official files) · seed 0 · float32 · runs "
        f"{run_id(folder, 'mnist-vae')}"
    )
    assert "after re_lu_4: 256 maps of 7 × 7" in Path(svg).read_text(encoding="utf-8")
    assert not (folder / "data").exists()  # loading asks for none


def test_what_differs_has_a_figure_of_its_own():
    """Pictures of one name or one stem, and other layers; the same has the same."""
    black, grey = (np.full((28, 28, 3), shade, np.uint8) for shade in (0, 90))
    shown = [
        (Path(name), pixels, layers)
        for name in (
            "a/face.png",
            "a/face.jpg",
            "a/face.tar.png",
            os.fsdecode(b"\xff.png"),
            "_.png",
        )
        for pixels in (black, grey)
        for layers in (("re_lu_1",), ("re_lu_2",), ("re_lu_1", "re_lu_2"))
    ]
    names = [name_of(*each) for each in shown]
    assert len(set(names)) == len(shown)
    assert names[0] == name_of(Path("b/face.png"), black.copy(), ("re_lu_1",))
    assert re.fullmatch(r"face_[0-9a-f]{8}", names[0])


@pytest.mark.parametrize(
    "name", ["x" * 255, "ü" * 127, "写" * 80 + ".jpeg", "\n\x1b[2J.png", os.fsdecode(b"\xff" * 255)]
)
def test_the_name_of_a_figure_is_text_and_not_too_long(name):
    figure = name_of(Path(name), np.zeros((2, 2, 3), np.uint8), ("re_lu_1",))
    assert len(figure.encode()) <= 109  # no surrogate among it
    assert figure.isprintable()


def test_a_picture_may_have_any_name(folder, tmp_path):
    """No text, a formula that does not end, control signs, spaces, as long as can be."""
    name = b"-\xff\n\x1b[2J\x01 $unclosed_{$ %s {0} & < \" '"
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name.ljust(251, b"x") + b".png"))
    Image.new("RGB", (30, 30), (200, 90, 10)).save(path, "PNG")
    result = run(folder, "mnist-vae", path)
    assert result.exit_code == DONE, result.output
    png, svg, _ = result.stdout.splitlines()
    texts = [element.text for element in ElementTree.parse(svg).getroot().iter() if element.text]
    assert any(text.startswith(r"-\udcff\n\x1b[2") for text in texts)  # above the picture
    with Image.open(png) as image:
        assert r" '-\udcff\n\x1b[2J\x01 $unclosed_{$ %s {0} & < " in image.text["Description"]


@pytest.mark.parametrize(
    ("arguments", "takes"),
    [
        (("feature-maps", "mnist-vae", "PICTURE", "--seed", 7), "64 images, 1 epoch, 64 passes"),
        (("kernels", "mnist-vae", "--seed", 7), "64 images, 1 epoch, 64 passes"),
        (("kernels", "sample-discriminator"), "128 images, 1 epoch, 128 passes"),
        (("kernels", "alexnet-vae"), "64 images, 1 epoch, 64 passes"),
    ],
    ids=str,
)
def test_nothing_trains_unasked(folder, tmp_path, arguments, takes):
    """What training takes is said, and the command for it."""
    before = sorted(folder.rglob("*"))
    picture = folder / "my.picture.webp"
    asked = [picture if argument == "PICTURE" else argument for argument in arguments]
    result = invoke(folder, *asked)
    assert result.exit_code == FAILED
    model = next(argument for argument in asked if argument in MODELS)
    assert f"{model}: {folder / 'runs'} holds no finished run of scale smoke" in result.stderr
    assert f"Training takes {takes} of an image" in result.stderr
    assert f"`thesis-repro train {model} --scale smoke --seed " in result.stderr
    assert "--dry-run it says how long" in result.stderr
    if model == "mnist-vae":
        there = "scale smoke, seed 0, float32, tensorflow"
        assert f"Finished runs there: {there}. Training" in result.stderr
    else:
        assert "Finished runs" not in result.stderr
    assert sorted(folder.rglob("*")) == before


def test_finished_runs_that_are_not_taken_for_one_are_named(folder, tmp_path):
    """Renamed, or without their config.json: nothing else says why they are not found."""
    runs = tmp_path / "runs" / "mnist-vae"
    whole = folder / "runs" / "mnist-vae" / run_id(folder, "mnist-vae")
    for name in ("best", "damaged"):
        shutil.copytree(whole, runs / name)
    (runs / "damaged" / "config.json").write_text("{")
    result = invoke(tmp_path, "kernels", "mnist-vae")
    assert result.exit_code == FAILED
    assert (
        f"Passed over: {runs / 'best'} (its config.json is that of run {whole.name}: rename it to "
        f"that); {runs / 'damaged'} (its config.json cannot be read: mend it, or put it back from "
        "a copy). Training takes"
    ) in result.stderr
    (runs / "best").rename(runs / whole.name)
    assert invoke(tmp_path, "kernels", "mnist-vae").exit_code == DONE


@pytest.mark.parametrize("link", ["runs", "runs/mnist-vae", "runs/mnist-vae/0123456789ab"])
def test_a_link_to_runs_that_leads_nowhere_is_named(tmp_path, link):
    """As of a disk that is not there."""
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to("/mnt/gone")
    result = invoke(tmp_path, "kernels", "mnist-vae")
    assert result.exit_code == FAILED
    expected = f"Passed over: {tmp_path / link} (a link to /mnt/gone, where nothing is). Training"
    assert expected in result.stderr


def test_layers_asked_for(folder):
    layers = ("encoder_conv_0", "re_lu_1")
    asked = [argument for name in layers for argument in ("--layer", name)]
    result = run(folder, "mnist-vae", folder / "my.picture.webp", *asked)
    assert result.exit_code == DONE, result.output
    assert [line.split(":")[0] for line in result.stdout.splitlines()[2:]] == [*layers]


@pytest.mark.parametrize("layer", ["conv", "mu", "decoder_conv_t_0"])
def test_a_layer_without_maps(folder, layer):
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
        ("page.html", b"<html></html>", "it is no picture"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\x00", "cut off or damaged"),
    ],
)
def test_no_picture(tmp_path, name, content, cause):
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


def test_neither_a_folder_nor_a_device_is_a_picture(tmp_path):
    for path, cause in ((tmp_path, "Is a directory"), (Path("/dev/null"), "it is a pipe, a")):
        with pytest.raises(DataError, match=f"it cannot be read \\({cause}") as caught:
            read_picture(path, (28, 28, 1))
        assert "name a picture file" in caught.value.fix


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
    return invoke(folder, "kernels", *arguments)


def assert_drawn(folder, result, model, epoch):
    """The files that the first two lines name, and what is drawn on them; the third line."""
    png, svg, shares = result.stdout.splitlines()
    stem = folder / "out" / "kernels" / f"{model}_{run_id(folder, model)}_epoch_{epoch}"
    assert (png, svg) == (f"{stem}.png", f"{stem}.svg")
    text = Path(svg).read_text(encoding="utf-8")
    assert f"after epoch {epoch}" in text
    for part in ("scale smoke", "trained on MNIST (official files)", "seed 0", "runs "):
        assert part in text
    return shares


def test_kernels_before_training_are_like_gabor_functions_by_chance(folder):
    result = kernels(folder, "digit-classifier", "--epoch", 0)
    assert result.exit_code == DONE, result.output
    shares = assert_drawn(folder, result, "digit-classifier", 0)
    assert re.fullmatch(r"\d+\.\d% of 20 kernels \(.*%\) are .*; median R2 0\.\d\d", shares)
    assert float(shares.split("%")[0]) <= 5  # chance, by definition


@pytest.mark.parametrize("epoch", [9, 10**20])
def test_an_epoch_that_was_not_trained(folder, monkeypatch, epoch):
    """Before Keras is imported, which takes seconds."""
    for name in ("import_keras", "import_matplotlib"):
        module = "thesis_repro.commands.pictures"
        monkeypatch.setattr(f"{module}.{name}", lambda: pytest.fail("imported"))
    result = kernels(folder, "digit-classifier", "--epoch", epoch)
    assert result.exit_code == USAGE
    assert "This training of Digit classifier has 1 epoch." in result.output


def test_kernels_of_nine_pixels_are_drawn_and_not_fitted(folder):
    result = kernels(folder, "mnist-vae")
    assert result.exit_code == DONE, result.output
    shares = assert_drawn(folder, result, "mnist-vae", 1)
    assert shares == "96 kernels of 3 x 3 px, too small for a Gabor function"
