"""How unequally active the feature maps of an encoder are (Section 4.2, Figures 21, 22, 57 to 60).

A map's activity is the standard deviation over images of its mean: what the boxes of these figures
show, and what makes a map one of the "most active" (erratum E23: the bias is no activity).
"""

from collections.abc import Sequence

import numpy as np

from thesis_repro.analysis.feature_maps import LayerActivity, most_active

LEAST = 0.1  # of the activity of its layer's most active map: what an active map has at least


def activity(layer: LayerActivity) -> np.ndarray:
    """The activity of each map of a layer, (maps,)."""
    return layer.map_means.std(axis=0)


def variance_kept(layers: Sequence[LayerActivity], *, rounded_up: bool = False) -> float:
    """Share of the variance of map means that the most active quarter holds: all layers.

    ``rounded_up`` is that of `most_active`.
    """
    variances = [np.square(activity(layer)) for layer in layers]
    kept = [
        variance[most_active(layer, rounded_up=rounded_up)].sum()
        for layer, variance in zip(layers, variances, strict=True)
    ]
    return float(np.sum(kept) / np.sum([variance.sum() for variance in variances]))


def share_active(layers: Sequence[LayerActivity]) -> float:
    """Share of all maps that have a tenth of the activity of their layer's most active one.

    Of a layer without any activity no map is active.
    """
    by_layer = [activity(layer) for layer in layers]
    active = [(maps > 0) & (maps >= LEAST * maps.max()) for maps in by_layer]
    return float(np.concatenate(active).mean())


def activity_left(
    before: LayerActivity, after: LayerActivity, *, rounded_up: bool = False
) -> float:
    """The activity of a layer's most active quarter once all other maps are set still everywhere.

    The mean over these maps, of that which they had before; ``rounded_up`` is that of
    `most_active`.
    """
    kept = most_active(before, rounded_up=rounded_up)
    return float(activity(after)[kept].mean() / activity(before)[kept].mean())
