"""A network printed as Keras 2.2.4's `model.summary()` did it, which is how the thesis prints it.

Networks that are a plain chain take three columns and 65 characters, all others four columns and
98. A field that is too long is cut, and the last character before the next field is a blank, hence
`batch_normalization_1 (BatchNor`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from appendix_architectures.parameters import ParameterCounts
from appendix_architectures.rows import LayerRow

# Widths and column ends of keras.utils.layer_utils.print_summary, version 2.2.4.
CHAIN_WIDTH, CHAIN_ENDS = 65, (0.45, 0.85, 1.0)
GRAPH_WIDTH, GRAPH_ENDS = 98, (0.33, 0.55, 0.67, 1.0)
HEADER = ("Layer (type)", "Output Shape", "Param #", "Connected to")


def render(rows: Sequence[LayerRow], counts: ParameterCounts) -> str:
    """The summary of a network, character by character as Keras 2.2.4 printed it."""
    chain = is_chain(rows)
    width, ends = (CHAIN_WIDTH, CHAIN_ENDS) if chain else (GRAPH_WIDTH, GRAPH_ENDS)
    columns = [int(width * end) for end in ends]
    blocks = [_layer_lines(row, columns) for row in rows]
    lines = ["_" * width, _line(HEADER[: len(columns)], columns), "=" * width]
    for block in blocks[:-1]:
        lines += [*block, "_" * width]
    lines += [*blocks[-1], "=" * width]
    lines += [f"Total params: {counts.total:,}", f"Trainable params: {counts.trainable:,}"]
    lines += [f"Non-trainable params: {counts.non_trainable:,}", "_" * width]
    return "\n".join(lines)


def is_chain(rows: Sequence[LayerRow]) -> bool:
    """Keras 2.2.4's rule: each layer has one input, the layer above it, and is used once."""
    links = [tuple(connection.name for connection in row.connections) for row in rows]
    return not links[0] and all(
        link == (above.name,) for (above, _), link in zip(pairwise(rows), links[1:], strict=True)
    )


def _layer_lines(row: LayerRow, columns: Sequence[int]) -> Iterator[str]:
    """The layer's line and, in four columns, one more line for each further connection."""
    shape = (None, *row.output_shape)
    fields = [f"{row.name} ({row.type})", str(shape), str(row.params)]
    if len(columns) == len(fields):
        yield _line(fields, columns)
        return
    first, *others = [f"{c.name}[{c.node_index}][{c.tensor_index}]" for c in row.connections] or [
        ""
    ]
    yield _line([*fields, first], columns)
    for other in others:
        yield _line(["", "", "", other], columns)


def _line(fields: Sequence[str], columns: Sequence[int]) -> str:
    """Fields in columns, cut and padded in the same steps as the original."""
    line = ""
    for field, end in zip(fields, columns, strict=True):
        separated = f"{line[:-1]} " if line else ""
        line = (separated + field)[:end].ljust(end)
    return line
