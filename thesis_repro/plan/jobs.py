"""A job: a command line of this package that needs other jobs, is done or not, and costs something.

Without Keras, since whoever only runs jobs (`thesis_repro.plan.execution`) can do without it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One command of a plan.

    Attributes:
        name: "data mnist", "train mnist-vae" or "chapter 4.2"; with a further seed "train mnist-vae
            (seed 1)".
        needs: Names of the jobs that have to be done before.
        command: The arguments of ``thesis-repro`` that do it.
        is_done: Whether what it makes is there.
        problem: Why it cannot be done, and the fix; empty where it can.
        family: Of the model that is trained; empty where none is.
        image_passes: Images that a training goes through, each epoch anew.
        steps: Updates of the whole training, and its validation as the updates that cost as much.
        bytes: Of all images that it reads, one a value.
        multiply_adds: Of the whole training, with its validation.
        memory: Estimate for the training process (bytes).
        is_brief: Whether it takes about as long as its process does to start.
        is_again: Whether what it makes is there, and is made again all the same.
        kept: What is there in its place and is more than what was asked for, in words: it is done.
    """

    name: str
    needs: tuple[str, ...]
    command: tuple[str, ...]
    is_done: bool
    problem: str = ""
    family: str = ""
    image_passes: int = 0
    steps: float = 0.0
    bytes: float = 0.0
    multiply_adds: float = 0.0
    memory: float = 0.0
    is_brief: bool = False
    is_again: bool = False
    kept: str = ""

    @property
    def is_training(self) -> bool:
        """Whether a model is trained: what takes a GPU, and nearly all of the time."""
        return self.name.startswith("train ")
