"""What a network is made of, as boxes and the connections between them, and where each box stands.

Boxes are those of Section 3.4: a "Convolution, Activation, Batch-Normalization" block is one box,
and so is an embedding layer, which "predicts mu and log sigma^2 and performs the resampling".
"""

from collections import defaultdict
from typing import NamedTuple

import keras

from appendix_architectures.rows import LayerRow, layer_rows
from appendix_architectures.sampling import Sampling

# Layers that work on what the layer before them puts out, and are drawn in its box.
FOLLOWERS = frozenset(
    ("Activation", "BatchNormalization", "Dropout", "LeakyReLU", "ReLU", "Softmax")
)
RESAMPLING = ("z = μ + εσ (Eq. 44)", "ε ~ N(0, I) (Eq. 45)")


class Block(NamedTuple):
    """One box: the layers in it, their names and what they are, the shape of what leaves it.

    ``title`` is the name of the layer that the box is named after; ``shape`` has no batch axis.
    """

    title: str
    layers: tuple[str, ...]
    parts: tuple[str, ...]
    shape: tuple[int, ...]
    is_embedding: bool


class Structure(NamedTuple):
    """The boxes of a network, sources first, and pairs (from, to) of their numbers."""

    blocks: tuple[Block, ...]
    edges: tuple[tuple[int, int], ...]


class Place(NamedTuple):
    """Row, counted from the top, and column, counted from the right, of a box."""

    row: int
    column: int


# === From a network to its boxes ===


def structure(model: keras.Model) -> Structure:
    """The boxes and connections of a functional model; every layer is in exactly one box."""
    rows = {row.name: row for row in layer_rows(model)}
    heads = _heads(model, rows)
    members = defaultdict(list)
    for name in rows:
        members[heads[name]].append(name)
    numbers = {head: number for number, head in enumerate(members)}
    edges = {
        (numbers[heads[source.name]], numbers[heads[name]])
        for name, row in rows.items()
        for source in row.connections
        if heads[source.name] != heads[name]
    }
    blocks = tuple(_block(model, head, names, rows) for head, names in members.items())
    return Structure(blocks, tuple(sorted(edges)))


def _heads(model: keras.Model, rows: dict[str, LayerRow]) -> dict[str, str]:
    """For each layer the one that its box is named after."""
    consumers = defaultdict(list)
    for row in rows.values():
        for source in row.connections:
            consumers[source.name].append(row.name)
    outputs = {tensor._keras_history[0].name for tensor in model.outputs}
    alone = {name for name in rows if len(consumers[name]) == 1 and name not in outputs}
    heads = {}
    for name, row in rows.items():
        heads[name] = name
        if name in alone and _is_sampling(model, consumers[name][0]):
            heads[name] = consumers[name][0]
        elif row.type in FOLLOWERS and len(row.connections) == 1:
            source = row.connections[0].name
            if source in alone and rows[source].type != "InputLayer":
                heads[name] = heads[source]
    return heads


def _is_sampling(model: keras.Model, name: str) -> bool:
    return isinstance(model.get_layer(name), Sampling)


def _block(model: keras.Model, head: str, names: list[str], rows: dict[str, LayerRow]) -> Block:
    is_embedding = _is_sampling(model, head)
    parts = []
    for name in names:
        if is_embedding and name == head:
            parts.extend(RESAMPLING)
        else:
            what = _description(model.get_layer(name), rows[name])
            parts.append(f"{name}: {what}" if is_embedding else what)
    return Block(head, tuple(names), tuple(parts), rows[names[-1]].output_shape, is_embedding)


def _description(layer: keras.layers.Layer, row: LayerRow) -> str:
    """A layer's type, with what else the figure says of it."""
    if row.type == "InputLayer":
        return "Input"
    if row.type == "Activation":
        return layer.activation.__name__
    if row.type == "Dropout":
        return f"Dropout {layer.rate:g}"
    if row.type == "Dense" and layer.activation is not keras.activations.linear:
        return f"Dense, {layer.activation.__name__}"
    if row.kernel:
        return f"{row.type} {_window(row.kernel['kernel_size'], row.kernel['strides'])}"
    if row.type == "MaxPooling2D":
        return f"{row.type} {_window(layer.pool_size[0], layer.strides[0])}"
    return row.type


def _window(size: int, stride: int) -> str:
    return f"{size}×{size}" + (f", stride {stride}" if stride > 1 else "")


# === Where the boxes stand ===


def places(structure: Structure) -> list[Place]:
    """A row and a column for each box; no two boxes share both.

    A box stands in the row below the lowest of its sources, an input in the row above the first box
    that it enters. The longest path takes the column on the right, other paths columns beside it:
    the lower one branches off, the closer, so that lines do not cross in the thesis's ladders.
    """
    edges, count = structure.edges, len(structure.blocks)
    depth, height = _longest(edges, count), _longest([(b, a) for a, b in edges[::-1]], count)
    targets = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
    entered = {target for _, target in edges}
    rows = [
        min((depth[target] for target in targets[box]), default=1) - 1
        if box not in entered
        else depth[box]
        for box in range(count)
    ]
    columns = _columns(_chains(edges, depth, height), rows)
    return [Place(row, columns[box]) for box, row in enumerate(rows)]


def _longest(edges: list[tuple[int, int]] | tuple[tuple[int, int], ...], count: int) -> list[int]:
    """Length of the longest path that ends at each box."""
    lengths = [0] * count
    for _ in range(count):
        for source, target in edges:
            lengths[target] = max(lengths[target], lengths[source] + 1)
    return lengths


def _chains(
    edges: tuple[tuple[int, int], ...], depth: list[int], height: list[int]
) -> list[list[int]]:
    """All boxes in paths, each continued where the longest way in meets the longest way out."""
    onwards, back = {}, {}
    for source, target in edges:
        if source not in onwards or height[target] > height[onwards[source]]:
            onwards[source] = target
        if target not in back or depth[source] > depth[back[target]]:
            back[target] = source
    follows = {a: b for a, b in onwards.items() if back[b] == a}
    chains = []
    for box in sorted(set(range(len(depth))) - set(follows.values())):
        chain = [box]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        chains.append(chain)
    return chains


def _columns(chains: list[list[int]], rows: list[int]) -> dict[int, int]:
    """A column for each box; chains share one where their rows are apart."""
    longest = max(chains, key=len)
    others = sorted((c for c in chains if c is not longest), key=lambda c: -rows[c[0]])
    taken: list[set[int]] = []
    columns = {}
    for chain in (longest, *others):
        # From the row before, where the line into the chain comes from, to the row after.
        span = set(range(rows[chain[0]] - 1, rows[chain[-1]] + 2))
        column = next((n for n, used in enumerate(taken) if not used & span), len(taken))
        if column == len(taken):
            taken.append(set())
        taken[column] |= set(range(rows[chain[0]], rows[chain[-1]] + 1))
        columns |= dict.fromkeys(chain, column)
    return columns
