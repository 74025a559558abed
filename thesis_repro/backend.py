"""The one place where backends differ."""

import keras


def make_deterministic() -> None:
    """Have the backend's operations give the same bits for the same inputs.

    TensorFlow needs to be asked, for the whole process. JAX is deterministic on CPUs and TPUs; on
    GPUs it takes ``XLA_FLAGS=--xla_gpu_deterministic_ops=true`` in the environment, which nothing
    can set once the process has begun.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
