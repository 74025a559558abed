"""One update of a VAE or VLAE on a batch (Sections 2.5.2, 3.4.1 and 3.4.2)."""

from typing import Any

from keras import ops

from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.losses import kl_term, reconstruction_term
from thesis_repro.models.spec import ModelSpec
from thesis_repro.training.compiled import Vjp
from thesis_repro.training.optimizer import build_optimizer
from thesis_repro.training.step import Step


class EvidenceStep(Step):
    """Descends Equation 24 with a weighted first term, all networks by one optimiser."""

    headline = ("loss", "val_loss", "val_reconstruction", "val_kl")
    shown = "loss"

    def __init__(self, spec: ModelSpec, model: VariationalAutoencoder):
        self.model = model
        self.trained = model.trainable_variables
        self.optimizers = [build_optimizer(spec)]
        self.optimizers[0].build(self.trained)

    def update(self, vjp: Vjp, images) -> dict[str, Any]:
        """One update of encoder and decoder; the losses by name."""
        loss, terms, pullback = vjp(lambda: self._losses(images, training=True), [], self.trained)
        self.optimizers[0].apply(pullback(ops.ones_like(loss))[1], self.trained)
        return _by_name(loss, terms)

    def validate(self, vjp: Vjp, images) -> dict[str, Any]:
        """The same losses."""
        return _by_name(*self._losses(images, training=False))

    def _losses(self, images, training: bool) -> tuple[Any, tuple[Any, Any]]:
        model = self.model
        outputs = model(images, training=training)
        reconstruction = ops.mean(
            reconstruction_term(images, outputs["reconstruction"], model.reconstruction_weight)
        )
        kl = ops.mean(kl_term(outputs["mu"], outputs["log_var"]))
        return reconstruction + kl, (reconstruction, kl)


def _by_name(loss, terms: tuple[Any, Any]) -> dict[str, Any]:
    reconstruction, kl = terms
    return {"loss": loss, "reconstruction": reconstruction, "kl": kl}
