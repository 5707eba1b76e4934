"""Sections of tables, figures and pictures -> one self-contained page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mrsift import __version__
from mrsift.export.evaluation_html import PageFigure, page_environment
from mrsift.export.evaluation_tables import Table
from mrsift.export.output_file import write_text
from mrsift.export.pictures import Picture


@dataclass(frozen=True, slots=True)
class Captioned:
    """A picture with a line below.

    Attributes:
        picture: One slice.
        words: What it shows.
    """

    picture: Picture
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One part of a page.

    Attributes:
        title: Its heading.
        words: Sentences.
        tables: Below the figures.
        figures: Side by side.
        pictures: (heading, pictures in a row).
        links: (words, place relative to the page).
    """

    title: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[PageFigure, ...] = ()
    pictures: tuple[tuple[str, tuple[Captioned, ...]], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def write_sections(
    path: Path, title: str, sentences: Sequence[str], sections: Sequence[Section]
) -> None:
    """Write the page.

    Args:
        path: Of the HTML file; its folder must exist.
        title: Of the page.
        sentences: The main result first.
        sections: In their order.

    Raises:
        OutputError: The file cannot be written; what was there stays.
    """
    lead, *others = sentences
    page = page_environment().get_template("sections.html.j2")
    text = page.render(
        version=__version__, title=title, lead=lead, sentences=others, sections=sections
    )
    write_text(path, text)
