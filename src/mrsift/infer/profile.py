"""Which labels count as known in a study: by name, from a file, or found out.

`auto` looks at the body region: the network's region head over all volumes, and the
words of the headers; where both are silent, at FLAIR among the volumes. Where nothing is
known, or pixels and header contradict each other, every label counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mrsift.bundle import REGIONS
from mrsift.errors import ConfigError
from mrsift.infer.profile_file import did_you_mean, read_profile
from mrsift.infer.witness_text import split_words, words
from mrsift.labels import LABEL_NAMES, PROFILES, UNKNOWN, Profile
from mrsift.types import Float64Array, Opinion, VolumeInfo

AUTO = "auto"

PROFILE_OF_REGION: Mapping[str, str] = {"pelvis": "prostate", "head": "brain"}

MIN_REGION_PROBABILITY = 0.8
"""Below it, averaged over the study's volumes, the pixels name no region."""

REGION_WORDS: Mapping[str, frozenset[str]] = {
    "pelvis": split_words(
        "prostate prostata pelvis pelvic becken pelvi bekken bassin pelvico pelvica",
        "前列腺 盆腔 骨盤 前立腺",
    ),
    "head": split_words(
        "brain head skull kopf hirn schaedel schädel cerebral crane cerveau encephale craneo",
        "cerebro encefalo cranio neuro hersenen cranial kranial cerebrum 头颅 颅脑 頭部 脳",
    ),
    "another part of the body": split_words(
        "knee knie hip shoulder schulter spine cspine lspine tspine abdomen liver leber heart",
        "cardiac breast mamma ankle wrist hand foot elbow neck chest thorax kidney leg extremity",
    ),
}
"""Region -> words of BodyPartExamined, descriptions and protocol names, lower case."""


@dataclass(frozen=True, slots=True)
class RegionVote:
    """What one volume says about the body region.

    Attributes:
        info: Its header.
        region: Shape (2,), probabilities in the order of `bundle.REGIONS`; None where
            the pixels are not used or like nothing seen in training.
        answer: Which label it has, before any profile.
    """

    info: VolumeInfo
    region: Float64Array | None
    answer: Opinion


def named_profile(name: str, labels: Sequence[str] = LABEL_NAMES) -> Profile | None:
    """The profile that the user asked for.

    Args:
        name: `auto`, a name in `PROFILES`, or the path of a TOML file.
        labels: That the model answers with.

    Returns:
        None for `auto`. Of a profile with a name, what the model has of it.

    Raises:
        ConfigError: No such profile, it holds nothing that the model has, or the file is not
            a valid one.
    """
    if name == AUTO:
        return None
    if name in PROFILES:
        known = tuple(label for label in PROFILES[name].known if label in labels)
        if not known:
            raise ConfigError(
                f"profile {name!r} holds none of the model's labels ({', '.join(labels)}); leave "
                f"--profile at {AUTO}, or write your own as a .toml file"
            )
        return replace(PROFILES[name], known=known)
    if name.lower().endswith(".toml"):
        return read_profile(Path(name), labels)
    raise ConfigError(f"profile {name!r} is not known{did_you_mean(name, [AUTO, *PROFILES])}")


def own_profile(name: str, labels: Sequence[str]) -> Profile:
    """The profile of a model with other labels than the nine: every one of them counts.

    Args:
        name: Of the model.
        labels: That it answers with.
    """
    return Profile(name, tuple(label for label in labels if label != UNKNOWN))


def choose_profile(votes: Sequence[RegionVote], *, use_header: bool) -> tuple[Profile, str]:
    """The profile that fits a study.

    Args:
        votes: One per volume.
        use_header: False where nothing of the header may be used.

    Returns:
        The profile, and why, in one line.
    """
    pixels = _region_of_pixels(vote.region for vote in votes)
    header = _region_of_words(vote.info for vote in votes) if use_header else None
    said = [
        *([f"pixels look like the {pixels[0]} ({pixels[1]:.2f})"] if pixels else []),
        *([f"the header says {header[1]!r}"] if header else []),
    ]
    regions = {opinion[0] for opinion in (pixels, header) if opinion}
    if len(regions) == 1:
        profile = PROFILE_OF_REGION.get(regions.pop(), "all")
        return PROFILES[profile], " and ".join(said)
    if regions:
        return PROFILES["all"], f"{' but '.join(said)}, so every label counts"
    if any(vote.answer.label == "FLAIR" and vote.answer.probability >= 0.9 for vote in votes):
        return PROFILES["brain"], "FLAIR is among the volumes"  # hardly ever made elsewhere
    sources = "neither pixels nor header name" if use_header else "the pixels do not name"
    return PROFILES["all"], f"{sources} a body region, so every label counts"


def _region_of_pixels(regions: Iterable[Float64Array | None]) -> tuple[str, float] | None:
    """The region that the volumes look like on average, where it is clear."""
    heard = [region for region in regions if region is not None]
    if not heard:
        return None
    mean = np.mean(heard, axis=0)
    best = int(np.argmax(mean))
    return (REGIONS[best], float(mean[best])) if mean[best] >= MIN_REGION_PROBABILITY else None


def _region_of_words(infos: Iterable[VolumeInfo]) -> tuple[str, str] | None:
    """The region that most headers name, with one word that names it."""
    counts: dict[str, int] = {}
    example: dict[str, str] = {}
    for info in infos:
        header = info.header
        texts = (header.body_part_examined, info.series_description, header.protocol_name)
        spoken = words(" ".join(text for text in texts if text))
        for region, known in REGION_WORDS.items():
            named = sorted(spoken & known)
            if named:
                counts[region] = counts.get(region, 0) + 1
                example.setdefault(region, named[0])
    if not counts:
        return None
    ordered = sorted(counts, key=lambda region: -counts[region])
    if len(ordered) > 1 and counts[ordered[0]] == counts[ordered[1]]:
        return None
    return ordered[0], example[ordered[0]]
