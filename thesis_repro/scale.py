"""How much of the thesis's training a run does; networks are never scaled down (design rule 3)."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Scale:
    """Limits on images and epochs; ``None`` is the thesis's own number.

    ``quick`` shows the effects on a CPU within minutes a model: few images, so that they can be
    seen as often as the thesis's models see theirs until they overfit (26 to 52 times, Section
    4.2). ``smoke`` only proves the path from files to figures.
    """

    name: str
    train_images: int | None
    validation_images: int | None
    epochs: int | None

    def epochs_of(self, paper_epochs: int) -> int:
        """Epochs to train for, given the thesis's number."""
        return paper_epochs if self.epochs is None else min(self.epochs, paper_epochs)

    def values(self) -> dict[str, int | str | None]:
        """The limits as JSON-ready data."""
        return asdict(self)


SCALES = {
    scale.name: scale
    for scale in (
        Scale("paper", None, None, None),
        Scale("quick", 3_000, 2_400, 60),
        Scale("smoke", 512, 240, 2),
    )
}
