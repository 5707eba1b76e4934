"""What makes one volume better for a role than another, one criterion after the other.

A criterion gives a cost; the first criterion whose costs differ decides, and its words are
what the report says. Their order is a decision: `docs/decisions/roles.md`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from mrsift.labels import B_HIGH_S_PER_MM2, Role
from mrsift.types import Prediction, VolumeInfo

SURE_FROM = 0.8
"""An answer less probable than this is a doubt."""

EXPLAINED_FROM = 0.9
"""Correlation with the diffusion-weighted images from which a map counts as explained."""

SIZE_STEP = 1.05
"""Voxels that differ by less than this factor are equally fine."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A volume that can fill a role.

    Attributes:
        apart: 0 where it lies with the other roles; 1 where it hardly overlaps them or lies
            in another frame of reference.
        b_s_per_mm2: None where it is not known.
        use_header: False where nothing of the header but geometry may be used.
    """

    role: Role
    prediction: Prediction
    apart: float = 0.0
    b_s_per_mm2: float | None = None
    use_header: bool = True

    @property
    def info(self) -> VolumeInfo:
        """The volume."""
        return self.prediction.volume

    @property
    def calculated(self) -> bool:
        """Computed from other images, as far as that may be known."""
        physics = self.prediction.physics
        shown = physics is not None and physics.kind == "calculated_from_dwi"
        return shown or (self.use_header and self.info.calculated)

    @property
    def is_sure(self) -> bool:
        """Whether the answer is free of doubt."""
        return self.prediction.probability >= SURE_FROM and not self.prediction.conflict


@dataclass(frozen=True, slots=True)
class Criterion:
    """One reason to prefer a volume.

    Attributes:
        cost: Less is better.
        praise: Why the better one won.
        blame: Why the other one did not.
    """

    cost: Callable[[Candidate], float]
    praise: Callable[[Candidate], str]
    blame: Callable[[Candidate], str]


def obstacle(prediction: Prediction, role: Role, *, use_header: bool = True) -> str | None:
    """Why a volume of the right label cannot fill the role, or None."""
    info = prediction.volume
    if prediction.localizer:
        return "a localizer"
    if use_header and info.image_component in ("phase", "imaginary"):
        return f"{info.image_component} image"
    if role.plane is not None and info.plane != role.plane:
        return f"{info.plane}, not {role.plane}"
    return None


def extent_mm(info: VolumeInfo) -> float:
    """The shortest edge, mm."""
    return min(size * step for size, step in zip(info.shape, info.spacing_mm, strict=True))


def is_short(candidate: Candidate) -> bool:
    """Whether the volume may not cover the organ."""
    return extent_mm(candidate.info) < candidate.role.extent_mm


def is_single_direction(candidate: Candidate) -> bool:
    """Whether it is one diffusion direction of several, not their mean."""
    info = candidate.info
    if not candidate.use_header:
        return False
    directionality = (info.header.diffusion_directionality or "").upper()
    return directionality in ("DIRECTIONAL", "BMATRIX") and info.derived_kind is None


def _b_cost(candidate: Candidate) -> float:
    wanted, b = candidate.role.b_value, candidate.b_s_per_mm2
    if wanted is None:
        return 0.0
    if b is None:
        return 1e6
    if wanted == "highest":
        return -b
    return b if wanted == "lowest" else abs(b - wanted)


def _b_words(candidate: Candidate) -> str:
    b = candidate.b_s_per_mm2
    return "b not known" if b is None else f"b {b:g}"


def _b_praise(candidate: Candidate) -> str:
    wanted = candidate.role.b_value
    which = f"the {wanted}" if isinstance(wanted, str) else f"the nearest to {wanted:g}"
    return f"{_b_words(candidate)}, {which}"


def _is_explained(candidate: Candidate) -> bool:
    physics = candidate.prediction.physics
    return physics is not None and physics.kind == "adc_from_dwi" and physics.r >= EXPLAINED_FROM


def _voxel_cost(candidate: Candidate) -> float:
    size = max(math.prod(candidate.info.spacing_mm), 1e-9)
    return float(round(math.log(size) / math.log(SIZE_STEP)))


def _spacing(candidate: Candidate) -> str:
    return "×".join(f"{step:.3g}" for step in candidate.info.spacing_mm) + " mm"


CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        lambda c: c.apart,
        lambda _: "lies with the other roles",
        lambda _: "does not lie with the other roles",
    ),
    Criterion(
        lambda c: c.role.labels.index(c.prediction.label),
        lambda c: f"{c.prediction.label} is wanted most",
        lambda c: f"{c.prediction.label} is wanted less",
    ),
    Criterion(
        lambda c: c.calculated,
        lambda _: "acquired",
        lambda _: "calculated, not acquired",
    ),
    Criterion(lambda c: not c.info.complete, lambda _: "complete", lambda _: "incomplete"),
    Criterion(
        is_short,
        lambda c: f"{extent_mm(c.info):.0f} mm long",
        lambda c: f"only {extent_mm(c.info):.0f} mm along its shortest edge",
    ),
    Criterion(
        lambda c: not c.is_sure, lambda _: "answered without doubt", lambda _: "answered with doubt"
    ),
    Criterion(
        lambda c: not _is_explained(c) and "ADC" in c.role.labels,
        lambda _: "explained by the diffusion-weighted images",
        lambda _: "not explained by diffusion-weighted images",
    ),
    Criterion(_b_cost, _b_praise, _b_words),
    Criterion(
        is_single_direction,
        lambda _: "all directions together",
        lambda _: "one diffusion direction",
    ),
    Criterion(
        _voxel_cost,
        lambda c: f"the finest ({_spacing(c)})",
        lambda c: f"coarser ({_spacing(c)})",
    ),
)
"""Most important first."""


def rank(candidate: Candidate) -> tuple[float, ...]:
    """Costs in the order of `CRITERIA`; the smallest tuple wins."""
    return tuple(float(criterion.cost(candidate)) for criterion in CRITERIA)


def deciding(winner: Candidate, loser: Candidate) -> Criterion | None:
    """The criterion that puts one volume before another; None where they are equal."""
    for criterion in CRITERIA:
        if criterion.cost(winner) != criterion.cost(loser):
            return criterion
    return None


def doubts(candidate: Candidate) -> list[str]:
    """What speaks against a volume although it won."""
    prediction, info = candidate.prediction, candidate.info
    found = []
    if prediction.probability < SURE_FROM:
        found.append(f"{prediction.label} with probability {prediction.probability:.2f} only")
    if prediction.conflict:
        found.append("its evidence is in conflict")
    if candidate.calculated:
        found.append("calculated; no acquired one was found")
    if not info.complete:
        found.append("incomplete")
    if info.order_assumed:
        found.append("told from copies by InstanceNumber alone")
    if is_short(candidate):
        found.append(f"{extent_mm(info):.0f} mm along its shortest edge may not cover the organ")
    if candidate.role.b_value is not None and candidate.b_s_per_mm2 is None:
        found.append("its b-value is not known")
    b = candidate.b_s_per_mm2
    if prediction.label == "DWI_HIGH" and b is not None and b < B_HIGH_S_PER_MM2:
        found.append(f"b {b:g} is not high")
    return found
