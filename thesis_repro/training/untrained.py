"""A network as its training begins: the control of what training did.

With the statistics that it is built with, 0 and 1, batch normalisation does nothing, where a
trained network's does much: two networks that differ in this are no pair. So the control has the
statistics of training images.
"""

import keras

from thesis_repro.models.building import builders
from thesis_repro.models.families import FAMILIES
from thesis_repro.models.heads import keep_heads_in_float32
from thesis_repro.models.spec import ModelSpec
from thesis_repro.seeds import derive_seed, epoch_order
from thesis_repro.training.backend import computing_in, make_deterministic
from thesis_repro.training.devices import prepare_devices
from thesis_repro.training.images import ImageData
from thesis_repro.training.moving_statistics import cap_momentum, in_equal_shares
from thesis_repro.training.train import TrainingOptions

BATCHES = 100  # at most: of AlexNet's, 3,200 images


def untrained(spec: ModelSpec, data: ImageData, options: TrainingOptions) -> keras.Model:
    """The network of a model that takes images, before the first update of its run.

    Its weights are those that the run begins with, and its batch normalisation has the mean over
    the run's first batches of their statistics. The model's other networks are not built, nor an
    optimiser: AlexNet-VAE's would be 3 GB.

    Raises:
        data_prep.errors.DataError: images can no longer be read.
    """
    make_deterministic()
    prepare_devices()
    with computing_in(options.precision):
        # As in `thesis_repro.training.train`, where this network is the first one built.
        keras.utils.set_random_seed(derive_seed(options.seed, spec.id, "initial weights"))
        network = builders(spec)[FAMILIES[spec.family].parts[0]]()
        keep_heads_in_float32(network)
        _settle(network, spec, data, options.seed)
    return network


def _settle(network: keras.Model, spec: ModelSpec, data: ImageData, seed: int) -> None:
    """Give batch normalisation the statistics of a run's first batches, each counting alike."""
    order = epoch_order(seed, spec.id, 1, len(data.train))
    size = min(spec.batch_size.value, len(order))
    batches = order[: len(order) // size * size].reshape(-1, size)[:BATCHES]
    cap_momentum([network], 0)  # nothing older is remembered
    for rows in in_equal_shares(network, *batches):
        network(data.train[rows].astype("float32") / 255, training=True)
