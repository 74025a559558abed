"""Parameter counts: counting them, and the assertion that ends every builder."""

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import keras


class ParameterCounts(NamedTuple):
    """The three totals under a printed listing."""

    total: int
    trainable: int
    non_trainable: int

    def __str__(self) -> str:
        """Counts as a sentence fragment, with thousands separated."""
        return (
            f"{self.total:,} parameters ({self.trainable:,} trainable, "
            f"{self.non_trainable:,} non-trainable)"
        )


class ParameterCountError(ValueError):
    """A built network has other parameter counts than its listing.

    Attributes:
        model: the network as it was built, for a comparison row by row.
    """

    def __init__(
        self, model: "keras.Model", expected: ParameterCounts, found: ParameterCounts
    ) -> None:
        """Compose the message from the model's name and both counts."""
        super().__init__(
            f"{model.name}: the listing has {expected}, the builder made {found}; "
            "`thesis-repro listing --check` shows the rows that differ"
        )
        self.model = model


def count_parameters(model: "keras.Model") -> ParameterCounts:
    """Count weights as Keras 2 did; the states of seed generators are not weights."""
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    non_trainable = sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    return ParameterCounts(trainable + non_trainable, trainable, non_trainable)


def assert_parameters(
    model: "keras.Model", *, total: int, trainable: int, non_trainable: int
) -> "keras.Model":
    """The model if its counts are the listing's.

    Raises:
        ParameterCountError: if one of the three counts differs.
    """
    expected = ParameterCounts(total, trainable, non_trainable)
    found = count_parameters(model)
    if found != expected:
        raise ParameterCountError(model, expected, found)
    return model
