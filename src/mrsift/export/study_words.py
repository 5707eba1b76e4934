"""A study run in sentences: the one to take home first."""

import math

from mrsift.evaluate.chance import Band
from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.study import StudyEvaluation
from mrsift.export.evaluation import looks_words
from mrsift.export.evaluation_ledger import Looks
from mrsift.export.evaluation_run import Run
from mrsift.export.evaluation_words import interval_words, split_words, three

HOW = {
    "frozen": "the head refitted on the features of the run",
    "retrained": "every network trained anew",
}


MOST_WARNINGS = 5


def two(value: float) -> str:
    """Two decimals, as a sentence has them; a dash where there is no number."""
    return "–" if math.isnan(value) else f"{value:.2f}"


def band_words(band: Band) -> str:
    """`0.453 to 0.547`."""
    return f"{three(band.low)} to {three(band.high)}"


def patients_words(count: int) -> str:
    """`1 patient`, `582 patients`."""
    return "1 patient" if count == 1 else f"{count} patients"


def study_result(found: StudyEvaluation) -> str:
    """The sentence a reader should take home."""
    n = f"n = {found.patients}"
    match found.verdict:
        case "one label":
            return (
                f"Nothing can be said of signal: all {patients_words(found.patients)} have the"
                f" label {found.majority}."
            )
        case "too few":
            return (
                f"Nothing can be said of signal: {n} is too few ({_area(found)}; {_chance(found)})."
            )
        case "seen":
            return (
                f"This is memory, not prediction: the {patients_words(found.patients)} were learnt"
                f" from ({_area(found)})."
            )
        case "signal":
            return f"Signal above chance was found in {n} ({_area(found)}; {_chance(found)})."
        case "below":
            return (
                f"No signal above chance was found in {n}: answers are worse than chance"
                f" ({_area(found)}; {_chance(found)})."
            )
    return f"No signal above chance was found in {n} ({_area(found)}; {_chance(found)})."


def study_second(found: StudyEvaluation) -> str:
    """Accuracy beside always saying the more frequent label, in one sentence."""
    accuracy, share = found.accuracy, found.majority_share
    said = (
        f"{accuracy.successes} of {accuracy.total} patients were named right: accuracy"
        f" {three(accuracy.value)} ({interval_words(accuracy)}). Always saying {found.majority}"
        f" gives {three(share.value)}"
    )
    if not math.isnan(found.gain.low) and found.gain.low > 0:
        return f"{said}, which is less."
    return f"{said}; that the model does better is not shown."


def permutation_words(found: StudyEvaluation) -> str:
    """What shuffled labels gave; empty where they were not shuffled."""
    null = found.permutation
    if null is None:
        return ""
    at_least = " (no smaller p is possible)" if null.p <= null.floor else ""
    return (
        f"Labels were shuffled over patients {len(null.areas)} times, {HOW[null.how]}: the AUC was"
        f" {two(null.band.low)} to {two(null.band.high)} in 95 of 100 shuffles. With the labels as"
        f" they are, the same procedure gives {two(null.observed)}: p = {null.p:.3f}{at_least};"
        f" the smallest p that so many shuffles can give is {null.floor:.3f}."
    )


def study_honesty(found: StudyEvaluation, run: Run, looks: Looks | None) -> tuple[str, ...]:
    """What was tuned on what, and how often the test patients were scored."""
    tuned = run.facts.get("tuned_on")
    if found.external:
        said = ["Another cohort: no network learnt from these patients. All networks answer each."]
    elif tuned == "nothing":
        said = [
            "The weights are those of the last epoch, so no epoch was chosen. The temperature and"
            " the prediction sets come from inner patients, who are not tested by that network."
        ]
    elif tuned:
        said = [
            "The epoch, the temperature and the prediction sets were chosen on inner patients, who"
            " are not tested by that network."
        ]
    else:
        said = ["What the model was tuned on is not written beside these predictions."]
    return tuple(said) if looks is None else (*said, *looks_words(looks, found.whole.headline))


def run_warnings(run: Run) -> tuple[str, ...]:
    """What training warned of, the first few; the rest stands in `run.json`."""
    said = [str(one) for one in run.facts.get("warnings", ())]
    rest = len(said) - MOST_WARNINGS
    more = [f"{rest} more warnings of training stand in run.json."] if rest > 0 else []
    return (*(f"Training warned: {one}." for one in said[:MOST_WARNINGS]), *more)


def study_method_words(found: StudyEvaluation) -> tuple[str, ...]:
    """How the numbers were made, for the end of the page."""
    whole = found.whole
    return (
        "Only patients are counted: one row per patient, out of fold where there are folds, repeats"
        f" averaged first. This page is about {split_words(whole.headline)}.",
        "AUC: DeLong's interval (DeLong et al. 1988); beside it the interval of patients drawn with"
        f" replacement within each label, {whole.draws} draws, seed {whole.seed}. The mean of the"
        " AUCs of the folds compares patients only with those whom the same network answered; the"
        " AUC over all patients also compares answers of different networks.",
        "The band of chance is that of Hanley and McNeil (1982) for this many patients of each"
        " label; in curves it is the middle 95 % of the same answers under shuffled labels.",
        "Signal is said to be found where the interval of the AUC lies above 0.5, the AUC above the"
        " band of chance, and, where labels were permuted, above what permuted labels give, with"
        " p at most 0.05.",
        "Every table, figure and sentence on this page is computed from the run's folder alone.",
    )


def _area(found: StudyEvaluation) -> str:
    return f"AUC {two(found.area.value)}, {_interval(found.area)}"


def _interval(area: Estimate) -> str:
    if math.isnan(area.low):
        return "no interval"
    return f"95 % {two(area.low)} to {two(area.high)}"


def _chance(found: StudyEvaluation) -> str:
    if found.permutation is not None:
        band, name = found.permutation.band, "permuted labels"
    elif found.chance is not None:
        band, name = found.chance, "chance alone"
    else:
        return "no chance band"
    return f"{name} {two(band.low)} to {two(band.high)}"
