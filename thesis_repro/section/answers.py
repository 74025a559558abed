"""Answers to research questions: a section's numbers, in the words of a template.

The templates are ``chapters/answers/<section>_<question>.j2``. Line breaks in them mean nothing.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from thesis_repro.thesis.claims import UNDEFINED


def render(section: str, question: str, numbers: Mapping[str, Any]) -> str:
    """The answer of a section to a question.

    Raises:
        jinja2.TemplateNotFound: the section has no template for this question.
        jinja2.UndefinedError: the template wants a number that is not given.
    """
    template = _environment().get_template(f"{section}_{question}.j2")
    return " ".join(template.render(numbers).split())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("chapters", "answers"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text
    )
    environment.filters |= {"percent": percent, "fixed": fixed, "significant": significant}
    return environment


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage: "36%"; "undefined" of NaN."""
    return UNDEFINED if math.isnan(share) else f"{share:.{digits}%}"


def fixed(number: float, digits: int = 2) -> str:
    """A number with so many digits after the point; "undefined" of NaN."""
    return UNDEFINED if math.isnan(number) else f"{number:.{digits}f}"


def significant(number: float, digits: int = 2) -> str:
    """A number with so many significant digits: "1.2e-05"; "undefined" of NaN."""
    return UNDEFINED if math.isnan(number) else f"{number:.{digits}g}"
