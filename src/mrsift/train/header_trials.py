"""Simulated studies with headers that are right, silent or wrong, and what each opinion says.

Headers are changed after reading, so that one set of studies serves for all of them.
"""

import csv
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from mrsift.config import AugmentationSettings
from mrsift.evaluate.calibration import softmax
from mrsift.evaluate.outliers import in_distribution
from mrsift.infer.decide import Seen
from mrsift.infer.runtime import Network
from mrsift.infer.sample import side_for, take
from mrsift.ingest import Scan, Study, scan
from mrsift.preprocess import prepare
from mrsift.simulate.data_set import write_data_set
from mrsift.simulate.recipe import load_recipe
from mrsift.train.augmentation import apply, draw
from mrsift.types import HeaderFacts, Opinion, Volume, VolumeInfo

Header = Literal["as written", "stripped", "lying description", "of another series"]
HEADERS: tuple[Header, ...] = get_args(Header)

RECIPE = "multi-site"
SIZES = ("size.pixels=[96,160]", "size.echo_planar_pixels=[80,128]", "size.slices=[14,24]")
"""Of the volumes; those of the recipe itself are smaller than the network's input."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenStudy:
    """One simulated study, looked at.

    Attributes:
        study: Its identity.
        volumes: What the network sees.
        labels: The right label of each.
    """

    study: Study
    volumes: tuple[Seen, ...]
    labels: tuple[str, ...]


def simulated_studies(
    folder: Path, count: int, seed: int, descriptions: Sequence[str] = ()
) -> tuple[Scan, Mapping[tuple[str, str], str]]:
    """Studies of the recipe `multi-site`, written where they are not there yet.

    Args:
        folder: Of these studies alone.
        count: How many.
        seed: Of the simulator.
        descriptions: Settings, e.g. `descriptions.lying=0`.

    Returns:
        The scan, and (series, b-value as text or empty) -> label.
    """
    recipe = load_recipe(RECIPE, [*SIZES, *descriptions])
    written = write_data_set(folder, recipe, count, seed)
    with written.labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return scan([folder]), {(r["series_instance_uid"], r["b_value"]): r["label"] for r in rows}


def look_at_studies(
    found: Scan,
    truth: Mapping[tuple[str, str], str],
    network: Network,
    varied: AugmentationSettings | None = None,
) -> tuple[SeenStudy, ...]:
    """What the network sees in every volume that has a label.

    Args:
        found: Of `simulated_studies`, as `truth`.
        truth: Right labels.
        network: Of the bundle.
        varied: Augment each volume once as training does; None for volumes as they are.
    """

    def look(info: VolumeInfo) -> Seen:
        return _look(found.read(info), network, varied)

    seen = []
    with ThreadPoolExecutor(1) as reader:
        for study in found.studies:
            labelled = [(info, _label(info, truth)) for info in study.volumes]
            known = [(info, label) for info, label in labelled if label is not None]
            volumes = tuple(reader.map(look, [info for info, _ in known]))
            seen.append(SeenStudy(study, volumes, tuple(label for _, label in known)))
    return tuple(seen)


def _label(info: VolumeInfo, truth: Mapping[tuple[str, str], str]) -> str | None:
    series = info.series_instance_uid or ""
    b_value = "" if info.b_value is None else f"{info.b_value.s_per_mm2:g}"
    return (
        truth.get((series, b_value))
        or truth.get((series, f"{b_value}.0"))
        or truth.get((series, ""))
    )


def _look(volume: Volume, network: Network, varied: AugmentationSettings | None) -> Seen:
    """One volume, from voxels to opinion."""
    manifest = network.bundle.manifest
    settings = manifest.preprocess
    if varied is None:
        ready = prepare(volume.voxels, volume.affine_lps_mm, settings)
    else:
        source = prepare(volume.voxels, volume.affine_lps_mm, settings.at_source())
        rng = np.random.default_rng(int(volume.info.volume_id, 16))
        drawn = draw(rng, varied, settings.input_shape[0])
        ready = apply(source, drawn, settings, rng)
    outputs = network.predict(ready[np.newaxis, np.newaxis])
    probabilities = softmax(outputs.logits, manifest.temperature)[0].tolist()
    region = outputs.region
    return Seen(
        volume.info,
        Opinion(dict(zip(manifest.labels, probabilities, strict=True))),
        None if region is None else softmax(region, manifest.region_temperature)[0],
        float(in_distribution(outputs.features, manifest.outliers)[0]),
        sample=take(volume.voxels, side_for(1)),
    )


def with_header(one: SeenStudy, header: Header, seed: int) -> tuple[Seen, ...]:
    """The same volumes with other headers.

    Args:
        one: The study.
        header: What becomes of the headers; a study of one label has none to take from.
        seed: Of the choice which other series is taken.

    Returns:
        In the order of the study's volumes.
    """
    rng = np.random.default_rng([seed, len(one.volumes)])
    named = list(zip((volume.info for volume in one.volumes), one.labels, strict=True))
    changed = []
    for volume, label in zip(one.volumes, one.labels, strict=True):
        info = volume.info
        series = info.series_instance_uid
        others = [i for i, name in named if name != label and i.series_instance_uid != series]
        if header == "stripped":
            info = without_header(info)
        elif others and header != "as written":
            other = others[int(rng.integers(len(others)))]
            info = (_description_of if header == "lying description" else _header_of)(info, other)
        changed.append(replace(volume, info=info))
    return tuple(changed)


def without_header(info: VolumeInfo) -> VolumeInfo:
    """The same volume with nothing in its header but geometry, as after strict de-identification.

    Args:
        info: Stays as it is.
    """
    return replace(
        info,
        series_description=None,
        image_component="magnitude",
        b_value=None,
        derived_kind=None,
        calculated=False,
        localizer=False,
        temporal_position=None,
        header=HeaderFacts(),
    )


def _description_of(info: VolumeInfo, other: VolumeInfo) -> VolumeInfo:
    text = other.series_description
    header = replace(info.header, series_description=text, protocol_name=other.header.protocol_name)
    return replace(info, series_description=text, header=header)


def _header_of(info: VolumeInfo, other: VolumeInfo) -> VolumeInfo:
    return replace(
        info,
        series_description=other.series_description,
        image_component=other.image_component,
        b_value=other.b_value,
        derived_kind=other.derived_kind,
        calculated=other.calculated,
        localizer=other.localizer,
        temporal_position=other.temporal_position,
        header=other.header,
    )
