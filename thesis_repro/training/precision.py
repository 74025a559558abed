"""The precisions that networks are trained in; a run's is part of what the run is."""

FLOAT32, TENSOR_FLOAT_32, MIXED_BFLOAT16 = "float32", "tensorfloat32", "mixed_bfloat16"

PRECISIONS = {
    FLOAT32: "all of its bits, the thesis's",
    TENSOR_FLOAT_32: "float32, but products keep ten bits of their factors; on GPUs only",
    MIXED_BFLOAT16: "bfloat16, but for heads, losses, statistics and weights",
}
