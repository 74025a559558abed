"""What belongs together on the page: claims, the figures and tables they rest on, and errata."""

import re
from collections.abc import Iterable, Iterator

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
    return tuple(claim for claim in load_claims() if key in shown_in(claim))


def errata_of(claim: Claim) -> tuple[Erratum, ...]:
    """The errata that touch a claim.

    One that affects figures or tables touches what is taken from these; else, and of claims that
    are taken from none, it is one that affects the section. Of a model that claims of the same
    place tell apart, it touches that model's. And those that the claim's note names.
    """
    return tuple(erratum for erratum in load_errata().values() if _touches(erratum, claim))


def _touches(erratum: Erratum, claim: Claim) -> bool:
    if claim.note and erratum.id in claim.note:
        return True
    affected = {key for place in erratum.affects for key in places_in(place)}
    shown = {*shown_in(claim)}
    if affected and shown:
        shared = affected & shown
        beside = {other.id: other for key in shared for other in claims_of(key)}.values()
        return bool(shared) and _is_of(erratum, claim, beside)
    beside = load_claims(claim.section)
    return f"Section {claim.section}" in erratum.affects and _is_of(erratum, claim, beside)


def _is_of(erratum: Erratum, claim: Claim, beside: Iterable[Claim]) -> bool:
    """Whether an erratum is of a claim's models, or of none that claims beside it are of."""
    told_apart = {model for other in beside for model in other.models} & {*erratum.models}
    return not told_apart or not told_apart.isdisjoint(claim.models)


def touched_by(erratum: Erratum) -> tuple[Claim, ...]:
    """The claims that an erratum touches."""
    return tuple(claim for claim in load_claims() if _touches(erratum, claim))
