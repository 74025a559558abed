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


def variance_kept(layers: Sequence[LayerActivity]) -> float:
    """Share of the variance of map means that the most active quarter holds: all layers."""
    kept = [np.square(activity(layer)[most_active(layer)]).sum() for layer in layers]
    return float(np.sum(kept) / np.sum([np.square(activity(layer)).sum() for layer in layers]))


def share_active(layers: Sequence[LayerActivity]) -> float:
    """Share of all maps that have a tenth of the activity of their layer's most active one.

    Of a layer without any activity no map is active.
    """
    by_layer = [activity(layer) for layer in layers]
    active = [(maps > 0) & (maps >= LEAST * maps.max()) for maps in by_layer]
    return float(np.concatenate(active).mean())


def activity_left(before: LayerActivity, after: LayerActivity) -> float:
    """The activity of a layer's most active quarter once all other maps are set still everywhere.

    The mean over these maps, of that which they had before.
    """
    kept = most_active(before)
    return float(activity(after)[kept].mean() / activity(before)[kept].mean())
