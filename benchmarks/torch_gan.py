"""The step of a VAE-GAN or VLAE-GAN in plain PyTorch: the rival of `benchmarks/gan_step.py`.

The same networks, objectives and three updates as `thesis_repro/training/gan_step.py`, written as
one would in PyTorch, with nothing that slows it down on purpose: the encoder runs once for all
three updates, the features of a reconstruction come from the discriminator's own pass over it, and
no gradient is computed that no optimiser takes. The decay of the learning rate is left out.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from keras import ops
from torch import nn
from torch.nn import functional as F
from torch_rival import FORMATS, Network, batches, names_of, stored
from workload import Train, check_finite

from appendix_architectures.parameters import count_parameters
from thesis_repro.models.adversarial import AdversarialAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec
from thesis_repro.models.zoo import BETA_1, REAL_LABEL
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.gan_step import KL_WEIGHT, PARTS, AdversarialStep

Draw = Callable[[torch.Tensor], torch.Tensor]  # standard normal noise of a tensor's shape

EPSILON = 1e-7  # of Adam
BETA_2 = 0.999
TOLERANCE = 1e-3  # relative: equal but for rounding
DRAWS = 5  # of noise for each latent layer in a step: two, two and one


class TorchGan(nn.Module):
    """The PyTorch networks of an AdversarialAutoencoder, with fresh weights of PyTorch's own."""

    def __init__(self, model: AdversarialAutoencoder):
        super().__init__()
        self.encoder = Network(model.posterior)
        self.decoder = Network(model.decoder)
        self.discriminator = Network(model.discriminator)
        self.mus = names_of(model.posterior.output["mu"])
        self.log_vars = names_of(model.posterior.output["log_var"])
        (self.image,) = names_of(model.decoder.outputs)
        (self.answer,) = names_of(model.discriminator.outputs)
        (self.feature,) = names_of(model.features.outputs)
        self.feature_weight = model.feature_weight

    def encode(self, images: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Mean and log-variance of each latent layer."""
        code = self.encoder(images)
        return [(code[mu], code[lv]) for mu, lv in zip(self.mus, self.log_vars, strict=True)]

    def decode(self, z: list[torch.Tensor]) -> torch.Tensor:
        """Images of one z per latent layer."""
        return self.decoder(*z)[self.image]

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """Raw output of the convolution that is compared."""
        return self.discriminator(images, until=self.feature)[self.feature]


class Step:
    """The three updates on a batch (batch, channels, height, width) of float32 in [0, 1]."""

    def __init__(self, gan: TorchGan, rate: float, epsilon: float = EPSILON):
        self.gan = gan
        self.draw: Draw = torch.randn_like
        self.optimizers = {
            part: torch.optim.Adam(
                getattr(gan, part).parameters(), rate, (BETA_1, BETA_2), eps=epsilon, fused=True
            )
            for part in PARTS
        }

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Update discriminator, decoder and encoder; the losses by name."""
        posterior = self.gan.encode(images)
        constant = [(mu.detach(), log_var.detach()) for mu, log_var in posterior]
        logs = self.update_discriminator(images, constant)
        with frozen(self.gan.discriminator):
            with torch.no_grad():
                target = self.gan.features(images)
            logs |= self.update_decoder(constant, target)
            with frozen(self.gan.decoder):
                return logs | self.update_encoder(posterior, target)

    def update_discriminator(self, images, posterior) -> dict[str, torch.Tensor]:
        """Tell images from reconstructed and sampled ones."""
        gan = self.gan
        with frozen(gan.decoder), torch.no_grad():
            reconstructed = gan.decode(self.sample(posterior))
            sampled = gan.decode(self.sample_prior(posterior))
        real, *false = (gan.discriminator(x)[gan.answer] for x in (images, reconstructed, sampled))
        loss = cross_entropy(real, REAL_LABEL) + sum(cross_entropy(answer, 0) for answer in false)
        self.apply("discriminator", loss)
        return {"discriminator_loss": loss.detach()}

    def update_decoder(self, posterior, target) -> dict[str, torch.Tensor]:
        """Pass for real, and reconstruct the features."""
        gan = self.gan
        z, prior = self.sample(posterior), self.sample_prior(posterior)
        reconstructed, sampled = (gan.discriminator(gan.decode(code)) for code in (z, prior))
        loss = cross_entropy(reconstructed[gan.answer], 1) + cross_entropy(sampled[gan.answer], 1)
        loss = loss + gan.feature_weight * feature_term(target, reconstructed[gan.feature])
        self.apply("decoder", loss)
        return {"decoder_loss": loss.detach()}

    def update_encoder(self, posterior, target) -> dict[str, torch.Tensor]:
        """Stay close to the prior, and reconstruct the features."""
        feature = feature_term(target, self.gan.features(self.gan.decode(self.sample(posterior))))
        kl = sum(
            -0.5 * torch.sum(1 + log_var - mu**2 - torch.exp(log_var), dim=-1).mean()
            for mu, log_var in posterior
        )
        loss = KL_WEIGHT * kl + feature
        self.apply("encoder", loss)
        return {"encoder_loss": loss.detach(), "kl": kl.detach()}

    def sample(self, posterior) -> list[torch.Tensor]:
        """A new z of each latent layer."""
        return [mu + torch.exp(log_var / 2) * self.draw(mu) for mu, log_var in posterior]

    def sample_prior(self, posterior) -> list[torch.Tensor]:
        """Noise of the shape of each z."""
        return [self.draw(mu) for mu, _ in posterior]

    def apply(self, part: str, loss: torch.Tensor) -> None:
        """One update of a part's weights."""
        self.optimizers[part].zero_grad()
        loss.backward()
        self.optimizers[part].step()


def cross_entropy(probabilities: torch.Tensor, label: float) -> torch.Tensor:
    """Mean binary cross-entropy with one label for all; in float32, as PyTorch wants it."""
    with torch.autocast(probabilities.device.type, enabled=False):
        probabilities = probabilities.float()
        return F.binary_cross_entropy(probabilities, torch.full_like(probabilities, label))


def feature_term(features: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Gaussian negative log-likelihood, summed over the features, a mean over images."""
    constant = math.prod(features.shape[1:]) * math.log(2 * math.pi) / 2
    return constant + F.mse_loss(other, features, reduction="sum") / (2 * len(features))


@contextmanager
def frozen(network: Network) -> Iterator[None]:
    """Run a network in training without gradients for its weights or a trace in its statistics."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    network.requires_grad_(False)
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        network.requires_grad_(True)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def gan_loop(layout: str, spec: ModelSpec, images: np.ndarray, device: str = "cpu") -> Train:
    """Training of a GAN in a memory format, as one would write it."""
    memory_format = FORMATS[layout]
    gan = TorchGan(build_model(spec)).to(device, memory_format=memory_format)
    step = Step(gan, spec.learning_rate.value)
    images = stored(images, device)

    def train(rows: np.ndarray) -> None:
        losses = [
            step(batch)["encoder_loss"]
            for batch in batches(images, rows, spec.batch_size.value, memory_format)
        ]
        check_finite(torch.stack(losses).cpu().numpy())

    return train


# === Whether both sides do the same work ===


class Agreement(NamedTuple):
    """Two steps on both sides with the same weights, images and noise.

    Losses are (ours, theirs) by update and step, less the constant of the feature loss, which would
    hide all differences. Those of the second step come out of all three updates of the first.
    """

    parameters: tuple[int, int]
    losses: dict[str, tuple[float, float]]

    @property
    def holds(self) -> bool:
        """Whether the rival does what we do."""
        return self.parameters[0] == self.parameters[1] and all(
            math.isclose(*pair, rel_tol=TOLERANCE) for pair in self.losses.values()
        )


def compare(spec: ModelSpec, images: np.ndarray, rng: np.random.Generator) -> Agreement:
    """Two steps on a batch of uint8 images (batch, height, width, channels), on both sides."""
    model = build_model(spec)
    gan = TorchGan(model)
    networks = {part: getattr(gan, part) for part in PARTS}
    for part, network in networks.items():
        network.copy_weights(model.posterior if part == "encoder" else getattr(model, part))
    # Keras adds epsilon before it corrects Adam's averages for their youth, PyTorch afterwards; so
    # the first updates differ where gradients are small, unless PyTorch is given this epsilon.
    rival = Step(gan, spec.learning_rate.value, EPSILON / math.sqrt(1 - BETA_2))
    constant = math.prod(model.features.output_shape[1:]) * math.log(2 * math.pi) / 2
    constants = {"decoder_loss": model.feature_weight * constant, "encoder_loss": constant}
    ours = _scripted(spec, model)
    batch = images.astype("float32") / 255
    losses = {}
    for number in (1, 2):
        noise = _noise(model, len(batch), rng)
        rival.draw = partial(_next, map(torch.from_numpy, noise))
        here, there = ours(batch, *noise), rival(torch.from_numpy(batch).permute(0, 3, 1, 2))
        for name in there:
            pair = (float(logs[name]) - constants.get(name, 0) for logs in (here, there))
            losses[f"{name} {number}"] = tuple(pair)
    counts = (count_parameters(getattr(model, part)).total for part in PARTS)
    return Agreement((sum(counts), sum(own.weight_count() for own in networks.values())), losses)


def _noise(model: AdversarialAutoencoder, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """What one step draws, in its order."""
    sizes = [tensor.shape[1] for tensor in model.posterior.output["mu"]]
    return [rng.normal(size=(count, n)).astype("float32") for _ in range(DRAWS) for n in sizes]


def _next(draws: Iterator[torch.Tensor], _: torch.Tensor) -> torch.Tensor:
    return next(draws)


def _scripted(spec: ModelSpec, model: AdversarialAutoencoder) -> CompiledStep:
    """Our step with its noise handed in, in the order in which it is drawn."""
    step = AdversarialStep(spec, model)

    def with_noise(vjp, images, *noise):
        draws = iter(noise)
        model.sample = lambda found: [
            mu + ops.exp(log_var / 2) * next(draws)
            for mu, log_var in zip(found["mu"], found["log_var"], strict=True)
        ]
        model.sample_prior = lambda found: [next(draws) for _ in found["mu"]]
        return step.update(vjp, images)

    state = [variable for own in step.optimizers for variable in own.variables]
    return CompiledStep(with_noise, [*model.variables, *state])
