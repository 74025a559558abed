"""Reproduces L. Papenmeier, "Semantic Representations in VAEs as a Model of the Visual System".

(Master thesis, Ruhr-Universität Bochum, 2020.) What researchers use is here: `load_model`, `train`
and the model that they give, `load_data`, `load_results` and pictures; docs/python.md is their
page. All else is the package's own, and may change.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from data_prep.errors import DataError as DataError
    from thesis_repro.errors import ModelError as ModelError
    from thesis_repro.errors import SettingsError as SettingsError
    from thesis_repro.errors import TrainingError as TrainingError
    from thesis_repro.errors import UnknownRunError as UnknownRunError
    from thesis_repro.library.data import UnknownDataError as UnknownDataError
    from thesis_repro.library.data import load_data as load_data
    from thesis_repro.library.models import list_models as list_models
    from thesis_repro.library.models import load_model as load_model
    from thesis_repro.library.pictures import explore as explore
    from thesis_repro.library.pictures import plot_latent_space as plot_latent_space
    from thesis_repro.library.pictures import plot_losses as plot_losses
    from thesis_repro.library.pictures import traverse as traverse
    from thesis_repro.library.results import SectionResults as SectionResults
    from thesis_repro.library.results import UnknownSectionError as UnknownSectionError
    from thesis_repro.library.results import load_results as load_results
    from thesis_repro.library.training import train as train
    from thesis_repro.models.encoding import Posterior as Posterior
    from thesis_repro.models.spec import ModelSpec as ModelSpec
    from thesis_repro.models.spec import Sourced as Sourced
    from thesis_repro.models.zoo import MODELS as MODELS
    from thesis_repro.models.zoo import UnknownModelError as UnknownModelError
    from thesis_repro.training.trained_model import TrainedModel as TrainedModel

__version__ = "0.1.0"  # setup.py reads it here

# === The public surface, imported when it is first asked for ===

_PLACES = {
    "data_prep.errors": ("DataError",),
    "thesis_repro.errors": ("ModelError", "SettingsError", "TrainingError", "UnknownRunError"),
    "thesis_repro.library.data": ("UnknownDataError", "load_data"),
    "thesis_repro.library.models": ("list_models", "load_model"),
    "thesis_repro.library.pictures": ("explore", "plot_latent_space", "plot_losses", "traverse"),
    "thesis_repro.library.results": ("SectionResults", "UnknownSectionError", "load_results"),
    "thesis_repro.library.training": ("train",),
    "thesis_repro.models.encoding": ("Posterior",),
    "thesis_repro.models.spec": ("ModelSpec", "Sourced"),
    "thesis_repro.models.zoo": ("MODELS", "UnknownModelError"),
    "thesis_repro.training.trained_model": ("TrainedModel",),
}
_PUBLIC = {name: module for module, names in _PLACES.items() for name in names}

__all__ = ["__version__", *sorted(_PUBLIC)]


if not TYPE_CHECKING:  # to a type checker, it would make any name a public one

    def __getattr__(name: str) -> Any:
        if name not in _PUBLIC:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__]


# === Variables that libraries read when they are imported ===

# A run's id tells nothing of them, so that they may change no number: by other random numbers, by
# what is not compiled, by float32 that loses bits. JAX and Keras are told no more than where they
# compute, NumPy no date.
_PUT_ASIDE = (
    *("JAX_", "KERAS_", "SOURCE_DATE_EPOCH"),
    *("DNNL_DEFAULT_FPMATH_MODE", "ONEDNN_DEFAULT_FPMATH_MODE", "TF_SET_ONEDNN_FPMATH_MODE"),
    "NVIDIA_TF32_OVERRIDE",
)
_KEPT = {
    *("JAX_PLATFORMS", "JAX_PLATFORM_NAME", "JAX_CUDA_VISIBLE_DEVICES"),
    *("JAX_ROCM_VISIBLE_DEVICES", "JAX_ONEAPI_VISIBLE_DEVICES"),
    *("KERAS_BACKEND", "KERAS_HOME"),
}
for _name in [*os.environ]:
    if _name.startswith(_PUT_ASIDE) and _name not in _KEPT:
        del os.environ[_name]

# By itself TensorFlow takes oneDNN's kernels on CPUs with AVX-512 alone; on those with AVX2 they
# make training 1.7 times as fast, and bits differ less between CPUs.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
