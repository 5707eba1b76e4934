"""A case as charts: votes and attention along the stack, and what each sequence changes."""

from typing import TYPE_CHECKING

import numpy as np

from mrsift.classify.case import Case
from mrsift.classify.sequences import titles_of
from mrsift.evaluate.figures import BLUE, INK, ORANGE, SOFT, blank_figure, literal, quiet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH = 8.0


def stack_figure(case: Case) -> "Figure":
    """What the networks say slice by slice, and which slices count.

    With a network that sees the volume: the mean vote of each slice's places, and the saliency.
    """
    places = np.array(case.places) + 1
    figure = blank_figure(_WIDTH, 3.6)
    top, low = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (2.4, 1)})
    lines = case.votes.mean.mean(axis=(1, 2))[None] if case.slices is None else case.slices
    top.axhline(0.5, color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    if len(lines) > 1:
        band = (lines.min(axis=0), lines.max(axis=0))
        top.fill_between(places, *band, step="mid", color=BLUE, alpha=0.22, linewidth=0)
    top.step(places, lines.mean(axis=0), where="mid", color=BLUE, linewidth=1.6)
    top.set_ylim(-0.02, 1.02)
    top.set_ylabel(literal(f"says {case.labels[-1]}"))
    attention = case.votes.attention
    if attention is not None:
        heights, name = attention.mean(axis=0), "attention"
        if len(case.slices if case.slices is not None else ()) > 1:  # networks, not passes
            low.errorbar(
                places, heights, attention.std(axis=0), fmt="none", ecolor=SOFT, elinewidth=1
            )
    else:
        heights, name = case.saliency.values.mean(axis=(1, 2)), "saliency"
    low.bar(places, heights, width=0.9 if len(places) < 80 else 1.0, color=ORANGE)
    low.set_ylabel(name)
    low.set_xlabel(
        "slice, from the feet to the head" if case.study.orientation == "axial" else "slice"
    )
    low.xaxis.get_major_locator().set_params(integer=True)
    low.set_xlim(places.min() - 0.6, places.max() + 0.6)
    for axis in (top, low):
        quiet(axis)
    return figure


def without_figure(case: Case) -> "Figure":
    """How the value changes when a sequence is taken away."""
    titles = titles_of([role for role, _ in case.without])
    changes = [change for _, change in case.without]
    figure = blank_figure(_WIDTH, 0.8 + 0.36 * len(titles))
    axis = figure.subplots()
    axis.axvline(0, color=SOFT, linewidth=1)
    axis.barh(range(len(titles)), changes, height=0.6, color=BLUE)
    axis.set_yticks(range(len(titles)), [literal(title) for title in titles], color=INK)
    axis.invert_yaxis()
    reach = max(0.05, 1.15 * max(abs(change) for change in changes))
    axis.set_xlim(-reach, reach)
    axis.set_xlabel("change of the value when the sequence is zeros")
    quiet(axis)
    axis.tick_params(axis="y", length=0)
    return figure
