"""Trained models as one offline page: their decoders run in the browser, under the pointer."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment
from markupsafe import Markup
from matplotlib.colors import to_hex

from thesis_repro import provenance
from thesis_repro.analysis.image_sets import Images
from thesis_repro.explorer.decoder_steps import DecoderSteps, decoder_steps
from thesis_repro.explorer.shown_images import COLUMNS, colourings, sheet
from thesis_repro.files import Entry, atomic_path, read_entries, read_packaged
from thesis_repro.models.zoo import name_by_weight
from thesis_repro.plots.embeddings import Colouring, colours
from thesis_repro.report.page import html_environment
from thesis_repro.training.scale import SCALES
from thesis_repro.training.trained_model import TrainedModel
from thesis_repro.words import counted

LEAST_REACH = 4.0  # of a pad to each side: 1 in 16,000 of N(0, 1) lies beyond it
SHARE_ON_PADS = 0.998  # of all coordinates of codes
COLOURED = (0.02, 0.98)  # the quantiles of numbers between which colours change

# What has to be said of the pictures, by data set.
_RIGHTS = {
    "mnist": "Digits: MNIST, © Yann LeCun and Corinna Cortes, CC BY-SA 3.0.",
    "dsprites": "Pictures: rendered as dSprites' are (DeepMind, Apache-2.0).",
    "celeba": "The pictures are CelebA's and show people: this page is for you alone, and no "
    "portion of it may be passed on.",
}


class Runtime(Entry):
    """What computes in the browser: `runtime/`, as the registry has it."""

    name: str
    version: str
    licence: str
    fetched_by: str
    files: dict[str, str]  # the sha256 of each


def write_explorer(models: Sequence[TrainedModel], images: Images, path: Path) -> None:
    """Write the page of one model, or of two side by side.

    Args:
        models: With a decoder each, the same latent layers and the same data.
        images: Of these data; their mean codes are the dots.
        path: The HTML file.

    Raises:
        ModelError: a decoder has a layer that the page cannot compute.
    """
    decoders = [decoder_steps(model.networks["decoder"]) for model in models]
    context = _context(models, images, decoders)
    with atomic_path(path) as temporary:
        template = _environment().get_template("page.html.j2")
        template.stream(context).dump(str(temporary), encoding="utf-8")


def _environment() -> Environment:
    environment = html_environment("explorer")
    environment.filters["base64"] = _base64
    return environment


def _context(
    models: Sequence[TrainedModel], images: Images, decoders: Sequence[DecoderSteps]
) -> dict[str, Any]:
    """What the template is filled with."""
    spec, runtime = models[0].spec, read_entries("explorer", "runtime/runtime.json", Runtime)
    codes = [[layer.mu for layer in model.encode(images.pixels)] for model in models]
    numbers = np.stack([np.concatenate(of_model, axis=1) for of_model in codes])
    reach, names = _reach(numbers), _names(models)
    latent = spec.latent_dims.value
    shown = {
        "models": [
            {
                "name": name,
                "model": model.spec.id,
                "run": model.run.config.run_id,
                "shape": model.spec.input_shape.value,
                "steps": decoder.steps,
                "codes": [_rounded(layer) for layer in of_model],
            }
            for name, model, decoder, of_model in zip(names, models, decoders, codes, strict=True)
        ],
        "latent": latent,
        "reach": reach,
        "columns": COLUMNS,
        "colourings": [_colouring(each) for each in colourings(images)],
    }
    return {
        "title": " beside ".join(names),
        "names": names,
        "made": [_made(model) for model in models],
        "layers": _layers(latent),
        "shown": shown,
        "count": len(images),
        "beyond": int((np.abs(numbers) > reach).any(axis=(0, 2)).sum()),
        "decoders": decoders,
        "sheet": sheet(images),
        "rights": _RIGHTS[spec.dataset.value],
        "runtime": runtime,
        "scripts": [_script(name) for name in runtime.files if name.endswith(".js")],
        "wasm": next(_bytes(name) for name in runtime.files if name.endswith(".wasm")),
        "style": Markup(read_packaged("report", "page.css") + _packaged("page.css")),
        "decoder": Markup(_packaged("decoder.js")),
        "script": Markup(_packaged("page.js")),
        "commit": provenance.commit(),
    }


def _names(models: Sequence[TrainedModel]) -> list[str]:
    """The names of the models; of two runs of one model, with the run."""
    names = [name_by_weight(model.spec.id) for model in models]
    if len(set(names)) == len(names):
        return names
    return [
        f"{name}, run {model.run.config.run_id}" for name, model in zip(names, models, strict=True)
    ]


def _made(model: TrainedModel) -> str:
    """How a model was trained, in a line."""
    values = model.run.config.values
    scale = SCALES.get(values["scale"])
    caution = f" ({scale.caution})" if scale and scale.caution else ""
    return (
        f"{counted(values['epochs'], 'epoch')} at {values['scale']} scale{caution}, seed "
        f"{values['seed']}, {values['precision']}, run {model.run.config.run_id}"
    )


def _layers(latent: Sequence[int]) -> list[dict[str, Any]]:
    """What each latent layer is called, and where it stands, the lowest first."""
    if len(latent) == 1:
        return [{"name": "z", "place": "the latent space", "size": latent[0]}]
    places = ["nearest to the picture", *[""] * (len(latent) - 2), "farthest from it"]
    return [
        {"name": f"z_{number}", "place": place, "size": size}
        for number, (place, size) in enumerate(zip(places, latent, strict=True), 1)
    ]


def _reach(codes: np.ndarray) -> float:
    """How far pads and sliders go to each side, by half units: nearly all codes are on them."""
    return max(LEAST_REACH, float(np.ceil(2 * np.quantile(np.abs(codes), SHARE_ON_PADS)) / 2))


def _colouring(colouring: Colouring) -> dict[str, Any]:
    """The colour of each dot, and what it says; numbers far out have the colours of the ends."""
    if colouring.categories:
        shown, spread = colouring, {"values": [], "ends": []}
    else:
        ends = np.quantile(colouring.values, COLOURED)
        shown = replace(colouring, values=np.clip(colouring.values, *ends))
        spread = {"values": _rounded(colouring.values), "ends": _rounded(ends)}
    mapped = colours(shown)
    return {
        "name": colouring.name,
        "levels": np.asarray(mapped.norm(shown.values), int).tolist(),
        "palette": [to_hex(mapped.cmap(level)) for level in range(mapped.cmap.N)],
        "categories": [*colouring.categories],
        **spread,
    }


def _rounded(values: Any) -> Any:
    """Numbers to four digits after the point, as lists."""
    return np.round(np.asarray(values, "float64"), 4).tolist()


# === Files of the package ===


def _packaged(name: str) -> str:
    return read_packaged("explorer", name)


def _script(name: str) -> Markup:
    """A script of the runtime without the name of its map, which is not in the page."""
    lines = _packaged(f"runtime/{name}").splitlines()
    return Markup("\n".join(line for line in lines if not line.startswith("//# sourceMappingURL")))


def _bytes(name: str) -> bytes:
    return resources.files("thesis_repro.explorer").joinpath("runtime", name).read_bytes()


def _base64(content: bytes | np.ndarray) -> Markup:
    """Bytes, or the numbers of an array, low byte first."""
    if isinstance(content, np.ndarray):
        content = content.astype(content.dtype.newbyteorder("<")).tobytes()
    return Markup(base64.b64encode(content).decode("ascii"))
