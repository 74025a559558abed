"""The user's settings of Keras change no number; only the backend is theirs to choose."""

import importlib.util
import json
import os
import sys
from dataclasses import replace

import keras
import pytest
from click.testing import CliRunner
from keras.src.backend import config as keras_config

from thesis_repro.cli import main
from thesis_repro.errors import SettingsError
from thesis_repro.models import keras_settings
from thesis_repro.models.building import build_model
from thesis_repro.models.cost import measured_sizes
from thesis_repro.models.zoo import MODELS
from thesis_repro.training.backend import make_deterministic

OTHERS = {
    "floatx": "float16",
    "epsilon": 0.01,
    "image_data_format": "channels_first",
    "max_epochs": 1,
    "max_steps_per_epoch": 1,
}


def settings():
    return {name: getattr(keras.config, name)() for name in OTHERS}


@pytest.fixture
def _others():
    """A user who has set all of them."""
    before = settings()
    for name, value in OTHERS.items():
        getattr(keras.config, f"set_{name}")(value)
    yield
    for name, value in before.items():
        getattr(keras.config, f"set_{name}")(value)


@pytest.fixture
def keras_json(tmp_path, monkeypatch):
    """Write the user's file, before Keras is imported; put the environment back afterwards."""
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "")  # so that it is put back
    monkeypatch.delenv("KERAS_BACKEND")

    def write(content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "keras.json").write_text(text, encoding="utf-8")
        return tmp_path / "keras.json"

    return write


@pytest.mark.usefixtures("_others")
@pytest.mark.parametrize(
    "prepare",
    [
        make_deterministic,
        lambda: build_model(MODELS["mnist-vae"]),
        lambda: measured_sizes(replace(MODELS["mnist-vae"], id="own")),  # not kept, as others' are
    ],
)
def test_whatever_computes_takes_keras_defaults(prepare):
    assert settings() == OTHERS
    prepare()
    assert settings() == {
        "floatx": "float32",
        "epsilon": 1e-7,
        "image_data_format": "channels_last",
        "max_epochs": None,
        "max_steps_per_epoch": None,
    }


@pytest.mark.parametrize(
    "content",
    [
        OTHERS,
        {"epsilon": 1},  # no float: an error of Keras's
        {"floatx": "float8"},
        {"image_data_format": "NHWC"},
        "[]",
        "{",
    ],
    ids=str,
)
def test_keras_does_not_read_the_file(keras_json, content):
    """Keras's own module, run once more as by its import."""
    keras_json(content)
    keras_settings.leave_file_unread()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    spec = importlib.util.spec_from_file_location("again", keras_config.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    found = again.floatx(), again.epsilon(), again.image_data_format(), again.backend()
    assert found == ("float32", 1e-7, "channels_last", "tensorflow")


def test_the_backend_of_the_file_holds(keras_json):
    keras_json({"backend": "jax"})
    assert keras_settings.backend() == "jax"
    keras_settings.leave_file_unread()  # and goes on to hold, here and in what is started here
    assert keras_settings.backend() == "jax"


def test_the_variable_goes_before_the_file(keras_json, monkeypatch):
    keras_json({"backend": "torch"})
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert keras_settings.backend() == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "")  # Keras takes it for none
    with pytest.raises(SettingsError, match="torch"):
        keras_settings.backend()


@pytest.mark.usefixtures("keras_json")
def test_without_a_file_it_is_tensorflow(tmp_path, monkeypatch):
    for home in (tmp_path, tmp_path / "none", "/dev/null"):
        monkeypatch.setenv("KERAS_HOME", str(home))
        assert keras_settings.backend() == "tensorflow"


@pytest.mark.parametrize("command", [["train", "mnist-vae"], ["listing", "--check"]], ids=str)
@pytest.mark.parametrize("name", ["torch", "openvino", "numpy", "tensorflwo", ["jax"]])
def test_another_backend_is_refused_in_a_line(keras_json, monkeypatch, tmp_path, name, command):
    folders = ["--data-dir", str(tmp_path)] if command[0] == "train" else []
    path = keras_json({"backend": name})
    import_module = importlib.import_module

    def import_no_keras(name, *package):
        assert name.partition(".")[0] not in ("keras", "tensorflow", "jax")
        return import_module(name, *package)

    monkeypatch.setattr("importlib.import_module", import_no_keras)
    result = CliRunner().invoke(main, [*command, *folders])
    assert result.exit_code == 2
    expected = f"Error: backend in {path} is {name!r}, but networks run on tensorflow or jax here. "
    assert result.stderr.startswith(expected)
    assert result.stderr.count("\n") == 1
    if isinstance(name, str):
        monkeypatch.setenv("KERAS_BACKEND", name)
        result = CliRunner().invoke(main, [*command, *folders])
        assert result.exit_code == 2
        assert result.stderr.startswith(f"Error: KERAS_BACKEND is {name!r}, ")


@pytest.mark.usefixtures("keras_json")
@pytest.mark.parametrize("name", ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"])
@pytest.mark.parametrize("value", ["-3", "abc", "2.5", "²"])
def test_threads_that_are_no_number_are_refused_in_a_line(monkeypatch, name, value):
    """TensorFlow would abort, without a word."""
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("importlib.import_module", lambda *_: pytest.fail("imported"))
    result = CliRunner().invoke(main, ["listing", "--check"])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {name} is {value!r}, which is no number of threads. ")
    assert result.stderr.count("\n") == 1


@pytest.mark.usefixtures("keras_json")
@pytest.mark.parametrize("value", ["", "0", "2"])
def test_any_number_of_threads_is_the_users_to_choose(monkeypatch, value):
    imported = []
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", value)
    monkeypatch.setattr("importlib.import_module", imported.append)
    keras_settings.import_keras()
    assert imported == ["keras"]


def test_another_backend_that_is_in_use_already_is_refused(monkeypatch):
    """As in a script that has imported Keras itself."""
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    with pytest.raises(SettingsError, match="Keras's backend is 'torch'"):
        make_deterministic()
