"""Header -> opinion: every witness is asked, and their log-odds are added.

The witnesses are in `witness_kind` (what the image is), `witness_physics` (TE, TR, TI),
`witness_scan` (fat suppression, contrast agent, sequence) and `witness_text`. The table
of all of them is `docs/reference/header-evidence.md`; a test compares it with `RULES`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from mrsift.infer import witness_kind, witness_physics, witness_scan, witness_text
from mrsift.infer.witness import DECISIVE, FAIR, STRONG, Finding, Rule
from mrsift.labels import LABEL_NAMES
from mrsift.types import Opinion, VolumeInfo, Witness

DESCRIPTION = "description"

RULES: tuple[Rule, ...] = (
    Rule("b-value", witness_kind.b_value, DECISIVE),
    Rule("derived map", witness_kind.derived_map, DECISIVE),
    Rule("quantity code", witness_kind.quantity, DECISIVE),
    Rule("image component", witness_kind.image_component, DECISIVE),
    Rule("diffusion image", witness_kind.diffusion_image, STRONG + 1.5),
    Rule("diffusion directionality", witness_kind.diffusion_directionality, STRONG),
    Rule("inversion time", witness_physics.inversion, STRONG),
    Rule("spin-echo times", witness_physics.spin_echo_times, STRONG + 1.5),
    Rule("gradient-echo times", witness_physics.gradient_echo_times, STRONG),
    Rule("echo-planar readout", witness_physics.echo_planar, STRONG),
    Rule("acquisition contrast", witness_scan.acquisition_contrast, STRONG),
    Rule("fat saturation", witness_scan.fat_saturation, FAIR),
    Rule("spectral suppression", witness_scan.spectral_suppression, STRONG),
    Rule("sequence name", witness_scan.sequence_name, FAIR),
    Rule("contrast agent", witness_scan.contrast_agent, FAIR),
    Rule("dynamic phase", witness_scan.dynamic_phase, FAIR),
    Rule(DESCRIPTION, witness_text.description, FAIR),
)
"""Every witness, most trusted first."""

LOG_PRIOR: Mapping[str, float] = {"T2W_FS": -0.7, "T1W_CE": -0.7}
"""Silence about fat suppression or contrast agent leans to their absence."""


def findings(info: VolumeInfo) -> list[tuple[Rule, Finding]]:
    """What every witness that speaks found, each held to its cap.

    Args:
        info: Volume whose header is read.

    Returns:
        Rule and finding, in the order of `RULES`.
    """
    heard = ((rule, rule.look(info)) for rule in RULES)
    return [(rule, _held(rule, finding)) for rule, finding in heard if finding is not None]


def _held(rule: Rule, finding: Finding) -> Finding:
    """The finding with no log-odds beyond the rule's cap."""
    held = {
        label: max(-rule.cap, min(rule.cap, value)) for label, value in finding.log_odds.items()
    }
    return Finding(finding.found, held)


def softmax(log_odds: Mapping[str, float], labels: Sequence[str] = LABEL_NAMES) -> dict[str, float]:
    """Log-odds to probabilities.

    Args:
        log_odds: Label -> log-odds; a label that is absent has 0.
        labels: Those that share the probability.

    Returns:
        Label -> probability, in the order of `labels`, sum 1.
    """
    highest = max(log_odds.get(label, 0.0) for label in labels)
    weights = [math.exp(log_odds.get(label, 0.0) - highest) for label in labels]
    total = math.fsum(weights)
    return {label: weight / total for label, weight in zip(labels, weights, strict=True)}


def combine(heard: Iterable[tuple[Rule, Finding]]) -> Opinion | None:
    """Naive Bayes: the prior and the witnesses' log-odds, added.

    Args:
        heard: Rules that spoke, with what they found.

    Returns:
        The header's opinion, or None where none speaks for any label.
    """
    total = dict(LOG_PRIOR)
    witnesses = []
    for rule, finding in heard:
        for label, value in finding.log_odds.items():
            total[label] = total.get(label, 0.0) + value
        favours = tuple(label for label in LABEL_NAMES if finding.log_odds.get(label, 0.0) > 0)
        witnesses.append(Witness(rule.name, finding.found, favours))
    if not any(witness.favours for witness in witnesses):
        return None
    return Opinion(softmax(total), tuple(witnesses))


def header_opinion(info: VolumeInfo) -> Opinion | None:
    """What the header says alone.

    Args:
        info: Volume whose header is read.

    Returns:
        Probabilities with the witnesses behind them, or None where the header is silent.
    """
    return combine(findings(info))


def description_claim(info: VolumeInfo) -> Witness | None:
    """What the description alone claims, to notice that it lies.

    Args:
        info: Volume whose header is read.

    Returns:
        The text and the labels it would agree with, or None where it claims none.
    """
    finding = witness_text.description(info)
    if finding is None:
        return None
    favours = tuple(label for label in LABEL_NAMES if finding.log_odds.get(label, 0.0) > 0)
    return Witness(DESCRIPTION, finding.found, favours)
