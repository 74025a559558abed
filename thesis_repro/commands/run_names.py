"""A run by what people call it: its id, the beginning of that, or a model that has one run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thesis_repro.commands.options import UnknownNameError
from thesis_repro.commands.run_words import described
from thesis_repro.models import zoo
from thesis_repro.names import did_you_mean

if TYPE_CHECKING:
    from thesis_repro.training.run_folder import RunFolder


def chosen(name: str, runs: "Sequence[RunFolder]") -> "RunFolder":
    """The run that is named.

    Args:
        name: What is typed.
        runs: Those that there are; of several with one id, the first is meant.

    Raises:
        UnknownNameError: there is none, or there are several.
    """
    by_id = {run.config.run_id: run for run in reversed(runs)}
    wanted = name.strip().casefold()
    if wanted in by_id:
        return by_id[wanted]
    by_model = [run for run in by_id.values() if run.config.model == _model(name)]
    fitting = by_model or [run for key, run in by_id.items() if wanted and key.startswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        lines = sorted(f"  {run.config.run_id}: {described(run)}" for run in fitting)
        several = f"{name} has several runs" if by_model else f"Several runs begin with {name!r}"
        raise UnknownNameError("\n".join((f"{several}; name one:", *lines)))
    if _model(name) in zoo.MODELS:
        model = _model(name)
        raise UnknownNameError(f"There is no run of {model} here: `thesis-repro train {model}`")
    known = [*by_id, *dict.fromkeys(run.config.model for run in by_id.values())]
    hint = did_you_mean(name, known) or " `thesis-repro runs list` shows those that are here."
    raise UnknownNameError(f"No run is called {name!r}.{hint}")


def _model(name: str) -> str:
    """The id of the model that is named, or the name itself: runs may be of models of one's own."""
    try:
        return zoo.model(name).id
    except zoo.UnknownModelError:
        return name
