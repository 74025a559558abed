"""The thesis's captions of the figures and tables that are reproduced, as data.

``captions.json`` beside this file holds Figures 13-95 and Tables 2-6: the title and the page of the
thesis's lists, and the caption under the figure. Formulas are plain text (z₁); slips of the scan
are repaired only where the lists or the captions beside show what was meant.
"""

from functools import cache
from typing import Literal

from thesis_repro.files import Entry, read_entries

Kind = Literal["figure", "table"]
Key = tuple[Kind, int]


class Caption(Entry):
    """A figure or table of the thesis.

    ``section`` is the one whose results it shows, also where it is printed in an appendix;
    ``page`` is its number as printed. Figures 35 and 36 have no caption in the text that was
    converted: theirs is the title in the list of figures.
    """

    kind: Kind
    number: int
    section: str
    page: str
    title: str
    caption: str

    @property
    def name(self) -> str:
        """What the thesis calls it, "Figure 23"."""
        return f"{self.kind.capitalize()} {self.number}"


@cache
def load_captions() -> dict[Key, Caption]:
    """All captions by kind and number: figures first, each kind in the thesis's order."""
    captions = read_entries("thesis", "captions.json", list[Caption])
    return {(caption.kind, caption.number): caption for caption in captions}
