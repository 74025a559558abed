"""Decoders as steps and numbers: which layers there are, and what 16 bits leave of kernels."""

from pathlib import Path

import keras
import numpy as np
import pytest

from appendix_architectures.listings import printed_rows
from appendix_architectures.registry import LISTINGS
from data_prep.checksums import sha256
from thesis_repro.errors import ModelError
from thesis_repro.explorer import decoder_steps as steps
from thesis_repro.explorer.page import Runtime
from thesis_repro.files import read_entries


def test_the_page_has_every_layer_of_every_decoder():
    decoders = [
        number for number, listing in LISTINGS.items() if "decoder" in listing.title.lower()
    ]
    assert len(decoders) >= 12
    kinds = {row.type for number in decoders for row in printed_rows(number)}
    assert kinds <= {*steps._KINDS, "Dropout"}


def test_kernels_are_rounded_to_their_columns():
    kernel = np.random.default_rng(0).normal(size=(50, 4)) * [1, 1e-6, 1e3, 0]
    layer = keras.layers.Dense(4)
    network = keras.Sequential([keras.Input((50,)), layer])
    network.set_weights([kernel, np.arange(4)])
    made = steps.decoder_steps(network)
    scales, bias = np.split(made.vectors, 2)
    assert made.kernels.dtype == np.int16
    apart = np.abs(made.kernels.reshape(50, 4) * scales - kernel)
    assert (apart <= 0.51 * np.abs(kernel).max(axis=0) / 32767 + 1e-12).all()
    assert bias.tolist() == [0, 1, 2, 3]


def test_what_the_page_cannot_compute_is_refused():
    for layer, words in (
        (keras.layers.Softmax(name="last"), r"no layer of the kind Softmax \(last\), but"),
        (keras.layers.Activation("tanh", name="last"), r"no activation tanh \(last\)"),
    ):
        with pytest.raises(ModelError, match=words):
            steps.decoder_steps(keras.Sequential([keras.Input((2,)), layer]))


def test_the_runtime_is_that_of_the_registry():
    runtime = read_entries("explorer", "runtime/runtime.json", Runtime)
    folder = Path(steps.__file__).with_name("runtime")
    there = {path.name: sha256(path) for path in folder.iterdir() if path.name != "runtime.json"}
    assert there == runtime.files
    assert runtime.fetched_by.count(f"@{runtime.version}") == 2
    notice = (folder.parents[2] / "NOTICE").read_text(encoding="utf-8")
    assert f"TensorFlow.js {runtime.version}" in notice
    assert "XNNPACK" in notice
