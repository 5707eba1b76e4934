"""Numbers of an evaluation in words: estimates, the main result, names of measures."""

import math

from mrsift.evaluate.intervals import Estimate
from mrsift.evaluate.summary import Evaluation

MEASURES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "kappa": "Kappa",
    "macro_f1": "Macro F1",
    "coverage": "Coverage",
}
"""Name in the code -> name for people."""

COLUMNS = {
    "site": "Site",
    "vendor": "Vendor",
    "model": "Scanner model",
    "field_strength_t": "Field strength",
    "plane": "Plane",
    "fold": "Fold",
}


def three(value: float) -> str:
    """Three decimals that never round up to 1 or down to 0; a dash where there is no number."""
    if math.isnan(value):
        return "–"
    if 0.9995 <= value < 1:
        return "0.999"
    if 0 < value < 0.0005:
        return "<0.001"
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float) -> str:
    """A share in percent with two significant digits, e.g. `2.9 %`."""
    return f"{100 * value:.2g} %"


def interval_words(estimate: Estimate) -> str:
    """The interval alone, empty where there is no number."""
    if math.isnan(estimate.value):
        return ""
    if estimate.method == "none":
        return "no interval"
    if estimate.method == "bound" and estimate.value >= 1:
        return f"≥ {three(estimate.low)}"
    if estimate.method == "bound" and estimate.value <= 0:
        return f"≤ {three(estimate.high)}"
    return f"{three(estimate.low)} to {three(estimate.high)}"


def count_words(estimate: Estimate) -> str:
    """`104/105`, or the volumes behind a measure that is no plain share."""
    if estimate.successes is None:
        return f"n = {estimate.total}"
    return f"{estimate.successes}/{estimate.total}"


def estimate_words(estimate: Estimate) -> str:
    """Number and interval on one line."""
    interval = interval_words(estimate)
    return f"{three(estimate.value)} ({interval})" if interval else three(estimate.value)


def split_words(name: str) -> str:
    """`the test split`, or what rows without a split are called."""
    return "all volumes" if name == "all" else f"the {name} split"


def volumes_words(volumes: int, patients: int) -> str:
    """`556 volumes of 108 patients`."""
    of = "patient" if patients == 1 else "patients"
    return f"{volumes} volume{'' if volumes == 1 else 's'} of {patients} {of}"


def main_result(evaluation: Evaluation) -> str:
    """The sentence a reader should take home."""
    main = evaluation.main
    accuracy = main.overall["accuracy"]
    volumes = volumes_words(main.volumes, main.patients)
    where = split_words(evaluation.headline)
    if accuracy.successes == accuracy.total:
        return (
            f"On {where} all {volumes} were named right; the true error rate may still be up to"
            f" {percent(1 - accuracy.low)} (95 % bound)."
        )
    interval = interval_words(accuracy)
    said = interval if accuracy.method == "none" else f"95 % interval {interval}"
    return (
        f"On {where} {accuracy.successes} of {volumes} were named right: accuracy"
        f" {three(accuracy.value)}, {said}."
    )


def weakest_label(evaluation: Evaluation) -> str:
    """Balanced accuracy, and the label that is missed most; empty where nothing is missed."""
    found = {
        name: estimates["sensitivity"]
        for name, estimates in evaluation.main.labels.items()
        if not math.isnan(estimates["sensitivity"].value)
    }
    worst = min(found, key=lambda name: found[name].value)
    if found[worst].value >= 1:
        return ""
    balanced = evaluation.main.overall["balanced_accuracy"]
    return (
        f"Averaged over labels, {estimate_words(balanced)}. Missed most: {worst}, sensitivity"
        f" {estimate_words(found[worst])}, {found[worst].successes} of {found[worst].total}."
    )


def method_words(evaluation: Evaluation) -> tuple[str, ...]:
    """How the intervals were made, for the end of a page."""
    return (
        f"Intervals are of 95 %. Volumes of one patient are alike, so patients are drawn, not"
        f" volumes: {evaluation.draws} draws with replacement, seed {evaluation.seed}, percentiles"
        " 2.5 and 97.5. A share of volumes with one volume per patient has Wilson's interval; with"
        " more, the interval is at least Wilson's for the effective number of volumes.",
        "Where nothing (or everything) went wrong, ≥ and ≤ mark a one-sided bound: the largest"
        " rate that leaves a 5 % chance to see nothing in so many patients, about 3 in n. It"
        " counts patients, because whether errors come one by one or patient by patient was not"
        " seen. No interval comes closer to 1 than the bound without errors.",
        "Every table, figure and sentence on this page is computed from one predictions table.",
    )
