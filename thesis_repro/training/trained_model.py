"""A trained model: what a finished run left, and what can be done with it.

Sections and users of the library encode, decode and classify here alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from thesis_repro.errors import ModelError
from thesis_repro.models.decoding import BATCH_SIZE, compiled, in_batches
from thesis_repro.models.encoding import Posterior, float_batches, posteriors
from thesis_repro.models.families import FAMILIES, Objective
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.given_codes import RandomNumbers, as_codes, as_count, as_generator
from thesis_repro.training.given_images import ImagesLike, as_taken
from thesis_repro.training.run_folder import RunFolder
from thesis_repro.words import counted

if TYPE_CHECKING:
    import keras

_CLASSIFIED_AT_ONCE = 500


@dataclass(frozen=True, eq=False, repr=False)
class TrainedModel:
    """A finished run: what it is, and the model with its weights.

    Images are an array, a Pillow picture, or several of either: uint8 from 0 to 255 or floats from
    0 to 1, (n, height, width, channels) in the model's size, as many as you like; a single one is a
    batch of one, and grey ones need no channel. Images that come back are float32 from 0 to 1.
    Codes are float arrays (n, dimensions), one per latent layer, the lowest layer first: a VAE has
    one layer, a VLAE three. Random numbers come from the generator that you pass, or from
    one of the seed that you pass.

    Attributes:
        spec: The model: every value with its source in the thesis.
        run: The folder of its run.
        history: A dictionary per epoch: losses, validation losses, seconds.
        model: The Keras model.
    """

    spec: ModelSpec
    run: RunFolder
    history: list[dict[str, float]]
    model: "keras.Model"

    def __repr__(self) -> str:
        spec, values = self.spec, self.run.config.values
        shape = " x ".join(map(str, spec.input_shape.value))
        codes = " + ".join(map(str, spec.latent_dims.value))
        made = f"{counted(values['epochs'], 'epoch')} at {values['scale']} scale"
        latent = f", latent dimensions {codes}" if codes else ""
        return (
            f"<{spec.name}: {spec.family} of {shape} images{latent}; {made}, seed "
            f"{values['seed']}, run {self.run.config.run_id}>"
        )

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: Keras would leave half of it behind.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            f"{self.spec.name} cannot be pickled. Pass the path of its run, model.run.path, to "
            "another process, and load_model(path) there; TensorFlow survives no fork: start it "
            'with multiprocessing.get_context("spawn").'
        )

    @property
    def networks(self) -> dict[str, "keras.Model"]:
        """The Keras networks by part: "encoder", "decoder", "discriminator", or "classifier"."""
        return FAMILIES[self.spec.family].networks(self.model)

    def card(self) -> str:
        """The model card, as Markdown: what it is, how it was trained, its losses and limits.

        Raises:
            thesis_repro.errors.TrainingError: the run's history has been damaged meanwhile.
        """
        from thesis_repro.training.model_card import model_card  # with Jinja2

        return model_card(self.run)

    # --- Autoencoders ---

    def encode(self, images: ImagesLike) -> list[Posterior]:
        """The posterior of each latent layer, mu and log_var (n, dimensions), lowest layer first.

        Raises:
            ModelError: the model has no encoder, or takes no such images.
        """
        self._need_codes("encode")
        return posteriors(self.model.posterior, as_taken(images, self.spec))

    def sample(self, images: ImagesLike, rng: RandomNumbers) -> list[np.ndarray]:
        """One z per image, drawn from its posterior: float32 (n, dimensions) of each layer.

        Raises:
            ModelError: as `encode`; or ``rng`` is neither a generator nor a seed.
        """
        rng = as_generator(rng)
        return [layer.sample(rng) for layer in self.encode(images)]

    def sample_prior(self, n: int, rng: RandomNumbers) -> list[np.ndarray]:
        """So many z from N(0, I): float64 (n, dimensions) of each layer.

        Raises:
            ModelError: the model has no latent layers, ``n`` is no whole number from 1 on, or
                ``rng`` neither a generator nor a seed.
        """
        self._need_codes("sample_prior")
        n, rng = as_count(n, "n"), as_generator(rng)
        return [rng.standard_normal((n, size)) for size in self.spec.latent_dims.value]

    def decode(
        self, z: np.ndarray | Sequence[np.ndarray], batch_size: int = BATCH_SIZE
    ) -> np.ndarray:
        """The images of codes, float32 (n, height, width, channels) in [0, 1].

        Args:
            z: (n, dimensions) of each layer; of a single layer, the array alone will do.
            batch_size: Images that are decoded at once; the last batch is filled up with zeros.

        Raises:
            ModelError: the model has no decoder, its layers are others, the codes are not of the
                same n or no finite numbers, or ``batch_size`` is no whole number from 1 on.
        """
        return np.concatenate([*self.decode_in_batches(z, batch_size)])

    def decode_in_batches(
        self, z: np.ndarray | Sequence[np.ndarray], batch_size: int = BATCH_SIZE
    ) -> Iterator[np.ndarray]:
        """The same, batch by batch, where all images together are too many to be held.

        Raises:
            ModelError: as `decode`.
        """
        self._need_codes("decode")
        layers, size = as_codes(z, self.spec), as_count(batch_size, "batch_size")
        return in_batches(compiled(self.model.decoder), layers, size)

    def reconstruct(self, images: ImagesLike) -> np.ndarray:
        """The images as the model makes them anew from their mean codes, as of `decode`.

        Raises:
            ModelError: as `encode`.
        """
        return self.decode([layer.mu for layer in self.encode(images)])

    def generate(self, n: int, rng: RandomNumbers) -> np.ndarray:
        """So many images of codes from the prior N(0, I), as of `decode`.

        Raises:
            ModelError: as `sample_prior`.
        """
        self._need_codes("generate")
        return self.decode(self.sample_prior(n, rng))

    def losses(self, images: ImagesLike, rng: RandomNumbers | None = None) -> dict[str, np.ndarray]:
        """What a VAE or VLAE is trained on, image by image: float32 (n,) each.

        "reconstruction" is the weighted squared error of one sampled z, "kl" the divergence of the
        posterior from the prior (nats) over all layers, "loss" their sum. In the history are their
        means. Without ``rng`` the samples are the same at each call.

        Raises:
            ModelError: the model is trained on something else, or takes no such images.
        """
        if FAMILIES[self.spec.family].objective is not Objective.EVIDENCE:
            raise self._cannot("losses", "only a VAE or VLAE has losses of single images")
        from keras.ops import convert_to_numpy

        from thesis_repro.models.losses import kl_term, reconstruction_term

        pixels = as_taken(images, self.spec)
        layers = self.encode(pixels)
        rng = as_generator(0 if rng is None else rng)
        z = [layer.sample(rng) for layer in layers]
        weight = self.spec.reconstruction_weight.value
        pairs = zip(float_batches(pixels, BATCH_SIZE), self.decode_in_batches(z), strict=True)
        terms = [convert_to_numpy(reconstruction_term(*pair, weight)) for pair in pairs]
        reconstruction = np.concatenate(terms)
        parameters = [layer.mu for layer in layers], [layer.log_var for layer in layers]
        kl = convert_to_numpy(kl_term(*parameters))
        return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}

    # --- Classifiers ---

    def classify(self, images: ImagesLike) -> np.ndarray:
        """A classifier's answers, float32 (n, outputs): the probability of each class.

        With a single output, that of the class 1.

        Raises:
            ModelError: the model is no classifier, or takes no such images.
        """
        if FAMILIES[self.spec.family].objective is not Objective.CLASSIFICATION:
            raise self._cannot("classify", "it is no classifier")
        batches = float_batches(as_taken(images, self.spec), _CLASSIFIED_AT_ONCE)
        return np.concatenate([self.model.predict_on_batch(batch) for batch in batches])

    # --- What is refused ---

    def _need_codes(self, method: str) -> None:
        if FAMILIES[self.spec.family].objective is Objective.CLASSIFICATION:
            raise self._cannot(method, "it is a classifier, without latent layers: use classify")

    def _cannot(self, method: str, why: str) -> ModelError:
        return ModelError(f"{self.spec.name} has no {method}: {why}.")
