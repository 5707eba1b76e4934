"""One volume before it is made: everything that was drawn, and nothing else.

A plan is plain values, so it goes through JSON and back, and gives the same voxels again.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from mrsift.simulate import artefact, computed, signal
from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.artefact import Acquisition
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.volume import acquire
from mrsift.types import Float32Array

UNSCALED_FAMILIES = frozenset(("adc", "ct", "mask", "phase", "field_map"))
"""Their numbers mean something; all others are brought to a range of whole numbers."""

_EPI_LEVEL = 0.6  # signal of bright tissue at low b, in the units of the equations


@dataclass(frozen=True, slots=True)
class SubjectPlan:
    """One simulated person.

    Attributes:
        seed: Of the anatomy and the tissue values.
        region: `pelvis` or `head`.
        field_t: Field strength, tesla.
        necrotic_share: Planted sign of a glioma, 0 to 1; None for whatever the seed gives.
    """

    seed: tuple[int, ...]
    region: str
    field_t: float
    necrotic_share: float | None = None


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """One volume of a person.

    Attributes:
        subject: Whose.
        grid: Where.
        protocol: What is measured.
        acquisition: How.
        chance: Seed of what is computed from images.
        peak: Where bright tissue lies in the stored whole numbers.
        blank: The series holds no signal.
    """

    subject: SubjectPlan
    grid: Grid
    protocol: Protocol
    acquisition: Acquisition
    chance: int
    peak: float
    blank: bool = False


def to_record(plan: VolumePlan) -> dict[str, Any]:
    """The plan as plain values."""
    return {**asdict(plan), "family": plan.protocol.family}


def from_record(record: dict[str, Any]) -> VolumePlan:
    """The plan that `to_record` was given; keys of other things are left out."""
    names = VolumePlan.__dataclass_fields__
    adapter = TypeAdapter(VolumePlan)
    return adapter.validate_python({key: record[key] for key in names})


def subject_of(plan: SubjectPlan) -> Subject:
    """The person, ready to be laid on any grid."""
    return Subject(plan.seed, plan.region, field_t=plan.field_t, necrotic_share=plan.necrotic_share)


def make(plan: VolumePlan, maps: Maps | None = None) -> Float32Array:
    """Make the volume.

    Args:
        plan: All about it.
        maps: The subject on the plan's grid, where it was made for another volume already.

    Returns:
        Whole numbers, shape of the grid; the same for the same plan.
    """
    if plan.blank:
        return np.zeros(plan.grid.shape, dtype=np.float32)
    if maps is None:
        maps = subject_of(plan.subject).render(plan.grid)
    p, a = plan.protocol, plan.acquisition
    if p.sequence == "epi" and p.family not in computed.DERIVED:
        voxels = _diffusion_weighted(maps, p, a)
    else:
        voxels = acquire(maps, p, a, np.random.default_rng(plan.chance))
    if p.family in UNSCALED_FAMILIES:
        return np.asarray(np.rint(voxels), dtype=np.float32)
    if p.label in ("DWI_LOW", "DWI_HIGH"):
        top = _EPI_LEVEL  # one scale for all b-values of an examination
    else:
        top = max(float(np.percentile(voxels, 99.8)), 1e-9)
    return np.asarray(np.rint(voxels * np.float32(plan.peak / top)), dtype=np.float32)


def _diffusion_weighted(maps: Maps, p: Protocol, a: Acquisition) -> Float32Array:
    """An image with noise as `computed.diffusion_map` has it, so that the map fits it."""
    if p.b == p.low_b:
        return artefact.measure(signal.render(maps, p), maps, a)
    own = 1 if p.b == p.high_b else 2 + int(p.b)
    weaker = replace(a, seed=a.seed + own, snr=a.snr * 0.8)
    return computed.acquire_weaker(maps, p, weaker, p.low_b)
