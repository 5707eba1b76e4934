"""A case -> one self-contained page."""

from typing import TYPE_CHECKING

from mrsift import __version__
from mrsift.classify import case as words
from mrsift.classify.case import Case
from mrsift.classify.case_figures import stack_figure, without_figure
from mrsift.classify.case_pictures import AGAINST, DOUBT, FOR, SALIENCY, Colour, picture_case
from mrsift.classify.sequences import titles_of
from mrsift.export.evaluation_figures import inline_svg, svg_text
from mrsift.export.evaluation_html import page_environment

if TYPE_CHECKING:
    from markupsafe import Markup


def case_html(case: Case, run_name: str) -> str:
    """The page, without scripts and without links to elsewhere.

    Args:
        case: Of `explain_patient`.
        run_name: Name of the run, for the title.
    """
    pictures = picture_case(case)
    shape = case.saliency.values.shape
    return (
        page_environment()
        .get_template("case.html.j2")
        .render(
            version=__version__,
            case=case,
            run_name=run_name,
            lead=words.lead_words(case),
            second=words.probability_words(case),
            caveats=_caveats(case),
            numbers=_numbers(case),
            pictures=pictures,
            seen=", ".join(titles_of(case.seen)),
            unseen=", ".join(titles_of([role for role in case.roles if role not in case.seen])),
            stack=_svg(case, "stack"),
            stack_words=_stack_words(case),
            without=_svg(case, "without") if case.without else None,
            resolution=words.resolution_words(case.saliency.resolution, shape),
            check=words.check_words(case),
            passed=case.check.passed,
            colours={name: _hex(value) for name, value in _COLOURS.items()},
        )
    )


_COLOURS = {"saliency": SALIENCY, "for": FOR, "against": AGAINST, "doubt": DOUBT}


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _caveats(case: Case) -> list[str]:
    said = [
        words.ranking_words(case),
        words.asked_words(case),
        words.value_words(case),
        words.spread_words(case),
    ]
    return said + list(case.remarks)


def _numbers(case: Case) -> list[tuple[str, str, str]]:
    """(name, value, what it is) of the numbers at the top."""
    spread = "–" if len(case.draws) < 2 else f"{case.draws.std(ddof=1):.3f}"
    what = {"vote_share": "share of slices voted"}.get(case.study.aggregate, "before calibration")
    truth = [] if case.truth is None else [("Label in the cohort", case.truth, case.question)]
    return [
        (f"Value of {case.labels[-1]}", f"{case.value:.3f}", what),
        (
            f"Probability of {case.labels[-1]}",
            f"{float(case.merged.probabilities[-1]):.3f}",
            "calibrated" if case.calibrated else "not calibrated: too few patients",
        ),
        (
            "Spread of the value",
            spread,
            f"deviation of {len(case.draws)} answers" if len(case.draws) > 1 else "one answer",
        ),
        ("Not ruled out", ", ".join(case.members), "prediction set"),
        *truth,
    ]


def _svg(case: Case, name: str) -> "Markup":
    if name == "stack":
        return inline_svg(svg_text(stack_figure(case)), "What is said of each slice", "stack")
    return inline_svg(svg_text(without_figure(case)), "What each sequence changes", "without")


def _stack_words(case: Case) -> str:
    if case.slices is None:
        top = "The mean over each slice of the votes of its places; the network sees the volume"
    else:
        top = f"Probability of {case.labels[-1]} that the network gives each slice alone"
    band = (
        f"; the band spans the {len(case.slices)} networks"
        if case.slices is not None and len(case.slices) > 1
        else ""
    )
    low = (
        "the weight of each slice in the bag, mean and deviation over the networks"
        if case.votes.attention is not None
        else "how much of the Grad-CAM map lies in each slice"
    )
    votes = (
        f", and a slice above the dashed line votes {case.labels[-1]}"
        if case.study.aggregate == "vote_share" and len(case.labels) == 2
        else ""
    )
    return f"Above: {top[0].lower()}{top[1:]}{band}{votes}. Below: {low}."
