"""The 22 models of Table 2, four as the original code had them, five ablations, and the helpers.

Adding a model touches this file only: ``thesis-repro models``, ``train`` and the plan read the
registry (`docs/extending.md`). A network that stands in no listing is a function besides, named in
``builders``. Values come from Table 2 and Section 3.4; where sources disagree the value carries the
ids of the errata that say so.
"""

from collections import defaultdict
from dataclasses import replace
from typing import Any

from appendix_architectures.unprinted import ALEXNET_DROPOUT_RATE, VLAE_DROPOUT_RATE
from thesis_repro import names
from thesis_repro.models.spec import ModelSpec, Sourced, Target

_IMAGES = {  # Section 3.3 and Appendix A: height, width, channels
    "mnist": (28, 28, 1),
    "dsprites": (64, 64, 1),
    "celeba": (128, 128, 3),
    "imagenet": (224, 224, 3),
}

_DATASET_ERRATA = {
    "mnist": (),
    "dsprites": ("E74",),
    "celeba": ("E75",),
    "imagenet": ("E75", "E76"),
}

_SPLITS = {
    "mnist": Sourced("official train and test set", "Sections 3.3.3 and 3.4", ("E32",)),
    "dsprites": Sourced("90 % / 10 %", "Section 3.4"),
    "celeba": Sourced("90 % / 10 %", "Section 3.4", ("E20",)),
    "imagenet": Sourced("official train and validation set", "Section 3.3.2", ("E20",)),
}

# Of GANs, in the code only: erratum E25.
BETA_1 = 0.5  # of Adam
REAL_LABEL = 0.9  # one-sided label smoothing

# Fixed before runs could have others: in no run's id.
_BETA_1 = Sourced(BETA_1, "original code", ("E25",), in_run_id=False)
_REAL_LABEL = Sourced(REAL_LABEL, "original code", ("E25",), in_run_id=False)
_PER_UPDATE = Sourced("update", "original code (Keras 2)", ("E05",), in_run_id=False)
_VLAE_DROPOUT = Sourced(VLAE_DROPOUT_RATE, "original code's default", ("E11",), in_run_id=False)
_ALEXNET_DROPOUT = Sourced(ALEXNET_DROPOUT_RATE, "Section 3.4.5", ("E24",), in_run_id=False)

_Marks = dict[str, tuple[str, ...]]  # ids of errata by the field they touch


def _marks(*groups: _Marks) -> _Marks:
    """The marks of several groups together, field by field, each field's in order."""
    together: _Marks = defaultdict(tuple)
    for group in groups:
        for field, ids in group.items():
            together[field] = tuple(sorted(together[field] + ids))
    return dict(together)


def _model(
    row: int,
    model_id: str,
    name: str,
    family: str,
    section: str,
    *,
    dataset: str,
    listings: tuple[int, ...],
    latent_dims: tuple[int, ...],
    weight: float | None,
    learning_rate: float,
    factor: int = 1,
    decay: float = 0.0,
    batch_size: int = 128,
    epochs: int = 200,
    channels: int | None = None,
    feature_weight: float | None = None,
    dropout: Sourced | None = None,
    target: Target | None = None,
    builders: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    errata: _Marks | None = None,
) -> ModelSpec:
    """A spec whose values come from one row of Table 2 and one paragraph of Section 3.4."""
    height, width, default_channels = _IMAGES[dataset]
    marks = _marks({"dataset": _DATASET_ERRATA[dataset]}, errata or {})
    table, text = f"Table 2, row {row}", f"Section {section}"
    printed = "Listings " + ", ".join(map(str, listings))

    def setting(field: str, value: object, source: str) -> Sourced:
        return Sourced(value, source, marks.get(field, ()))

    return ModelSpec(
        id=model_id,
        name=name,
        family=family,
        dataset=setting("dataset", dataset, table),
        input_shape=setting("input_shape", (height, width, channels or default_channels), printed),
        listings=setting("listings", listings, "Appendix A"),
        latent_dims=setting("latent_dims", latent_dims, table),
        reconstruction_weight=setting("reconstruction_weight", weight, table),
        feature_map_factor=setting("feature_map_factor", factor, table),
        learning_rate=setting("learning_rate", learning_rate, text),
        decay=setting("decay", decay, text if decay else f"{text} (none stated)"),
        batch_size=setting("batch_size", batch_size, text),
        epochs=setting("epochs", epochs, text),
        split=_SPLITS[dataset],
        optimizer=setting("optimizer", "adam", text),
        feature_weight=(
            None
            if feature_weight is None
            else setting("feature_weight", feature_weight, "Sections 2.5.3 and 3.4.3")
        ),
        decay_unit=_PER_UPDATE if decay else None,
        beta_1=None if feature_weight is None else _BETA_1,
        real_label=None if feature_weight is None else _REAL_LABEL,
        dropout_rate=dropout,
        target=target,
        builders=builders,
        aliases=aliases,
    )


# --- VAE (Section 3.4.1) ---

_MNIST_VAE = _model(
    1, "mnist-vae", "MNIST-VAE", "vae", "3.4.1",
    dataset="mnist", listings=(1, 2), latent_dims=(2,), weight=10_000, learning_rate=0.001,
    channels=3, errata={"input_shape": ("E01",), "listings": ("E02", "E12", "E16")},
)  # fmt: skip

_DSPRITES_VAE = _model(
    2, "dsprites-vae", "dSprites-VAE", "vae", "3.4.1",
    dataset="dsprites", listings=(3, 4), latent_dims=(10,), weight=10_000, learning_rate=0.001,
    aliases=("10000-vae",), errata={"listings": ("E12", "E16")},
)  # fmt: skip


def _reweighted(row: int, weight: int) -> ModelSpec:
    """dSprites-VAE, "differing only in the reconstruction term weight" (Section 3.4.1)."""
    return replace(
        _DSPRITES_VAE,
        id=f"{weight}-vae",
        name=f"{weight:,}-VAE",
        aliases=(),
        reconstruction_weight=Sourced(weight, f"Table 2, row {row}"),
    )


_DSPRITES_VAE_DIM6 = replace(
    _DSPRITES_VAE,
    id="dsprites-vae-dim6",
    name="dSprites-VAE-dim6",
    aliases=(),
    latent_dims=Sourced((6,), "Table 2, row 7"),
)

_CELEBA_VAE = _model(
    8, "celeba-vae", "CelebA-VAE", "vae", "3.4.1",
    dataset="celeba", listings=(5, 6), latent_dims=(8,), weight=3_750, learning_rate=0.001,
    errata={"reconstruction_weight": ("E03",), "listings": ("E12", "E16")},
)  # fmt: skip

# --- VLAE (Section 3.4.2) ---

_VLAE = {"listings": ("E12", "E44")}
_MNIST_VLAE_MARKS = _marks(_VLAE, {"epochs": ("E41",)})
_REDUCED = _marks(_MNIST_VLAE_MARKS, {"listings": ("E43",), "feature_map_factor": ("E43",)})

_MNIST_VLAE = _model(
    9, "mnist-vlae-factor-1", "MNIST-VLAE-factor-1", "vlae", "3.4.2",
    dataset="mnist", listings=(7, 8), latent_dims=(2, 2, 2), weight=10_000, learning_rate=0.0005,
    aliases=("mnist-vlae",),
    errata=_marks(_MNIST_VLAE_MARKS, {"learning_rate": ("E04",), "listings": ("E36",)}),
)  # fmt: skip
_RATE = _MNIST_VLAE.learning_rate  # not the number of Section 3.4.2
_MNIST_VLAE = replace(
    _MNIST_VLAE, learning_rate=_RATE._replace(source="Section 4.2, original code's default")
)

_MNIST_VLAE_FACTOR_2 = _model(
    10, "mnist-vlae-factor-2", "MNIST-VLAE-factor-2", "vlae", "3.4.2",
    dataset="mnist", listings=(9, 10), latent_dims=(2, 2, 2), weight=10_000, learning_rate=0.001,
    factor=2, errata=_REDUCED,
)  # fmt: skip

_MNIST_VLAE_FACTOR_3 = _model(
    11, "mnist-vlae-factor-3", "MNIST-VLAE-factor-3", "vlae", "3.4.2",
    dataset="mnist", listings=(11, 12), latent_dims=(2, 2, 2), weight=10_000, learning_rate=0.001,
    factor=3, errata=_REDUCED,
)  # fmt: skip

_DSPRITES_VLAE = _model(
    12, "dsprites-vlae", "dSprites-VLAE", "vlae", "3.4.2",
    dataset="dsprites", listings=(13, 14), latent_dims=(4, 4, 4), weight=10_000,
    learning_rate=0.001, dropout=_VLAE_DROPOUT,
    errata=_marks(_VLAE, {"listings": ("E11", "E16")}),
)  # fmt: skip

_DSPRITES_VLAE_DIM2 = replace(
    _DSPRITES_VLAE,
    id="dsprites-vlae-dim2",
    name="dSprites-VLAE-dim2",
    latent_dims=Sourced((2, 2, 2), "Table 2, row 13"),
)

_CELEBA_VLAE = _model(
    14, "celeba-vlae", "CelebA-VLAE", "vlae", "3.4.2",
    dataset="celeba", listings=(15, 16), latent_dims=(2, 2, 2), weight=10_000,
    learning_rate=0.001, decay=0.01, dropout=_VLAE_DROPOUT,
    errata=_marks(
        _VLAE, {"decay": ("E05",), "listings": ("E11", "E16"), "learning_rate": ("E81",)}
    ),
)  # fmt: skip

# --- VAE-GAN (Section 3.4.3) ---

_GAN = {
    "listings": ("E34", "E35"),
    "reconstruction_weight": ("E15", "E31", "E33"),  # what the objective is made of instead
    "batch_size": ("E40",),
    "optimizer": ("E25",),
}
_VAE_GAN = _marks(_GAN, {"optimizer": ("E30",)})

_MNIST_VAE_GAN = _model(
    15, "mnist-vae-gan", "MNIST-VAE-GAN", "vae-gan", "3.4.3",
    dataset="mnist", listings=(17, 18, 19), latent_dims=(2,), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.0001, errata=_VAE_GAN,
)  # fmt: skip

_DSPRITES_VAE_GAN = _model(
    16, "dsprites-vae-gan", "dSprites-VAE-GAN", "vae-gan", "3.4.3",
    dataset="dsprites", listings=(20, 21, 22), latent_dims=(10,), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.0001, errata=_VAE_GAN,
)  # fmt: skip

_CELEBA_VAE_GAN = _model(
    17, "celeba-vae-gan", "CelebA-VAE-GAN", "vae-gan", "3.4.3",
    dataset="celeba", listings=(23, 24, 25), latent_dims=(8,), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.001, decay=0.02, errata=_marks(_VAE_GAN, {"decay": ("E05", "E30")}),
)  # fmt: skip

# --- VLAE-GAN (Section 3.4.4) ---

_VLAE_GAN = _marks(
    _GAN,
    {"listings": ("E44",), "feature_weight": ("E14",), "learning_rate": ("E39",)},
)
_DECAYING_VLAE_GAN = _marks(_VLAE_GAN, {"listings": ("E16",), "decay": ("E05",)})

_MNIST_VLAE_GAN = _model(
    18, "mnist-vlae-gan", "MNIST-VLAE-GAN", "vlae-gan", "3.4.4",
    dataset="mnist", listings=(26, 27, 28), latent_dims=(2, 2, 2), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.0001, errata=_marks(_VLAE_GAN, {"listings": ("E36",)}),
)  # fmt: skip

_DSPRITES_VLAE_GAN = _model(
    19, "dsprites-vlae-gan", "dSprites-VLAE-GAN", "vlae-gan", "3.4.4",
    dataset="dsprites", listings=(29, 30, 31), latent_dims=(4, 4, 4), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.0001, decay=0.01, errata=_DECAYING_VLAE_GAN,
)  # fmt: skip

_CELEBA_VLAE_GAN = _model(
    20, "celeba-vlae-gan", "CelebA-VLAE-GAN", "vlae-gan", "3.4.4",
    dataset="celeba", listings=(32, 33, 34), latent_dims=(2, 2, 2), weight=10_000,
    feature_weight=0.75,
    learning_rate=0.0001, decay=0.01, errata=_DECAYING_VLAE_GAN,
)  # fmt: skip

# --- AlexNet (Sections 3.4.5 and 3.4.6) ---

_ALEXNET_CLASSIFIER = _model(
    21, "alexnet-classifier", "AlexNet Classifier", "classifier", "3.4.5",
    dataset="imagenet", listings=(35,), latent_dims=(), weight=None, learning_rate=0.0001,
    batch_size=32, epochs=10, dropout=_ALEXNET_DROPOUT,
    target=Target("label", "categorical", top=(1, 5)),  # Section 3.4.5; accuracies: Section 4.1
)  # fmt: skip

_ALEXNET_VAE = _model(
    22, "alexnet-vae", "AlexNet-VAE", "vae", "3.4.6",
    dataset="imagenet", listings=(36, 37), latent_dims=(2000,), weight=10_000,
    learning_rate=0.0001, batch_size=32, epochs=100,
    errata={"reconstruction_weight": ("E37",), "listings": ("E38", "E72"), "epochs": ("E71",)},
)  # fmt: skip

# --- Not in Table 2 ---

_MNIST_VAE_AS_RUN = replace(
    _MNIST_VAE,
    id="mnist-vae-as-run",
    name="MNIST-VAE (as run)",
    in_table_2=False,
    input_shape=Sourced((28, 28, 1), "original analyses", ("E01", "E02")),
    listings=Sourced((), "in no listing; thesis_repro/models/unlisted.py", ("E02",)),
    builders=(
        "thesis_repro.models.unlisted:mnist_vae_as_run_encoder",
        "thesis_repro.models.unlisted:mnist_vae_as_run_decoder",
    ),
)


def _as_run(spec: ModelSpec) -> ModelSpec:
    """A VLAE-GAN with the feature weight of the code that matches its listings."""
    return replace(
        spec,
        id=f"{spec.id}-as-run",
        name=f"{spec.name} (as run)",
        in_table_2=False,
        feature_weight=Sourced(0.5, "original code", ("E14",)),
    )


def _ablation(suffix: str, name: str, **changed: Any) -> ModelSpec:
    """An AlexNet-VAE with one thing changed (Section 4.8, which trains none of them)."""
    kept = {key: value._replace(errata=()) for key, value in _ALEXNET_VAE.settings().items()}
    return replace(
        _ALEXNET_VAE,
        id=f"alexnet-vae-{suffix}",
        name=f"AlexNet-VAE, {name}",
        in_table_2=False,
        **{**kept, **changed},
    )


def _changed_networks(suffix: str, name: str, encoder: str, decoder: str) -> ModelSpec:
    """An ablation that differs in its networks, which these functions build."""
    source = Sourced((), "in no listing; thesis_repro/models/ablations.py", ("E73",))
    return _ablation(suffix, name, listings=source, builders=(encoder, decoder))


_CHANGED = "thesis_repro.models.ablations"
_LISTED_DECODER = "appendix_architectures.a6_alexnet_vae:alexnet_vae_decoder"

_ABLATIONS = (
    _changed_networks(
        "mirrored-padding", "mirrored padding",
        f"{_CHANGED}:mirrored_padding_encoder", _LISTED_DECODER,
    ),
    _changed_networks(
        "small-kernels", "3x3 kernels",
        f"{_CHANGED}:small_kernels_encoder", _LISTED_DECODER,
    ),
    _changed_networks(
        "no-batch-norm", "no batch normalisation",
        f"{_CHANGED}:no_batch_norm_encoder", f"{_CHANGED}:no_batch_norm_decoder",
    ),
    _changed_networks(
        "no-bias", "no bias",
        f"{_CHANGED}:no_bias_encoder", f"{_CHANGED}:no_bias_decoder",
    ),
    _ablation(
        "celeba",
        "CelebA",
        dataset=Sourced("celeba", "Section 4.8", ("E73",)),
        split=_SPLITS["celeba"]._replace(errata=()),
    ),
)  # fmt: skip


def _helper(
    model_id: str, name: str, section: str, printed: str, listings: tuple[int, ...], **values
) -> ModelSpec:
    """A classifier that an analysis needs; trained for one epoch unless stated otherwise.

    The thesis gives its network, learning rate and epochs in ``section``, and no batch size.
    """
    spec = _model(
        0, model_id, name, "classifier", section,
        listings=listings, latent_dims=(), weight=None, **{"epochs": 1, **values},
    )  # fmt: skip
    source = f"Section {section}"
    return replace(
        spec,
        in_table_2=False,
        dataset=spec.dataset._replace(source=source),
        input_shape=spec.input_shape._replace(source=printed),
        listings=spec.listings._replace(source=printed),
        latent_dims=spec.latent_dims._replace(source=source),
        reconstruction_weight=spec.reconstruction_weight._replace(source=source),
        feature_map_factor=spec.feature_map_factor._replace(source=source),
        batch_size=spec.batch_size._replace(source="original code"),
    )


_FEATURE_EXTRACTION = _helper(
    "feature-extraction", "Feature extraction network", "4.3, footnote 35",
    "Appendix D, Listing 38", (38,), dataset="dsprites", learning_rate=0.1,
    errata={"learning_rate": ("E19",), "listings": ("E35",)},
    target=Target("classes", "categorical", column=1),  # the second factor of dSprites: the shape
)  # fmt: skip

_FEATURE_EXTRACTION_AS_RUN = replace(
    _FEATURE_EXTRACTION,
    id="feature-extraction-as-run",
    name="Feature extraction network (as run)",
    learning_rate=Sourced(0.01, "original code", ("E19",)),
)

_SAMPLE_DISCRIMINATOR = replace(
    _helper(
        "sample-discriminator", "Sample discriminator", "4.6.1, footnote 44",
        "Appendix I, Listing 39", (39,), dataset="mnist", learning_rate=0.01, batch_size=32,
        errata={"learning_rate": ("E21",), "dataset": ("E13", "E68")},
        target=Target("label", "binary"),  # footnote 44
    ),
    generator=Sourced("mnist-vae", "Section 4.6.1 (the first of its four)"),
)  # fmt: skip

_DIGIT_CLASSIFIER = _helper(
    "digit-classifier", "Digit classifier", "4.7 (original code)",
    "in no listing; thesis_repro/models/unlisted.py", (),
    dataset="mnist", learning_rate=0.001, batch_size=32, epochs=2, errata={"listings": ("E69",)},
    target=Target("label", "binary"),  # original code: erratum E69
    builders=("thesis_repro.models.unlisted:digit_classifier",),
)  # fmt: skip

MODELS: dict[str, ModelSpec] = {
    spec.id: spec
    for spec in (
        _MNIST_VAE,
        _DSPRITES_VAE,
        _reweighted(3, 7500),
        _reweighted(4, 6250),
        _reweighted(5, 5000),
        _reweighted(6, 3750),
        _DSPRITES_VAE_DIM6,
        _CELEBA_VAE,
        _MNIST_VLAE,
        _MNIST_VLAE_FACTOR_2,
        _MNIST_VLAE_FACTOR_3,
        _DSPRITES_VLAE,
        _DSPRITES_VLAE_DIM2,
        _CELEBA_VLAE,
        _MNIST_VAE_GAN,
        _DSPRITES_VAE_GAN,
        _CELEBA_VAE_GAN,
        _MNIST_VLAE_GAN,
        _DSPRITES_VLAE_GAN,
        _CELEBA_VLAE_GAN,
        _ALEXNET_CLASSIFIER,
        _ALEXNET_VAE,
        _MNIST_VAE_AS_RUN,
        *map(_as_run, (_MNIST_VLAE_GAN, _DSPRITES_VLAE_GAN, _CELEBA_VLAE_GAN)),
        *_ABLATIONS,
        _FEATURE_EXTRACTION,
        _FEATURE_EXTRACTION_AS_RUN,
        _SAMPLE_DISCRIMINATOR,
        _DIGIT_CLASSIFIER,
    )
}


# Models that several sections compare: dSprites-VAEs by falling weight, generators of digits.
DSPRITES_VAES = ("dsprites-vae", "7500-vae", "6250-vae", "5000-vae", "3750-vae")
MNIST_GENERATORS = ("mnist-vae", "mnist-vlae-factor-1", "mnist-vae-gan", "mnist-vlae-gan")


class UnknownModelError(LookupError):
    """No model has the id asked for; the message names the nearest ids."""


def model(model_id: str) -> ModelSpec:
    """The spec with this id, alias or name, in capital or small letters.

    Raises:
        UnknownModelError: there is none.
    """
    if model_id in MODELS:
        return MODELS[model_id]
    ids = {name: spec for spec in MODELS.values() for name in (spec.id, *spec.aliases)}
    spec = names.named(model_id, ids | {spec.name: spec for spec in MODELS.values()})
    if spec is None:
        raise UnknownModelError(
            f"No model is called {model_id!r}.{names.did_you_mean(model_id, ids)} "
            "`thesis-repro models` lists all of them."
        )
    return spec


def spec_named(name: str | ModelSpec) -> ModelSpec:
    """The spec with this name; one that is given, which may be of a changed model, is itself.

    Raises:
        UnknownModelError: there is none.
    """
    return name if isinstance(name, ModelSpec) else model(name)


def short_name(model_id: str) -> str:
    """The name in running text: MNIST-VLAE-factor-1 is "MNIST-VLAE"."""
    return "MNIST-VLAE" if model_id == _MNIST_VLAE.id else model(model_id).name


def name_by_weight(model_id: str) -> str:
    """The name where the five dSprites-VAEs are known by their weights: "10,000-VAE"."""
    if model_id == _DSPRITES_VAE.id:
        return f"{_DSPRITES_VAE.reconstruction_weight.value:,}-VAE"
    return short_name(model_id)
