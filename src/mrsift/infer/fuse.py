"""Two opinions -> one answer.

Both opinions are probabilities. Each is first mixed with "could be anything" by its
reliability, so that none can outvote everything else; then their logarithms are added.
What is done where they disagree is in `docs/decisions/conflicts.md`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mrsift.config import IdentifySettings
from mrsift.infer.conflict import find_conflict
from mrsift.infer.evidence import softmax
from mrsift.infer.witness_kind import WEIGHTED_KINDS
from mrsift.labels import B_HIGH_S_PER_MM2, LABEL_NAMES, UNKNOWN, Profile
from mrsift.types import Opinion, PhysicsEvidence, VolumeInfo

Probabilities = Mapping[str, float]

DIFFUSION = ("DWI_LOW", "DWI_HIGH")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered for one volume.

    Attributes:
        label: After the profile's known labels and the `UNKNOWN` rule.
        probabilities: After fusion and profile; all labels of the run, sum 1.
        conflict_reason: Both opinions in words, where they disagree strongly.
    """

    label: str
    probabilities: Probabilities
    conflict_reason: str | None

    @property
    def probability(self) -> float:
        """Probability of `label`."""
        return self.probabilities[self.label]


def fuse(
    pixels: Opinion | None,
    header: Opinion | None,
    settings: IdentifySettings,
    labels: Sequence[str] = LABEL_NAMES,
    *,
    physics: PhysicsEvidence | None = None,
) -> Probabilities:
    """Adds the log-probabilities of the opinions that are there, and the log-odds of physics.

    Args:
        pixels: Calibrated opinion of the network.
        header: Opinion of the header witnesses.
        settings: Reliabilities.
        labels: That both speak of.
        physics: What other volumes of the study say of this one; None for nothing.

    Returns:
        All labels, sum 1; uniform where nobody speaks; a single opinion unchanged, unless
        physics speaks too, which no opinion may outvote by being alone.
    """
    uniform = 1.0 / len(labels)
    opinions = [
        (opinion, reliability)
        for opinion, reliability in (
            (pixels, settings.pixel_reliability),
            (header, settings.header_reliability),
        )
        if opinion is not None
    ]
    if len(opinions) == 1 and not (physics and physics.log_odds):
        return dict(opinions[0][0].probabilities)
    total = {
        label: math.fsum(
            math.log(reliability * opinion.probabilities[label] + (1 - reliability) * uniform)
            for opinion, reliability in opinions
        )
        for label in labels
    }
    return add_physics(softmax(total, labels), physics)


def believed_header(
    header: Opinion | None, settings: IdentifySettings, *, stranger: bool
) -> Opinion | None:
    """The header's opinion, unless the image is a stranger and the header is not sure.

    Sequence parameters that fit T1W best fit many images that are none of the labels; that
    the pixels are like nothing seen in training says that this may be one of those.

    Args:
        header: Opinion of the header witnesses.
        settings: What counts as sure, `conflict_probability`.
        stranger: The pixels are not listened to.
    """
    if header is None or not stranger or header.probability >= settings.conflict_probability:
        return header
    return None


def add_physics(probabilities: Probabilities, physics: PhysicsEvidence | None) -> Probabilities:
    """Adds the log-odds of physics to probabilities.

    Args:
        probabilities: Label -> probability, from pixels and header.
        physics: What it says; None for nothing.

    Returns:
        Same labels, same sum. Evidence `within` some labels leaves all others as they are.
    """
    if physics is None or not physics.log_odds:
        return probabilities
    labels = [name for name in physics.within or probabilities if name in probabilities]
    weights = {
        name: probabilities[name] * math.exp(physics.log_odds.get(name, 0.0)) for name in labels
    }
    before = math.fsum(probabilities[name] for name in labels)
    total = math.fsum(weights.values())
    if total <= 0:
        return probabilities
    return {**probabilities, **{name: before * weights[name] / total for name in labels}}


def trusted_b_value(info: VolumeInfo) -> float | None:
    """The b-value, where it is the image's own and was not read out of a description.

    Args:
        info: Volume whose header is read.

    Returns:
        b in s/mm2, or None.
    """
    if info.b_value is None or info.derived_kind not in WEIGHTED_KINDS:
        return None
    if "description" in info.b_value.source.lower() or "protocol" in info.b_value.source.lower():
        return None
    return info.b_value.s_per_mm2


def decide_low_or_high(probabilities: Probabilities, b_s_per_mm2: float) -> Probabilities:
    """Moves all diffusion probability to the side where the b-value is.

    Args:
        probabilities: Label -> probability, with `UNKNOWN`.
        b_s_per_mm2: A trusted b-value.

    Returns:
        The same labels, same sum. Where the bundle has no label for that side, it is `UNKNOWN`.
    """
    low, high = DIFFUSION
    winner = high if b_s_per_mm2 >= B_HIGH_S_PER_MM2 else low
    moved = {label: 0.0 if label in DIFFUSION else p for label, p in probabilities.items()}
    both = probabilities.get(low, 0.0) + probabilities.get(high, 0.0)
    moved[winner if winner in moved else UNKNOWN] += both
    return moved


def apply_profile(probabilities: Probabilities, profile: Profile) -> Probabilities:
    """Moves the probability of labels that do not count as known.

    Args:
        probabilities: Label -> probability, with `UNKNOWN`.
        profile: Known labels, and labels answered as another.

    Returns:
        The same labels, same sum; everything unknown to the profile is in `UNKNOWN`.
    """
    same_as = dict(profile.same_as)
    mapped = dict.fromkeys(probabilities, 0.0)
    for label, probability in probabilities.items():
        target = same_as.get(label, label)
        mapped[target if target in profile.known else UNKNOWN] += probability
    return mapped


def _seen(opinion: Opinion, profile: Profile, b_s_per_mm2: float | None) -> Opinion:
    """An opinion in the words of the answer: b decides low or high, then the profile."""
    probabilities = opinion.probabilities
    if b_s_per_mm2 is not None:
        probabilities = decide_low_or_high(probabilities, b_s_per_mm2)
    return Opinion(apply_profile(probabilities, profile))


def find_overruled(
    physics: PhysicsEvidence, unaided: Answer, answered: Answer, threshold: float
) -> str | None:
    """What the header says otherwise, or what was answered before physics spoke.

    Args:
        physics: The evidence.
        unaided: The answer without it.
        answered: The answer with it.
        threshold: The answer without it must be at least so probable.

    Returns:
        One line, or None where nothing was overruled.
    """
    if physics.conflict is not None:
        return physics.conflict
    if unaided.label == answered.label or unaided.probability < threshold:
        return None
    return f"{unaided.label} ({unaided.probability:.2f}) without physics, but: {physics.found}"


def answer(
    info: VolumeInfo,
    pixels: Opinion | None,
    header: Opinion | None,
    profile: Profile,
    settings: IdentifySettings,
    labels: Sequence[str] = LABEL_NAMES,
) -> Answer:
    """The answer for one volume.

    Args:
        info: Its b-value decides low against high where the header is used.
        pixels: None where they are not used, or like nothing seen in training.
        header: None where it is not used, or silent.
        profile: Known labels.
        settings: Thresholds and reliabilities.
        labels: Of the run, `UNKNOWN` among them.

    Returns:
        `UNKNOWN` where nothing is probable enough.
    """
    b_s_per_mm2 = trusted_b_value(info) if header is not None else None
    fused = fuse(pixels, header, settings, labels)
    return conclude(fused, b_s_per_mm2, (pixels, header), profile, settings)


def conclude(
    fused: Probabilities,
    b_s_per_mm2: float | None,
    opinions: tuple[Opinion | None, Opinion | None],
    profile: Profile,
    settings: IdentifySettings,
) -> Answer:
    """From probabilities to the answer: b decides low or high, then profile and threshold.

    Args:
        fused: From all evidence.
        b_s_per_mm2: The b-value that is believed, or None.
        opinions: Of pixels and header, to see whether they disagree.
        profile: Known labels.
        settings: Thresholds.

    Returns:
        `UNKNOWN` where nothing is probable enough.
    """
    if b_s_per_mm2 is not None:
        fused = decide_low_or_high(fused, b_s_per_mm2)
    probabilities = apply_profile(fused, profile)
    best = Opinion(probabilities).label
    label = best if probabilities[best] >= settings.min_probability else UNKNOWN
    pixels, header = opinions
    conflict = find_conflict(
        pixels and _seen(pixels, profile, b_s_per_mm2),
        header and _seen(header, profile, b_s_per_mm2),
        settings.conflict_probability,
    )
    return Answer(label, probabilities, conflict)
