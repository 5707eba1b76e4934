"""How much a bundle's pixels and a header are believed, and below what nothing is answered.

    python -m mrsift.train.decide [--bundle BUNDLE] [--studies FOLDER] [--count 40] [--seed 11]

Fits two reliabilities and a threshold on simulated studies, prints what was tried, and writes
the bundle again with them. `docs/explanation/knowing.md` explains each step.
"""

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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
from mrsift.infer.fuse import trusted_b_value
from mrsift.infer.runtime import Network
from mrsift.train.header_trials import (
    Header,
    SeenStudy,
    look_at_studies,
    simulated_studies,
    with_header,
)
from mrsift.train.operating_point import (
    Trial,
    choose_threshold,
    fit_reliabilities,
    losses_of,
    sweep,
)
from mrsift.train.recipe import load_recipe


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
    for number, one in enumerate(studies):
        for volume, label in zip(with_header(one, header, seed), one.labels, strict=True):
            heard = volume.in_distribution >= settings.min_in_distribution
            opinion = header_opinion(volume.info)
            b = trusted_b_value(volume.info) if opinion is not None else None
            found.append(Trial(volume.pixels if heard else None, opinion, b, label, number))
    return tuple(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fits, prints, and writes the bundle again."""
    parser = argparse.ArgumentParser(prog="python -m mrsift.train.decide", description=__doc__)
    parser.add_argument("--bundle", type=Path, default=default_bundle_path())
    parser.add_argument("--studies", type=Path, default=Path("runs/decide"))
    parser.add_argument("--count", type=int, default=40)
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
    before, after = (
        losses_of(written, swapped, one).sum() / len(written) for one in (settings, fitted)
    )
    print(f"{len(written)} volumes of {len(studies)} studies, augmented as in training")
    print(f"log loss a volume: {before:.4f} with the reliabilities held before, {after:.4f}")
    print(f"with {pixels} for the pixels and {header} for the header")
    unsure = [one for one in written if one.header and not one.pixels and not one.believed(fitted)]
    wrong = sum(one.header is not None and one.header.label != one.label for one in unsure)
    print(f"headers not believed beside pixels like nothing seen: {len(unsure)}, wrong: {wrong}")
    swept = sweep([*written, *stripped], fitted)
    threshold = choose_threshold(swept, settings.min_probability)
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
