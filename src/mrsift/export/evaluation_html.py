"""An evaluation -> one self-contained page, for a screen, a phone and paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mrsift import __version__
from mrsift.evaluate.caveats import caveats
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.summary import Evaluation
from mrsift.export import evaluation_words as words
from mrsift.export.evaluation_gallery import Gallery
from mrsift.export.evaluation_tables import Table

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class PageFigure:
    """A figure as it stands in the page.

    Attributes:
        svg: `<svg>` element of `evaluation_figures.inline_svg` that takes the colours of the page.
        caption: Below it.
    """

    svg: "Markup"
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What the page shows, beside the evaluation.

    Attributes:
        name: Of the run.
        tables: Of `evaluation_tables.all_tables`.
        figures: Name -> figure; `confusion-<split>` are the matrices.
        gallery: Errors and examples.
        honesty: Sentences: what was tuned on what, how often the test set was looked at.
        run_facts: (name, value).
        gallery_words: What to say of missing pictures; may be empty.
        saliency_words: How to read the saliency; empty where there is none.
    """

    name: str
    tables: Mapping[str, Table]
    figures: Mapping[str, PageFigure]
    gallery: Gallery
    honesty: tuple[str, ...]
    run_facts: tuple[tuple[str, str], ...]
    gallery_words: str = ""
    saliency_words: str = ""


def page_environment() -> "jinja2.Environment":
    """Templates with the words for numbers; everything but our own SVG is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mrsift.export"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["three"] = words.three
    environment.filters["interval"] = words.interval_words
    environment.filters["count"] = words.count_words
    environment.tests["estimate"] = lambda cell: isinstance(cell, Estimate)
    return environment


def html_text(evaluation: Evaluation, page: Page) -> str:
    """The page, without scripts and without links to elsewhere.

    Args:
        evaluation: Where the sentences come from.
        page: Everything else.
    """
    splits = [evaluation.headline, *(s for s in evaluation.splits if s != evaluation.headline)]
    return (
        page_environment()
        .get_template("evaluation.html.j2")
        .render(
            version=__version__,
            title=f"Evaluation of {page.name}",
            lead=words.main_result(evaluation),
            second=words.weakest_label(evaluation),
            where=words.split_words(evaluation.headline),
            headline=[(words.MEASURES[k], v) for k, v in evaluation.main.overall.items()],
            caveats=caveats(evaluation),
            honesty=page.honesty,
            contents=_contents(page),
            tables=page.tables,
            label_tables=[f"labels-{split}" for split in splits],
            group_tables=[name for name in page.tables if name.startswith("by-")],
            figures=page.figures,
            matrices=[page.figures[f"confusion-{split}"].svg for split in evaluation.splits],
            gallery=page.gallery,
            gallery_words=page.gallery_words,
            saliency_words=page.saliency_words,
            run_facts=page.run_facts,
            method_words=words.method_words(evaluation),
        )
    )


def _contents(page: Page) -> list[tuple[str, str]]:
    found = [("answers", "Answers"), ("errors", "Errors")]
    if page.gallery.examples:
        found.append(("examples", "Examples"))
    found.append(("doubt", "Doubt"))
    if any(name.startswith("by-") for name in page.tables):
        found.append(("groups", "Sites and scanners"))
    if "readers" in page.tables:
        found.append(("readers", "Readers"))
    return [*found, ("how", "How these numbers were made")]
