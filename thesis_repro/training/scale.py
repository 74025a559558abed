"""How much of the thesis's training a run does; networks are never scaled down."""

from dataclasses import dataclass

_BRIEF = 1e12  # multiply-adds; some ten seconds on two cores


@dataclass(frozen=True)
class Scale:
    """Limits on a training; ``None`` is the thesis's number.

    ``quick`` shows the effects on a CPU in about ten minutes a model: few images, so that they can
    be seen as often as the thesis's models see theirs until they overfit (26 to 52 times, Section
    4.2). ``smoke`` only proves the path from files to figures. What the limits come to for a model,
    `thesis_repro.training.schedule` works out. ``untrained`` is a control: one epoch in which
    nothing is learned, so that the networks keep their initial weights, and batch normalisation the
    statistics of training images under these. What such networks show, no training explains.

    Attributes:
        name: What it is asked for by.
        train_images: In an epoch.
        validation_images: In an epoch.
        epochs: Of a whole training.
        multiply_adds: Of a whole training.
        fewest_images: That the limit on multiply-adds leaves an epoch; ``None`` is a whole batch.
        learns: Whether the thesis's networks are trained; if not, they only see the images.
        caution: What every figure of its networks says first.
        analysed_as: The scale whose amounts a section computes; ``None`` is this one. Classifiers
            that measure (`thesis_repro.models.spec.ModelSpec.measures`) are trained as at that one.
    """

    name: str
    train_images: int | None = None
    validation_images: int | None = None
    epochs: int | None = None
    multiply_adds: float | None = None
    fewest_images: int | None = None
    learns: bool = True
    caution: str = ""
    analysed_as: str | None = None

    @property
    def is_brief(self) -> bool:
        """Whether a training takes about as long as its process takes to start."""
        return self.multiply_adds is not None and self.multiply_adds <= _BRIEF

    @property
    def amounts(self) -> str:
        """The name of the scale whose amounts a section computes."""
        return self.analysed_as or self.name


SCALES = {
    scale.name: scale
    for scale in (
        Scale("paper"),
        Scale("quick", 3_000, 2_400, 60, 3e13),
        Scale("smoke", 256, 96, 2, 2e11, 32, caution="untrained: proves the path"),
        Scale(
            "untrained",
            2_400,
            2_400,
            1,
            2e12,
            learns=False,
            caution="untrained: a control",
            analysed_as="quick",
        ),
    )
}


def is_smaller(scale: str, other: str) -> bool:
    """Whether a scale is smaller than another, by their names; `SCALES` begins with the largest."""
    names = [*SCALES]
    return names.index(scale) > names.index(other)
