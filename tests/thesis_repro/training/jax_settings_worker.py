"""Under KERAS_BACKEND=jax: ``precision``, or ``programs FOLDER`` as on a GPU; prints JSON."""

import json
import re
import sys
from pathlib import Path

import jax
import numpy as np
from jax import numpy as jnp

from thesis_repro.training import kept_programs
from thesis_repro.training.backend import computing_in, full_float32, set_full_float32
from thesis_repro.training.precision import PRECISIONS


def product(x):
    return x @ x


def convolution(x):
    return jax.lax.conv(x[None, None], x[None, None], (1, 1), "SAME")


def compiled_precisions():
    """What a product and a convolution, compiled now, are told of their factors."""
    x = np.ones((4, 4), "float32")
    texts = [jax.jit(one).lower(x).as_text() for one in (product, convolution)]
    return [re.search(r"precision[ <=\[]+([A-Z]+)", text).group(1) for text in texts]


def precision():
    found = {"before": compiled_precisions()}
    for name in PRECISIONS:
        with computing_in(name):
            found[name] = compiled_precisions()
        assert compiled_precisions() == found["before"]
    with full_float32():
        found["full_float32"] = compiled_precisions()
    set_full_float32()
    found["set_full_float32"] = compiled_precisions()
    return found


def programs(folder, on_gpu):
    """Compile before, within and after the block; what was found kept, and what lies there."""
    kept_programs.computes_on_gpu = lambda: on_gpu
    found = []
    jax.monitoring.register_event_listener(
        lambda event, **_: found.append(event) if event.endswith("cache_hits") else None
    )

    def compile_something(factor):
        return float(jax.jit(lambda x: (x * factor) @ x)(jnp.full((3, 3), 2.0))[0, 0])

    settings = jax.config.jax_compilation_cache_dir
    compile_something(1)
    folder.mkdir(exist_ok=True)
    with kept_programs.programs_kept_in(folder):
        values = [compile_something(factor) for factor in (2, 3)]
        hits = len(found)
    compile_something(4)
    names = sorted(path.name for path in folder.iterdir() if "lambda" in path.name)
    assert jax.config.jax_compilation_cache_dir == settings
    return {"values": values, "hits": hits, "programs": names}


def main(what, *arguments):
    if what == "precision":
        return precision()
    folder, device = arguments
    return programs(Path(folder), on_gpu=device == "gpu")


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
