"""One step of a VAE-GAN or VLAE-GAN: the objectives, and the three updates on a batch.

Sections 2.5.3, 3.4.3 and 3.4.4; where they leave something open, the original code (errata E14,
E25, E27, E30, E31, E40).
"""

from typing import Any

import keras
from keras import ops

from thesis_repro.models.adversarial import AdversarialAutoencoder
from thesis_repro.models.losses import cross_entropy, feature_term, kl_term
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.compiled import Pullback, Vjp
from thesis_repro.training.moving_statistics import frozen, in_equal_shares
from thesis_repro.training.optimizer import build_optimizer
from thesis_repro.training.step import Step

KL_WEIGHT = 10.0  # Section 3.4.3; erratum E31

PARTS = ("discriminator", "decoder", "encoder")  # in the order of their updates


# === Objectives (each a mean over the batch) ===


def discriminator_loss(real, reconstructed, sampled, real_label: float):
    """Cross-entropies of the discriminator's answers with what the images are (Equation 35)."""
    return (
        cross_entropy(real, real_label)
        + cross_entropy(reconstructed, 0)
        + cross_entropy(sampled, 0)
    )


def decoder_loss(reconstructed, sampled, feature, weight: float):
    """Cross-entropies of the discriminator's answers with "real", and the feature loss."""
    return cross_entropy(reconstructed, 1) + cross_entropy(sampled, 1) + weight * feature


def encoder_loss(kl, feature):
    """The KL term, weighted ten times more strongly than the feature loss (Section 3.4.3)."""
    return KL_WEIGHT * kl + feature


# === One training step ===


class AdversarialStep(Step):
    """Updates discriminator, decoder and encoder on one batch, each by its optimiser.

    In this order (erratum E30), on the same images (erratum E40). The encoder is run once: it is
    updated last, so its outputs serve all three. So do the features of the real images, for decoder
    and encoder. Noise is drawn anew for each update. Only full batches, unless there are not even
    the images of one: then these are the batch.
    """

    headline = ("val_discriminator_loss", "val_feature_loss", "val_kl", "val_diversity")
    shown = "encoder_loss"
    whole_batches = True

    def __init__(self, spec: ModelSpec, model: AdversarialAutoencoder):
        self.model = model
        self.real_label = spec.real_label.value
        self.trained = {part: getattr(model, part).trainable_variables for part in PARTS}
        self.by_part = {part: build_optimizer(spec, spec.beta_1.value) for part in PARTS}
        for part, optimizer in self.by_part.items():
            optimizer.build(self.trained[part])
        self.optimizers = list(self.by_part.values())

    def update(self, vjp: Vjp, images) -> dict[str, Any]:
        """The three updates; the losses by name."""
        model = self.model
        posterior, _, to_encoder = vjp(
            lambda x: (model.posterior(x, training=True), None), [images], self.trained["encoder"]
        )
        logs = self._update_discriminator(vjp, images, posterior)
        with frozen(model.discriminator):
            target = model.features(images, training=True)
            logs |= self._update_decoder(vjp, posterior, target)
            with frozen(model.decoder):
                logs |= self._update_encoder(vjp, posterior, target, to_encoder)
        return logs

    def validate(self, vjp: Vjp, images) -> dict[str, Any]:
        """The same losses, and the diversity of sampled images."""
        model = self.model
        posterior = model.posterior(images, training=False)
        reconstructed = model.decode(model.sample(posterior))
        sampled = model.decode(model.sample_prior(posterior))
        answers = [model.discriminator(batch) for batch in (images, reconstructed, sampled)]
        feature = feature_term(model.features(images), model.features(reconstructed))
        kl = ops.mean(kl_term(posterior["mu"], posterior["log_var"]))
        return {
            "discriminator_loss": discriminator_loss(*answers, self.real_label),
            **accuracies(*answers),
            "decoder_loss": decoder_loss(*answers[1:], feature, model.feature_weight),
            "encoder_loss": encoder_loss(kl, feature),
            "kl": kl,
            "feature_loss": feature,
            "diversity": diversity(images, sampled),
        }

    def _update_discriminator(self, vjp: Vjp, images, posterior) -> dict[str, Any]:
        model = self.model
        with frozen(model.decoder):
            reconstructed = model.decode(model.sample(posterior), training=True)
            sampled = model.decode(model.sample_prior(posterior), training=True)

        def objective():
            answers = [
                model.discriminator(batch, training=True)
                for batch in in_equal_shares(model.discriminator, images, reconstructed, sampled)
            ]
            return discriminator_loss(*answers, self.real_label), answers

        loss, answers, pullback = vjp(objective, [], self.trained["discriminator"])
        self._apply("discriminator", pullback(ops.ones_like(loss))[1])
        return {"discriminator_loss": loss} | accuracies(*answers)

    def _update_decoder(self, vjp: Vjp, posterior, target) -> dict[str, Any]:
        model = self.model
        z, prior = model.sample(posterior), model.sample_prior(posterior)

        def objective():
            codes = in_equal_shares(model.decoder, z, prior)
            images = [model.decode(code, training=True) for code in codes]
            answers = [model.discriminator(batch, training=True) for batch in images]
            feature = feature_term(target, model.features(images[0], training=True))
            return decoder_loss(*answers, feature, model.feature_weight), feature

        loss, _, pullback = vjp(objective, [], self.trained["decoder"])
        self._apply("decoder", pullback(ops.ones_like(loss))[1])
        return {"decoder_loss": loss}

    def _update_encoder(self, vjp: Vjp, posterior, target, to_encoder: Pullback) -> dict[str, Any]:
        model = self.model
        layers = len(posterior["mu"])

        def objective(*parameters):
            mu, log_var = list(parameters[:layers]), list(parameters[layers:])
            z = model.sample({"mu": mu, "log_var": log_var})
            images = model.decode(z, training=True)
            feature = feature_term(target, model.features(images, training=True))
            kl = ops.mean(kl_term(mu, log_var))
            return encoder_loss(kl, feature), (kl, feature)

        parameters = [*posterior["mu"], *posterior["log_var"]]
        loss, (kl, feature), pullback = vjp(objective, parameters, [])
        slopes = list(pullback(ops.ones_like(loss))[0])
        cotangents = {"mu": slopes[:layers], "log_var": slopes[layers:]}
        self._apply("encoder", to_encoder(cotangents)[1])
        return {"encoder_loss": loss, "kl": kl, "feature_loss": feature}

    def _apply(self, part: str, gradients: list) -> None:
        self.by_part[part].apply(gradients, self.trained[part])


def accuracies(real, reconstructed, sampled) -> dict[str, Any]:
    """Shares of the images that the discriminator takes for what they are."""
    return {
        "accuracy_real": ops.mean(ops.cast(real > 0.5, "float32")),
        "accuracy_reconstructed": ops.mean(ops.cast(reconstructed < 0.5, "float32")),
        "accuracy_sampled": ops.mean(ops.cast(sampled < 0.5, "float32")),
    }


def diversity(real, sampled):
    """How much sampled images differ from each other, as a share of how much real ones do.

    The ratio of the mean pixel-wise variances over the batch; near 0, the decoder has collapsed to
    one image.
    """
    spread = [ops.mean(ops.var(ops.cast(batch, "float32"), axis=0)) for batch in (sampled, real)]
    return spread[0] / (spread[1] + keras.config.epsilon())
