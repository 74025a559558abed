"""A plain PyTorch rendering of Keras networks, layer by layer, and of the VAEs and VLAEs of them.

The rival of `benchmarks/train_throughput.py`: the same layers, loss and optimiser, written as one
would in PyTorch, with nothing that slows it down on purpose; `torch_gan.py` has the GANs of these
networks. Tensors are (batch, channels, height,
width). Where "same" padding is lopsided (even kernels, stride 2) PyTorch has no setting for it, so
the image is padded, or the output of a transposed convolution cut, by hand: without that it would
be another network.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import keras
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from workload import Train, check_finite

from appendix_architectures.parameters import count_parameters
from appendix_architectures.rows import LayerRow, layer_rows
from data_prep.parallel import available_cores
from thesis_repro.models.autoencoder import VariationalAutoencoder
from thesis_repro.models.building import build_model
from thesis_repro.models.spec import ModelSpec
from thesis_repro.seeds import seed_noise
from thesis_repro.training.compiled import CompiledStep
from thesis_repro.training.evidence_step import EvidenceStep

# Equal but for rounding: the two sides add up thousands of float32 products in another order.
LOSS_TOLERANCE = 1e-4  # relative
IMAGE_TOLERANCE = 1e-3  # on pixels in [0, 1]

FORMATS = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}


class Conv2DSame(nn.Conv2d):
    """Convolution with Keras's "same" padding: ceil(size / stride) outputs, odd pixel last."""

    def __init__(self, layer: keras.layers.Conv2D):
        (kernel, *_), (stride, *_) = layer.kernel_size, layer.strides
        size, out = layer.input.shape[1], layer.output.shape[1]
        total = max((out - 1) * stride + kernel - size, 0)
        lopsided = total % 2 == 1
        padding = 0 if lopsided else total // 2
        channels = layer.input.shape[-1]
        super().__init__(channels, layer.filters, kernel, stride, padding, bias=layer.use_bias)
        self.border = (total // 2, total - total // 2) * 2 if lopsided else None

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (batch, channels, height, width) to feature maps."""
        return super().forward(F.pad(image, self.border) if self.border else image)


class ConvTranspose2DSame(nn.ConvTranspose2d):
    """Transposed convolution with Keras's "same" padding: size * stride outputs."""

    def __init__(self, layer: keras.layers.Conv2DTranspose):
        (kernel, *_), (stride, *_) = layer.kernel_size, layer.strides
        cut = (kernel - stride) // 2
        channels = layer.input.shape[-1]
        super().__init__(channels, layer.filters, kernel, stride, cut, bias=layer.use_bias)
        self.size = layer.output.shape[1]

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Feature maps to (batch, channels, height * stride, width * stride)."""
        return super().forward(maps)[..., : self.size, : self.size]


class ToImage(nn.Module):
    """Rows of numbers to (batch, channels, height, width)."""

    def __init__(self, layer: keras.layers.Reshape):
        super().__init__()
        height, width, channels = layer.target_shape
        self.shape = (channels, height, width)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(batch, channels * height * width) to images."""
        return rows.view(-1, *self.shape)


class Sampling(nn.Module):
    """z = mu + exp(log_var / 2) * noise, with the noise given or drawn."""

    def forward(self, mu, log_var, noise: torch.Tensor | None = None) -> torch.Tensor:
        """One z per row."""
        return mu + torch.exp(log_var / 2) * (torch.randn_like(mu) if noise is None else noise)


class Concatenate(nn.Module):
    """Joins its inputs along the feature axis."""

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        """Rows with the features of all parts."""
        return torch.cat(parts, dim=1)


def _batch_norm(layer: keras.layers.BatchNormalization) -> nn.Module:
    kind = nn.BatchNorm2d if len(layer.input.shape) == 4 else nn.BatchNorm1d
    return kind(layer.input.shape[-1], eps=layer.epsilon, momentum=1 - layer.momentum)


# Activations work in place: none of these networks reads an activation's input anywhere else.
MODULES: dict[str, Callable[[keras.layers.Layer], nn.Module]] = {
    "Conv2D": Conv2DSame,
    "Conv2DTranspose": ConvTranspose2DSame,
    "BatchNormalization": _batch_norm,
    "Dense": lambda layer: nn.Linear(layer.input.shape[-1], layer.units),
    "ReLU": lambda layer: nn.ReLU(inplace=True),
    "LeakyReLU": lambda layer: nn.LeakyReLU(layer.negative_slope, inplace=True),
    "Activation": lambda layer: {"sigmoid": nn.Sigmoid}[layer.activation.__name__](),
    "Flatten": lambda layer: nn.Flatten(),
    "Reshape": ToImage,
    "Concatenate": lambda layer: Concatenate(),
    "Lambda": lambda layer: Sampling(),
}


class Network(nn.Module):
    """A functional Keras model as PyTorch modules, run row by row."""

    def __init__(self, model: keras.Model):
        super().__init__()
        rows = layer_rows(model)
        self.inputs = names_of(model.inputs)
        self.steps = [
            (row.name, [source.name for source in row.connections])
            for row in rows
            if row.type != "InputLayer"
        ]
        self.layers = nn.ModuleDict(
            {
                row.name: MODULES[row.type](model.get_layer(row.name))
                for row in rows
                if row.type != "InputLayer"
            }
        )

    def forward(
        self,
        *inputs: torch.Tensor,
        noise: dict[str, torch.Tensor] | None = None,
        until: str | None = None,
    ) -> dict[str, torch.Tensor]:
        """All layers' outputs by name, up to the one that is wanted where only one is.

        ``noise`` goes by sampling layer and is drawn where not given.
        """
        values = dict(zip(self.inputs, inputs, strict=True))
        for name, sources in self.steps:
            arguments = [values[source] for source in sources]
            if noise and name in noise:
                arguments.append(noise[name])
            values[name] = self.layers[name](*arguments)
            if name == until:
                break
        return values

    def copy_weights(self, model: keras.Model) -> None:
        """Take the values of the Keras model's weights."""
        rows = layer_rows(model)
        with torch.no_grad():
            for row in rows:
                values = _values(model.get_layer(row.name), row, rows)
                for tensor, value in zip(_tensors(self, row), values, strict=True):
                    tensor.copy_(torch.from_numpy(np.array(value)))

    def weight_count(self) -> int:
        """Weights as Keras counts them: parameters and moving statistics."""
        moving = [buffer for name, buffer in self.named_buffers() if "running" in name]
        return sum(tensor.numel() for tensor in [*self.parameters(), *moving])


def names_of(tensors: list[keras.KerasTensor]) -> list[str]:
    """Names of the layers that put these tensors out."""
    return [tensor._keras_history[0].name for tensor in tensors]


class Losses(NamedTuple):
    """Reconstruction of a batch, and the loss, a scalar."""

    reconstruction: torch.Tensor
    loss: torch.Tensor


class TorchRival(nn.Module):
    """The PyTorch network of a VariationalAutoencoder, with fresh weights of PyTorch's own."""

    def __init__(self, model: VariationalAutoencoder):
        super().__init__()
        self.encoder = Network(model.encoder)
        self.decoder = Network(model.decoder)
        self.weight = model.reconstruction_weight
        names = [layer.name for layer in model.encoder.layers]
        self.mus = [name for name in names if name.startswith("mu")]
        self.log_vars = [name for name in names if name.startswith("log_var")]
        self.zs = names_of(model.encoder.outputs)
        (self.image,) = names_of(model.decoder.outputs)

    def forward(self, images: torch.Tensor, noise: list[torch.Tensor] | None = None) -> Losses:
        """Reconstruction and loss of images (batch, channels, height, width) in [0, 1]."""
        given = dict(zip(self.zs, noise, strict=True)) if noise else None
        code = self.encoder(images, noise=given)
        reconstruction = self.decoder(*(code[name] for name in self.zs))[self.image]
        loss = self.weight * torch.mean((images - reconstruction) ** 2, dim=(1, 2, 3))
        for mu, log_var in zip(self.mus, self.log_vars, strict=True):
            mu, log_var = code[mu], code[log_var]
            loss = loss - 0.5 * torch.sum(1 + log_var - mu**2 - torch.exp(log_var), dim=-1)
        return Losses(reconstruction, loss.mean())


def _tensors(network: Network, row: LayerRow) -> Iterator[torch.Tensor]:
    """A module's tensors in the order of Keras's weights."""
    if row.type == "InputLayer":
        return
    module = network.layers[row.name]
    for name in ("weight", "bias", "running_mean", "running_var"):
        tensor = getattr(module, name, None)  # None: a layer without bias
        if tensor is not None:
            yield tensor


def _values(layer: keras.layers.Layer, row: LayerRow, rows: list[LayerRow]) -> list[np.ndarray]:
    """A layer's weights in PyTorch's axis order; its features run channels first."""
    weights = [keras.ops.convert_to_numpy(weight) for weight in layer.weights]
    if row.type in ("Conv2D", "Conv2DTranspose"):
        weights[0] = weights[0].transpose(3, 2, 0, 1)  # both: Keras's last two axes, swapped
    elif row.type == "Dense":
        weights = _dense(weights, row, rows)
    return weights if row.type != "Lambda" else []


def _dense(weights: list[np.ndarray], row: LayerRow, rows: list[LayerRow]) -> list[np.ndarray]:
    """Kernel (out, in) and bias, re-ordered where the layer reads from or writes to an image."""
    kernel, bias = weights
    by_name = {other.name: other for other in rows}
    source = by_name[row.connections[0].name]
    if source.type == "Flatten":
        shape = by_name[source.connections[0].name].output_shape
        kernel = kernel[_channels_first(shape)]
    for other in rows:
        if other.type == "Reshape" and _reads(other, row, by_name):
            order = _channels_first(other.output_shape)
            kernel, bias = kernel[:, order], bias[order]
    return [kernel.T, bias]


def _reads(row: LayerRow, dense: LayerRow, by_name: dict[str, LayerRow]) -> bool:
    """Whether a row's values come from a dense layer through activations only."""
    source = by_name[row.connections[0].name]
    return source == dense or (
        source.type in ("ReLU", "LeakyReLU") and _reads(source, dense, by_name)
    )


def _channels_first(shape: tuple[int, ...]) -> np.ndarray:
    """Positions in a flattened (height, width, channels) image, in channels-first order."""
    return np.arange(np.prod(shape)).reshape(shape).transpose(2, 0, 1).ravel()


# === Training ===


def stored(images: np.ndarray, device: str) -> torch.Tensor:
    """uint8 images (n, height, width, channels) where PyTorch computes, with channels second."""
    return torch.from_numpy(np.array(images)).to(device).permute(0, 3, 1, 2)


def batches(
    images: torch.Tensor, rows: np.ndarray, size: int, memory_format: torch.memory_format
) -> Iterator[torch.Tensor]:
    """Batches of float32 in [0, 1] of the images in these rows."""
    for chosen in torch.from_numpy(rows).to(images.device).split(size):
        yield images[chosen].to(torch.float32, memory_format=memory_format) / 255


def plain_loop(layout: str, spec: ModelSpec, images: np.ndarray, device: str = "cpu") -> Train:
    """Training of a VAE or VLAE in a memory format, as one would write it."""
    memory_format = FORMATS[layout]
    rival = TorchRival(build_model(spec)).to(device, memory_format=memory_format)
    # Of Adam's ways, PyTorch takes the one that suits a CPU; on GPUs the fused one is the fastest.
    fused = None if device == "cpu" else True
    optimizer = torch.optim.Adam(
        rival.parameters(), lr=spec.learning_rate.value, eps=1e-7, fused=fused
    )
    images = stored(images, device)

    def train(rows: np.ndarray) -> None:
        losses = []
        for batch in batches(images, rows, spec.batch_size.value, memory_format):
            optimizer.zero_grad()
            loss = rival(batch).loss
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        check_finite(torch.stack(losses).cpu().numpy())

    return train


def by_format(loop: Callable[..., Train]) -> dict[str, Callable[..., Train]]:
    """A loop in each memory format, by its name, for a process of its own."""
    return {layout: partial(_on_all_cores, loop, layout) for layout in FORMATS}


def _on_all_cores(loop: Callable[..., Train], layout: str, *arguments) -> Train:
    torch.set_num_threads(available_cores())
    return loop(layout, *arguments)


# === Whether both sides do the same work ===


class Agreement(NamedTuple):
    """One batch through both sides with the same weights and the same noise."""

    parameters: tuple[int, int]
    losses: tuple[float, float]
    largest_pixel_difference: float

    @property
    def holds(self) -> bool:
        """Whether the rival is the same network."""
        return (
            self.parameters[0] == self.parameters[1]
            and math.isclose(*self.losses, rel_tol=LOSS_TOLERANCE)
            and self.largest_pixel_difference < IMAGE_TOLERANCE
        )


def compare(spec: ModelSpec, images: np.ndarray) -> Agreement:
    """Give a rival the weights of a fresh model, and pass one batch through both in training mode.

    ``images`` are uint8 of shape (batch, height, width, channels). Our loss is that of an update,
    and our sampling layers draw the noise; it is worked out from their z and handed to the rival.
    """
    model = build_model(spec)
    rival = TorchRival(model)
    parts = {rival.encoder: model.encoder, rival.decoder: model.decoder}
    for network, part in parts.items():
        network.copy_weights(part)
    batch = images.astype("float32") / 255
    seed_noise(model, 0, "compare")
    ours = model(batch, training=True)
    noise = [
        torch.tensor(keras.ops.convert_to_numpy((z - mu) / keras.ops.exp(log_var / 2)))
        for z, mu, log_var in zip(ours["z"], ours["mu"], ours["log_var"], strict=True)
    ]
    with torch.no_grad():
        theirs = rival(torch.from_numpy(batch).permute(0, 3, 1, 2), noise)
    difference = ours["reconstruction"] - theirs.reconstruction.permute(0, 2, 3, 1).numpy()
    seed_noise(model, 0, "compare")
    return Agreement(
        parameters=(
            sum(count_parameters(part).total for part in parts.values()),
            sum(network.weight_count() for network in parts),
        ),
        losses=(_loss_of_update(spec, model, batch), theirs.loss.item()),
        largest_pixel_difference=float(keras.ops.max(keras.ops.abs(difference))),
    )


def _loss_of_update(spec: ModelSpec, model: VariationalAutoencoder, batch: np.ndarray) -> float:
    """The loss that our training step computes of float32 images, before it updates."""
    step = EvidenceStep(spec, model)
    state = [variable for optimizer in step.optimizers for variable in optimizer.variables]
    return float(CompiledStep(step.update, [*model.variables, *state])(batch)["loss"])
