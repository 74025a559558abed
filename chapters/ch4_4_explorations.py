"""Section 4.4.2's explorations: what models make of chosen positions in latent space.

Grids over two-dimensional layers (Figures 35, 36, 38), attribute arithmetic on CelebA (39), paths
between rotations of a dSprites object (40, 71-74) and the line between two positions through low
density (43). Beside the last three the numbers that the thesis judges by eye.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from chapters.ch4_4_embeddings import called
from data_prep.celeba_attributes import ATTRIBUTES
from data_prep.dsprites_renderer import FACTORS, SHAPES
from thesis_repro.analysis.codes import Codes, Images, images_of_all, known_of_all
from thesis_repro.analysis.designs import DRAWN, Design, drawn_images
from thesis_repro.analysis.explorations import (
    ALPHAS_AS_RUN,
    ATTRIBUTE_IMAGES,
    CELEBA_POINTS,
    GENDER_ALPHAS,
    HAIR_ALPHAS,
    MNIST_POINTS,
    arithmetic,
    axis,
    axis_as_run,
    decoded,
    encoded_log_density,
    grid,
    layered_grid,
    path_through,
    prior_log_density,
    some_with,
)
from thesis_repro.analysis.posteriors import Posterior
from thesis_repro.analysis.trajectories import ORIENTATIONS, SHOWN_ORIENTATIONS, rows_with
from thesis_repro.analysis.traversals import segment
from thesis_repro.chapter import Chapter
from thesis_repro.latent_plots import image_rows
from thesis_repro.seeds import derive_seed
from thesis_repro.trajectory_plots import image_grids, interpolation

VAES_ON_MNIST = ("mnist-vae", "mnist-vae-gan")  # Figures 35a and 35b
LAYERED_FIGURES = {
    "36_a": "mnist-vlae-factor-1",
    "36_b": "mnist-vlae-gan",
    "38": "celeba-vlae-gan",
}
FACES = ("celeba-vae", "celeba-vae-gan")  # Figure 39; "The same holds for CelebA-VAE-GAN"
ROTATION_FIGURES = {
    "dsprites-vae": 40,
    "7500-vae": 71,
    "6250-vae": 72,
    "5000-vae": 73,
    "3750-vae": 74,
}
INTERPOLATED = "7500-vae"  # Figure 43

POINTS = 21  # of a line or path; as between shapes in Section 4.3, nothing is said of these
TURNED = {"scale": 5, "x": 16, "y": 16}  # the object that is turned: largest, in the middle
MOVED = {"shape": 0, "scale": 5, "orientation": 0}  # the one whose position changes in Figure 43

HAIR_TOLD, GENDER_TOLD = (0.0, 1.0, 2.0), (0.0, 2.0, 4.0)  # alphas of which numbers are given
OPPOSITES = {"Blond_Hair": "Black_Hair", "Male": "Female"}
SEEN_AT = 16  # px: side of the pictures by which hair and gender are told, a face's main colours
SHOWN_AT = 32  # px: side of a face in Figure 38, where it is printed smaller still

Decode = Callable[[list[np.ndarray]], np.ndarray]


class Amount(NamedTuple):
    """How much is computed at a scale."""

    mnist_points: int  # along each axis of a grid
    celeba_points: int
    attribute_images: int  # that the mean of an attribute is taken over, at most
    starts: int  # images and draws that attributes are added to, for the numbers
    position_step: int  # every so many-th position along each axis, of Figure 43's images


AMOUNTS = {
    "paper": Amount(MNIST_POINTS, CELEBA_POINTS, ATTRIBUTE_IMAGES, 200, 1),  # original code
    "quick": Amount(MNIST_POINTS, 12, 400, 50, 1),
    "smoke": Amount(6, 3, 60, 8, 31),
}


class Numbers(NamedTuple):
    """What the explorations come to.

    Attributes:
        arithmetic: Per model, transition and alpha, the share of images with the attribute.
        rotations: Per model, shape and way, how well the pictures between two rotations overlap
            with the true ones.
        densities: Per model, the densities between two positions.
    """

    arithmetic: pd.DataFrame
    rotations: pd.DataFrame
    densities: pd.DataFrame


def emit(chapter: Chapter, codes: Codes) -> Numbers:
    """Write Figures 35, 36, 38 to 40, 43 and 71 to 74 and the numbers behind the last three."""
    amount = AMOUNTS[chapter.workspace.options.scale.name]
    save_plain_grids(chapter, amount)
    save_layered_grids(chapter, amount)
    numbers = Numbers(
        attribute_arithmetic(chapter, codes, amount),
        rotation_traversals(chapter, codes),
        interpolations(chapter, codes, amount),
    )
    chapter.save_numbers("attribute_arithmetic", numbers.arithmetic)
    chapter.save_numbers("rotation_traversals", numbers.rotations)
    chapter.save_numbers("interpolations", numbers.densities)
    return numbers


def rng_for(chapter: Chapter, *purpose: str) -> np.random.Generator:
    """Random numbers for one purpose in this section."""
    return np.random.default_rng(derive_seed(chapter.workspace.options.seed, "4.4", *purpose))


def decoder_of(chapter: Chapter, name: str) -> Decode:
    """What makes images of one position per layer, each float32 (n, dimensions)."""
    decoder = chapter.trained(name).model.decoder
    return lambda z: decoder.predict_on_batch(z if len(z) > 1 else z[0])


def decoded_parts(decode: Decode, parts: Mapping[Hashable, np.ndarray]) -> dict:
    """The images of several sets of positions (n, dimensions) in a single layer, by their names.

    Decoded together: a batch of each size is compiled anew.
    """
    ends = np.cumsum([len(own) for own in parts.values()])
    images = decoded(decode, [np.concatenate([*parts.values()])])
    return dict(zip(parts, np.split(images, ends[:-1]), strict=True))


# === Grids: Figures 35, 36 and 38 ===


def save_plain_grids(chapter: Chapter, amount: Amount) -> None:
    """Figure 35, from -3 to 3, and as run without its end (erratum E57)."""
    data = chapter.images(VAES_ON_MNIST[0]).description
    for suffix, own in axes_of(amount.mnist_points).items():
        grids = {
            called(name): grey(decoded(decoder_of(chapter, name), [grid(own)]))
            for name in VAES_ON_MNIST
        }
        title = f"Images decoded from {own[0]:.2g} to {own[-1]:.2g}"
        chapter.save_figure(f"35{suffix}", image_grids(title, grids, own), data, VAES_ON_MNIST)


def save_layered_grids(chapter: Chapter, amount: Amount) -> None:
    """Figures 36 and 38: a grid per layer, the others drawn; as run these share a draw."""
    for number, name in LAYERED_FIGURES.items():
        is_mnist = name.startswith("mnist")
        points = amount.mnist_points if is_mnist else amount.celeba_points
        for suffix, own in axes_of(points).items():
            drawn = "one draw" if suffix else "uniform draws"
            title = (
                f"{called(name)}: images decoded from {own[0]:.2g} to {own[-1]:.2g} in a"
                f" layer, {drawn} from [-3, 3] in the others"
            )
            grids = layer_grids(chapter, name, own, same_draw=bool(suffix))
            if not is_mnist:
                grids = {layer: shrunk(images, SHOWN_AT) for layer, images in grids.items()}
            figure = image_grids(title, grids, own)
            data = chapter.images(name).description
            chapter.save_figure(f"{number}{suffix}", figure, data, [name])


def axes_of(points: int) -> dict[str, np.ndarray]:
    """The grid's axis by what is added to the figure's name, as written and as run."""
    return {"": axis(points), "_as_run": axis_as_run(points)}


def layer_grids(
    chapter: Chapter, name: str, own: np.ndarray, *, same_draw: bool
) -> dict[str, np.ndarray]:
    """The decoded grid of each layer of a model, (p * p, height, width, channels)."""
    sizes = chapter.trained(name).spec.latent_dims.value
    rng = rng_for(chapter, "grids", name)
    return {
        f"layer {layer + 1}": decoded(
            decoder_of(chapter, name), layered_grid(own, layer, sizes, rng, same_draw=same_draw)
        )
        for layer in range(len(sizes))
    }


def grey(images: np.ndarray) -> np.ndarray:
    """Images (n, height, width, channels) with one channel: MNIST-VAE makes three (erratum E01)."""
    return images.mean(axis=-1, keepdims=True)


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Square images (n, height, height, channels) at a side that divides theirs, by block means."""
    count, height, _, channels = images.shape
    block = height // side
    return images.reshape(count, side, block, side, block, channels).mean(axis=(2, 4))


# === Attribute arithmetic: Figure 39 ===


def attribute_arithmetic(chapter: Chapter, codes: Codes, amount: Amount) -> pd.DataFrame:
    """Write Figure 39; the share of images with the attribute, by how much of it is added."""
    faces = faces_of(chapter, amount)
    sights = {own: sight_of(faces, own, other) for own, other in OPPOSITES.items()}
    hair, gender, rows = {}, {}, []
    for name in FACES:
        means = mean_codes(codes, name, faces)
        rng = rng_for(chapter, "arithmetic", name)
        (black,) = codes.of(name, faces["Black_Hair"])
        starts = black.mu[rng.permutation(len(black.mu))[: amount.starts]]
        draws = rng.standard_normal((amount.starts, starts.shape[1]))
        shown = shown_positions(means, starts[0], draws[0])
        told = told_positions(means, starts, draws)
        found = decoded_parts(decoder_of(chapter, name), shown | told)
        title = called(name)
        hair[title] = found["black to blond"]
        gender |= {f"{title}\n{own}": found[own] for own in ("+ male", "+ blond hair")}
        rows += [
            {
                "model": name,
                "attribute": attribute,
                "alpha": alpha,
                "images": len(told[attribute, alpha]),
                "share": share_with(sights[attribute], found[attribute, alpha]),
                "accuracy_on_photos": sights[attribute].accuracy,
            }
            for attribute, alpha in told
        ]
    data = chapter.prepared("celeba").description
    title = "v - v(black hair) + α v(blond hair), v a face with black hair, α from 0 to 2"
    chapter.save_figure("39_a", image_rows(title, hair), data, FACES)
    title = "v + α v(attribute), v random, α from 0 to 4"
    chapter.save_figure("39_b", image_rows(title, gender), data, FACES)
    chapter.save_figure("39_as_run", arithmetic_as_run(chapter, codes, faces), data, FACES[:1])
    return pd.DataFrame(rows)


def faces_of(chapter: Chapter, amount: Amount) -> dict[str, Images]:
    """Random images with each attribute, of both splits as in the original code.

    "Female" are those that lack "Male".
    """
    data = chapter.prepared("celeba")
    attributes = known_of_all(data, "attributes")
    names = ("Black_Hair", "Blond_Hair", "Male")
    has = {own: attributes[:, ATTRIBUTES.index(own)] for own in names}
    has["Female"] = ~has["Male"]
    rng = rng_for(chapter, "faces")
    rows = {own: some_with(mask, amount.attribute_images, rng) for own, mask in has.items()}
    return {own: images_of_all(own, data, chosen) for own, chosen in rows.items()}


def mean_codes(
    codes: Codes, name: str, faces: Mapping[str, Images], *, sampled: bool = False
) -> dict[str, np.ndarray]:
    """The mean code of each attribute's images, (dimensions,); as run, of sampled codes."""
    found = {own: codes.of(name, images)[0] for own, images in faces.items()}
    return {own: (one.z if sampled else one.mu).mean(axis=0) for own, one in found.items()}


def shown_positions(
    means: Mapping[str, np.ndarray], start: np.ndarray, draw: np.ndarray
) -> dict[str, np.ndarray]:
    """What Figure 39 decodes, by its label: panel a from a face, panel b from a random draw.

    Panel b with the vector of the caption, "male", and that of the text, "blond hair" (E59).
    """
    return {
        "black to blond": arithmetic(start, means["Blond_Hair"], HAIR_ALPHAS, means["Black_Hair"]),
        "+ male": arithmetic(draw, means["Male"], GENDER_ALPHAS),
        "+ blond hair": arithmetic(draw, means["Blond_Hair"], GENDER_ALPHAS),
    }


def told_positions(
    means: Mapping[str, np.ndarray], starts: np.ndarray, draws: np.ndarray
) -> dict[tuple[str, float | None], np.ndarray]:
    """The same for many faces and draws (n, dimensions), by attribute and alpha.

    From nothing to all that the figure adds; None: the faces as they are, nothing taken off either.
    """
    bald = starts - means["Black_Hair"]
    added = {("Blond_Hair", alpha): bald + alpha * means["Blond_Hair"] for alpha in HAIR_TOLD}
    added |= {("Male", alpha): draws + alpha * means["Male"] for alpha in GENDER_TOLD}
    return {("Blond_Hair", None): starts, **added}


class Sight(NamedTuple):
    """Tells by a picture's main colours which of two attributes it has.

    Logistic regression on 16 x 16 pixels of the photos of both; codes play no part in it.
    """

    model: Pipeline  # 1 for the attribute, 0 for its opposite
    accuracy: float  # balanced, on photos that were held out (5 folds)


def sight_of(faces: Mapping[str, Images], attribute: str, other: str) -> Sight:
    """What tells an attribute from another, learnt from the photos with either."""
    groups = [main_colours(faces[own].pixels / 255) for own in (other, attribute)]
    seen, truth = np.concatenate(groups), np.repeat([0, 1], [len(own) for own in groups])
    regression = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1_000)
    model = make_pipeline(StandardScaler(), regression)
    found = cross_val_predict(model, seen, truth, cv=5)
    return Sight(model.fit(seen, truth), float(balanced_accuracy_score(truth, found)))


def share_with(sight: Sight, images: np.ndarray) -> float:
    """The share of images (n, height, width, 3) in [0, 1] that look like the attribute."""
    return float(sight.model.predict(main_colours(images)).mean())


def main_colours(images: np.ndarray) -> np.ndarray:
    """The colours of images in [0, 1] at 16 x 16 pixels, (n, 768)."""
    return shrunk(images, SEEN_AT).reshape(len(images), -1)


def arithmetic_as_run(chapter: Chapter, codes: Codes, faces: Mapping[str, Images]) -> Figure:
    """Figure 39 as the stored code has it: gender in both panels, sampled codes (erratum E59)."""
    name = FACES[0]
    means = mean_codes(codes, name, faces, sampled=True)
    (black,) = codes.of(name, faces["Black_Hair"])
    start = black.z[min(1, len(black.z) - 1)]  # "element 1"
    draw = rng_for(chapter, "arithmetic as run").standard_normal(start.shape)
    moved = {
        "black hair\n- male + female": arithmetic(
            start, means["Female"], ALPHAS_AS_RUN, means["Male"]
        ),
        "random + male": arithmetic(draw, means["Male"], ALPHAS_AS_RUN),
    }
    title = f"{called(name)}: attribute arithmetic as run, α from 0 to 3.8"
    return image_rows(title, decoded_parts(decoder_of(chapter, name), moved))


# === Between rotations: Figures 40 and 71 to 74 ===


def rotation_traversals(chapter: Chapter, codes: Codes) -> pd.DataFrame:
    """Write Figures 40 and 71 to 74; how well their pictures overlap with the true ones.

    Two rotations half a circle of codes apart, joined by the straight line and by the codes of the
    rotations between them: the figures' own code was not found, and the text says both that a model
    "learns a transition" and that a line does not follow it.
    """
    images = drawn_images("turned", [Design(("shape", "orientation"), TURNED)])
    rows = []
    for name, number in ROTATION_FIGURES.items():
        (posterior,) = codes.of(name, images)
        turned = {shape: half_circle(images.known["classes"], shape) for shape in SHAPES}
        drawn, held = {}, {}
        for shape, chosen in turned.items():
            for way, waypoints in ways(posterior.mu[chosen]).items():
                label = f"{shape}, {turn(len(chosen)):.0f}°\n{way}"
                drawn[label] = path_through(waypoints, POINTS)
                held[shape, way] = path_through(waypoints, len(chosen))
        found = decoded_parts(decoder_of(chapter, name), drawn | held)
        for shape, way in held:
            true = images.pixels[turned[shape]] / 255
            rows.append(overlap_row(name, shape, way, found[shape, way], true))
        title = f"{called(name)}: between two rotations"
        data = f"{chapter.images(name).description}, {DRAWN}"
        shown = {label: found[label] for label in drawn}
        chapter.save_figure(number, image_rows(title, shown), data, [name])
    return pd.DataFrame(rows)


def overlap_row(name: str, shape: str, way: str, images: np.ndarray, true: np.ndarray) -> dict:
    """How well images (n, height, width, 1) overlap with the true ones; the ends do not count."""
    overlap = overlaps(images, true)[1:-1]
    return {
        "model": name,
        "shape": shape,
        "degrees": turn(len(images)),
        "way": way,
        "images": len(overlap),
        "overlap": overlap.mean(),
        "lowest_overlap": overlap.min(),
    }


def half_circle(classes: np.ndarray, shape: str) -> np.ndarray:
    """Rows of a shape's first orientations, to half of those that Figure 41 shows."""
    rows = rows_with(classes, shape=SHAPES.index(shape))
    turned = rows[np.argsort(classes[rows, FACTORS.index("orientation")])]
    return turned[: SHOWN_ORIENTATIONS[shape] // 2 + 1]


def ways(codes: np.ndarray) -> dict[str, np.ndarray]:
    """Waypoints from the first code (n, dimensions) to the last: none, or all between."""
    return {"line": codes[[0, -1]], "codes": codes}


def turn(orientations: int) -> float:
    """Degrees from the first to the last of so many orientations."""
    return (orientations - 1) * 360 / ORIENTATIONS


def overlaps(images: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Common over joint area of objects in images (n, height, width, 1), in [0, 1]: (n,).

    1 if they are the same, 0 if they do not touch or a picture is empty; a pixel belongs to the
    object from 0.5 on.
    """
    seen, is_true = images >= 0.5, true >= 0.5
    joint = (seen | is_true).sum(axis=(1, 2, 3))
    return (seen & is_true).sum(axis=(1, 2, 3)) / np.maximum(joint, 1)


# === Through low density: Figure 43 ===


def interpolations(chapter: Chapter, codes: Codes, amount: Amount) -> pd.DataFrame:
    """Write Figure 43; the densities on the line from the top left to the bottom right."""
    images = positions(amount.position_step)
    rows = []
    for name in ROTATION_FIGURES:
        (posterior,) = codes.of(name, images)
        diagonal = diagonal_of(images.known["classes"])
        line = segment(posterior.mu[diagonal[0]], posterior.mu[diagonal[-1]], POINTS)
        found = densities(line, posterior)
        rows.append(density_row(name, posterior, diagonal, found))
        if name == INTERPOLATED:
            made = decoded(decoder_of(chapter, name), [line])
            title = f"{called(name)}: from the top left to the bottom right"
            data = f"{chapter.images(name).description}, {DRAWN}"
            chapter.save_figure(43, interpolation(title, made, found), data, [name])
    return pd.DataFrame(rows)


def positions(step: int) -> Images:
    """Images of one square at every ``step``-th position along each axis."""
    images = drawn_images("positions", [Design(("x", "y"), MOVED)])
    at = images.known["classes"][:, [FACTORS.index("x"), FACTORS.index("y")]]
    rows = np.flatnonzero((at % step == 0).all(axis=1))
    return Images(images.name, images.pixels[rows], {"classes": images.known["classes"][rows]})


def diagonal_of(classes: np.ndarray) -> np.ndarray:
    """Rows of the images from the top left to the bottom right."""
    x, y = (classes[:, FACTORS.index(name)] for name in ("x", "y"))
    rows = np.flatnonzero(x == y)
    return rows[np.argsort(x[rows])]


def densities(points: np.ndarray, posterior: Posterior) -> dict[str, np.ndarray]:
    """Log densities (nats) at points (p, dimensions): of the encoded images, and of the prior."""
    return {
        "encoded images": encoded_log_density(points, posterior.mu, posterior.log_var),
        "prior": prior_log_density(points),
    }


def density_row(
    name: str, posterior: Posterior, diagonal: np.ndarray, found: dict[str, np.ndarray]
) -> dict:
    """Log densities (nats) on the line: of its ends (the lower one) and at its lowest.

    ``codes_between``: the lowest of the codes of the images on the diagonal, which a path along
    them would cross. All of the encoded images, but for those of the prior.
    """
    encoded, prior = found["encoded images"], found["prior"]
    between = densities(posterior.mu[diagonal], posterior)["encoded images"]
    return {
        "model": name,
        "images": len(posterior.mu),
        "ends": min(encoded[0], encoded[-1]),
        "lowest": encoded.min(),
        "lowest_at": encoded.argmin() / (len(encoded) - 1),
        "codes_between": between.min(),
        "prior_ends": min(prior[0], prior[-1]),
        "prior_lowest": prior.min(),
    }
