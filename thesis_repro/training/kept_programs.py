"""Compiled programs that stay with the run they train: the same bits after a kill, on GPUs too."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from thesis_repro.training.devices import computes_on_gpu


@contextmanager
def programs_kept_in(folder: Path) -> Iterator[None]:
    """Keep what JAX compiles for a GPU within the block, and compile nothing that is kept.

    Compiled anew in another process, a program may be another one with other bits: where fusions
    seem to cost the same, the XLA of JAX up to 0.11 takes one or the other by addresses in memory
    (openxla/xla, issue 49047). The folder can be moved. Nothing is kept on CPUs, where compilation
    has no such choices, nor by TensorFlow, which has one place for a whole process.
    """
    if keras.backend.backend() != "jax" or not computes_on_gpu():
        yield
        return
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    ours = {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
        # What XLA measures is in the programs; its folder's name would be part of their keys.
        "jax_persistent_cache_enable_xla_caches": "none",
    }
    before = {name: getattr(jax.config, name) for name in ours}
    _set(ours)
    compilation_cache.reset_cache()  # it is opened once, and stays where it was
    try:
        yield
    finally:
        _set(before)
        compilation_cache.reset_cache()


def _set(values: dict) -> None:
    import jax

    for name, value in values.items():
        jax.config.update(name, value)
