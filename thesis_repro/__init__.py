"""The library: model zoo, training, run folders, analysis, statistics, claims, errata, CLI.

Reproduces L. Papenmeier, "Semantic Representations in Variational Autoencoders as a Model of the
Visual System" (master thesis, Ruhr-Universität Bochum, 2020).
"""

import os

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
