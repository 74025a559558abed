"""What belongs together on the page: claims, the figures and tables they rest on, and errata."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from thesis_repro.thesis.captions import Key
from thesis_repro.thesis.claims import Claim, load_claims
from thesis_repro.thesis.errata import Erratum, load_errata

# "Figures 30a, 37e and 71-74": a word, then numbers, their panels and ranges.
_PLACES = re.compile(r"(Figure|Table)s?\s+(\d+[a-z]?(?:(?:\s*,\s*|\s+and\s+|-)\d+[a-z]?)*)")
_RANGE = re.compile(r"(\d+)[a-z]?(?:-(\d+))?")


def places_in(text: str) -> tuple[Key, ...]:
    """The figures and tables that a text names, each once; panels ("30a") count as their figure."""
    return tuple(dict.fromkeys(_places(text)))


def _places(text: str) -> Iterator[Key]:
    for kind, numbers in _PLACES.findall(text):
        for first, last in _RANGE.findall(numbers):
            for number in range(int(first), int(last or first) + 1):
                yield (kind.lower(), number)


def shown_in(claim: Claim) -> tuple[Key, ...]:
    """The figures and tables that the thesis takes a claim from."""
    return places_in(claim.source)


def claims_of(key: Key) -> tuple[Claim, ...]:
    """The claims that the thesis takes from a figure or table."""
    return _claims_by_place().get(key, ())


def errata_of(claim: Claim) -> tuple[Erratum, ...]:
    """The errata that touch a claim.

    One that affects figures or tables touches what is taken from these; else, and of claims that
    are taken from none, it is one that affects the section. Of a model that claims of the same
    place tell apart, it touches that model's. And those that the claim's note names.
    """
    return tuple(load_errata()[name] for name in _errata_by_claim()[claim.id])


def touched_by(erratum: Erratum) -> tuple[Claim, ...]:
    """The claims that an erratum touches."""
    return tuple(one for one in _claims() if erratum.id in _errata_by_claim()[one.id])


# === Found once ===


@cache
def _claims() -> tuple[Claim, ...]:
    return load_claims()


@cache
def _claims_by_place() -> dict[Key, tuple[Claim, ...]]:
    shown = {claim.id: shown_in(claim) for claim in _claims()}
    places = dict.fromkeys(key for keys in shown.values() for key in keys)
    return {key: tuple(one for one in _claims() if key in shown[one.id]) for key in places}


@cache
def _errata_by_claim() -> dict[str, tuple[str, ...]]:
    affected = {
        erratum.id: {key for place in erratum.affects for key in places_in(place)}
        for erratum in load_errata().values()
    }
    return {
        claim.id: tuple(
            erratum.id
            for erratum in load_errata().values()
            if _touches(erratum, affected[erratum.id], claim)
        )
        for claim in _claims()
    }


def _touches(erratum: Erratum, affected: set[Key], claim: Claim) -> bool:
    if claim.note and erratum.id in claim.note:
        return True
    shown = {*shown_in(claim)}
    if affected and shown:
        beside = [other for key in affected & shown for other in claims_of(key)]
        return bool(beside) and _is_of(erratum, claim, beside)
    beside = [other for other in _claims() if other.section == claim.section]
    return f"Section {claim.section}" in erratum.affects and _is_of(erratum, claim, beside)


def _is_of(erratum: Erratum, claim: Claim, beside: Iterable[Claim]) -> bool:
    """Whether an erratum is of a claim's models, or of none that claims beside it are of."""
    told_apart = {model for other in beside for model in other.models} & {*erratum.models}
    return not told_apart or not told_apart.isdisjoint(claim.models)
