"""How much a bundle's pixels and a header are believed, and below what nothing is answered.

    python -m mrsift.train.decide [--bundle BUNDLE] [--studies FOLDER] [--count 60] [--seed 11]

Fits two reliabilities and a threshold on simulated studies, prints what was tried, and writes
the bundle again with them. `docs/explanation/knowing.md` explains each step.
"""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import (
    CARD,
    MODEL,
    WEIGHTS,
    Bundle,
    OperatingPoint,
    default_bundle_path,
    read_weights,
    write_bundle,
)
from mrsift.config import IdentifySettings
from mrsift.infer.evidence import header_opinion
from mrsift.infer.fuse import decide_low_or_high, fuse, trusted_b_value
from mrsift.infer.runtime import Network
from mrsift.labels import LABEL_NAMES, UNKNOWN
from mrsift.train.header_trials import (
    Header,
    SeenStudy,
    look_at_studies,
    simulated_studies,
    with_header,
)
from mrsift.train.recipe import load_recipe
from mrsift.types import Float64Array, Opinion

RELIABILITIES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
THRESHOLDS = tuple(round(0.3 + 0.05 * step, 2) for step in range(13))

SWAPPED = 0.02
"""Weight of headers that belong to another series, beside those that the simulator writes."""

WRONG_COST = 2.0
"""A wrong answer costs as much as so many known volumes that are answered `UNKNOWN`."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One volume with one header.

    Attributes:
        pixels: None where they are like nothing seen in training.
        header: None where it is silent.
        b_s_per_mm2: A trusted b-value, or None.
        label: The right one.
    """

    pixels: Opinion | None
    header: Opinion | None
    b_s_per_mm2: float | None
    label: str

    def probabilities(self, settings: IdentifySettings) -> Float64Array:
        """Of the labels, in the order of `LABEL_NAMES`, as `infer` would make them."""
        fused = fuse(self.pixels, self.header, settings)
        if self.b_s_per_mm2 is not None:
            fused = decide_low_or_high(fused, self.b_s_per_mm2)
        return np.array([fused[name] for name in LABEL_NAMES])


def trials(
    studies: Sequence[SeenStudy], header: Header, settings: IdentifySettings, seed: int
) -> tuple[Trial, ...]:
    """Every volume with one kind of header.

    Args:
        studies: Looked at.
        header: What becomes of the headers.
        settings: Where the pixels are not listened to.
        seed: Of what is exchanged.
    """
    found = []
    for one in studies:
        for volume, label in zip(with_header(one, header, seed), one.labels, strict=True):
            heard = volume.in_distribution >= settings.min_in_distribution
            opinion = header_opinion(volume.info)
            b = trusted_b_value(volume.info) if opinion is not None else None
            found.append(Trial(volume.pixels if heard else None, opinion, b, label))
    return tuple(found)


def log_loss(tried: Sequence[Trial], settings: IdentifySettings) -> float:
    """Mean surprise at the right label."""
    place = {name: index for index, name in enumerate(LABEL_NAMES)}
    right = [trial.probabilities(settings)[place[trial.label]] for trial in tried]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def loss_of(
    written: Sequence[Trial], swapped: Sequence[Trial], settings: IdentifySettings
) -> float:
    """Log loss where both opinions speak, headers of other series counted as `SWAPPED`.

    Args:
        written: With headers as the simulator writes them, lies and silence among them.
        swapped: With headers of other series.
        settings: Reliabilities.
    """
    both, wrong = (
        [trial for trial in tried if trial.pixels and trial.header] for tried in (written, swapped)
    )
    return (1 - SWAPPED) * log_loss(both, settings) + SWAPPED * log_loss(wrong, settings)


def fit_reliabilities(
    written: Sequence[Trial], swapped: Sequence[Trial], settings: IdentifySettings
) -> IdentifySettings:
    """The pair under which the right labels are least surprising.

    Args:
        written: As in `loss_of`.
        swapped: As there.
        settings: Everything else.
    """
    pairs = (
        replace(settings, pixel_reliability=pixels, header_reliability=header)
        for pixels in RELIABILITIES
        for header in RELIABILITIES
    )
    return min(pairs, key=lambda one: loss_of(written, swapped, one))


@dataclass(frozen=True, slots=True)
class Kept:
    """What a threshold does.

    Attributes:
        threshold: Below it the answer is `UNKNOWN`.
        coverage: Share of known volumes that get a label.
        risk: Share of labels given that are wrong.
        cost: Per volume, see `WRONG_COST`.
    """

    threshold: float
    coverage: float
    risk: float
    cost: float


def sweep(tried: Sequence[Trial], settings: IdentifySettings) -> tuple[Kept, ...]:
    """Risk and coverage of every threshold.

    Args:
        tried: Volumes, known and not.
        settings: Reliabilities.
    """
    probabilities = np.stack([trial.probabilities(settings) for trial in tried])
    best = probabilities.argmax(axis=1)
    names = np.array(LABEL_NAMES)[best]
    labels = np.array([trial.label for trial in tried])
    return tuple(
        _kept(threshold, np.where(probabilities.max(axis=1) >= threshold, names, UNKNOWN), labels)
        for threshold in THRESHOLDS
    )


def _kept(threshold: float, answers: NDArray[np.str_], labels: NDArray[np.str_]) -> Kept:
    answered, known = answers != UNKNOWN, labels != UNKNOWN
    wrong = answered & (answers != labels)
    abstained = known & ~answered
    return Kept(
        threshold,
        float((answered & known).sum() / known.sum()),
        float(wrong.sum() / max(int(answered.sum()), 1)),
        float((WRONG_COST * wrong.sum() + abstained.sum()) / len(labels)),
    )


def choose_threshold(swept: Sequence[Kept]) -> float:
    """The threshold of least cost; the lowest of several, as abstaining is an error too.

    Source:
        Chow 1970, On optimum recognition error and reject tradeoff.
    """
    return min(swept, key=lambda kept: (round(kept.cost, 6), kept.threshold)).threshold


def main(arguments: Sequence[str] | None = None) -> None:
    """Fits, prints, and writes the bundle again."""
    parser = argparse.ArgumentParser(prog="python -m mrsift.train.decide", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=default_bundle_path())
    parser.add_argument("--studies", type=Path, default=Path("runs/decide"))
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args(arguments)
    bundle = Bundle.load(given.bundle)
    studies = look_at_studies(
        *simulated_studies(given.studies, given.count, given.seed),
        Network(bundle),
        load_recipe("default").augmentation,
    )
    settings = IdentifySettings()
    written, stripped, swapped = (
        trials(studies, header, settings, given.seed)
        for header in ("as written", "stripped", "of another series")
    )
    fitted = fit_reliabilities(written, swapped, settings)
    pixels, header = fitted.pixel_reliability, fitted.header_reliability
    before, after = (loss_of(written, swapped, one) for one in (settings, fitted))
    print(f"{len(written)} volumes of {len(studies)} studies, augmented as in training")
    print(f"log loss {before:.4f} by hand; {after:.4f} with pixels {pixels}, header {header}")
    swept = sweep([*written, *stripped], fitted)
    threshold = choose_threshold(swept)
    print("| below | coverage | wrong of the answered | cost |\n|---|---|---|---|")
    for kept in swept:
        chosen = " (chosen)" if kept.threshold == threshold else ""
        numbers = " | ".join(f"{n:.3f}" for n in (kept.coverage, kept.risk, kept.cost))
        print(f"| {kept.threshold}{chosen} | {numbers} |")
    command = ["python", "-m", "mrsift.train.decide", "--count", given.count, "--seed", given.seed]
    point = OperatingPoint(threshold, pixels, header, shlex.join(map(str, command)))
    write_operating_point(given.bundle, point)


def write_operating_point(path: Path, point: OperatingPoint) -> None:
    """The same bundle with another operating point, written beside its place and renamed.

    Args:
        path: Of the bundle.
        point: Fitted to its network.

    Raises:
        BundleError: The bundle is damaged.
        OutputError: It cannot be written; what was there stays.
    """
    bundle = Bundle.load(path)
    contents = {MODEL: bundle.onnx, CARD: bundle.card.encode()}
    if WEIGHTS in bundle.manifest.files:
        contents[WEIGHTS] = read_weights(path)[1]
    write_bundle(path, replace(bundle.manifest, operating_point=point), contents)


if __name__ == "__main__":
    main()
