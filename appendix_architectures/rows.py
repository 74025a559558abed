"""A model as rows, the way the thesis's listings print one: a row per layer, in order."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import keras

# Our classes that the thesis prints by another name: its sampling layers were `Lambda`s.
PRINTED_TYPES = {"Sampling": "Lambda"}


class Connection(NamedTuple):
    """Where a layer's input comes from; printed as `name[node_index][tensor_index]`."""

    name: str
    node_index: int
    tensor_index: int


class LayerRow(NamedTuple):
    """One layer: shapes are without the batch axis, `kernel` is empty but for convolutions."""

    name: str
    type: str
    output_shape: tuple[int, ...]
    params: int
    connections: tuple[Connection, ...]
    kernel: dict[str, Any]


def layer_rows(model: "keras.Model") -> list[LayerRow]:
    """All layers of a functional model in `model.layers` order."""
    nodes = model_nodes(model)
    return [_row(layer, [n for n in layer._inbound_nodes if n in nodes]) for layer in model.layers]


def model_nodes(model: "keras.Model") -> set[Any]:
    """The graph nodes that belong to this model; its layers may have more through other models."""
    return {node for depth in model._nodes_by_depth.values() for node in depth}


def _row(layer: "keras.layers.Layer", nodes: list[Any]) -> LayerRow:
    return LayerRow(
        name=layer.name,
        type=PRINTED_TYPES.get(type(layer).__name__, type(layer).__name__),
        output_shape=tuple(layer.output.shape[1:]),
        params=layer.count_params(),
        connections=tuple(_connection(t) for node in nodes for t in node.input_tensors),
        kernel=_kernel(layer) if hasattr(layer, "kernel_size") else {},
    )


def _connection(tensor: "keras.KerasTensor") -> Connection:
    source, node_index, tensor_index = tensor._keras_history
    return Connection(source.name, node_index, tensor_index)


def _kernel(layer: "keras.layers.Layer") -> dict[str, Any]:
    return {
        "kernel_size": _side(layer.kernel_size),
        "strides": _side(layer.strides),
        "padding": layer.padding,
        "use_bias": layer.use_bias,
    }


def _side(size: tuple[int, int]) -> int | tuple[int, int]:
    """One number for a square size (all of the thesis's are), both numbers otherwise."""
    return size[0] if size[0] == size[1] else size
