"""One volume per role: which, why, who came next, and what is missing.

The roles of a study are chosen together, so that they lie in one frame of reference and
over each other: every grid is tried as the place where all of them lie, and the one that
fills most roles, and fills them best, is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mrsift.infer.fuse import trusted_b_value
from mrsift.infer.grids import frames_differ, overlap
from mrsift.infer.naming import volume_name
from mrsift.infer.role_rank import Candidate, deciding, doubts, obstacle, rank
from mrsift.labels import UNKNOWN, Role
from mrsift.types import Prediction, RoleChoice, VolumeInfo

Sharpness = Callable[[VolumeInfo], float | None]
"""How sharp a volume is, in any unit; None where it cannot be told."""

LIES_WITH = 0.5
"""So much of the smaller volume must lie within the other."""

SHARPER = 1.03
"""Equal scans whose sharpness differs by less than this factor are equally sharp."""

MOST_MEASURED = 6
"""More equal scans than these are time points or directions, not repeats."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What `choose_roles` found; the fields of `StudyReport`."""

    roles: Mapping[str, RoleChoice] = field(default_factory=dict)
    missing_roles: tuple[str, ...] = ()
    missing_reasons: Mapping[str, str] = field(default_factory=dict)


def choose_roles(
    predictions: Sequence[Prediction],
    roles: Sequence[Role],
    *,
    use_header: bool = True,
    sharpness: Sharpness | None = None,
) -> Roles:
    """Choose the best volume for every role of a study.

    Args:
        predictions: All volumes of one study, with their final labels.
        roles: In the order of the result.
        use_header: False where b-values may not be looked at.
        sharpness: Asked only where scans are equal in everything else.

    Returns:
        Choices for the roles that can be filled, and why the others cannot.
    """
    able = {role.name: _candidates(predictions, role, use_header) for role in roles}
    place = _best_place(roles, able)
    chosen: dict[str, RoleChoice] = {}
    reasons: dict[str, str] = {}
    for role in roles:
        placed = _placed(able[role.name], place)
        usable = [one for one in placed if not _elsewhere(one, place)]
        if usable:
            refused = _refused(predictions, role, placed, place)
            chosen[role.name] = _choice(usable, refused, place, sharpness)
        else:
            reasons[role.name] = _why_missing(predictions, role, placed)
    missing = tuple(role.name for role in roles if role.required and role.name not in chosen)
    return Roles(chosen, missing, reasons)


def _candidates(predictions: Sequence[Prediction], role: Role, use_header: bool) -> list[Candidate]:
    """Volumes that can fill a role, wherever they lie."""
    return [
        Candidate(
            role,
            one,
            b_s_per_mm2=_believed_b_value(one, use_header=use_header),
            use_header=use_header,
        )
        for one in predictions
        if one.label in role.labels and obstacle(one, role, use_header=use_header) is None
    ]


def _believed_b_value(prediction: Prediction, *, use_header: bool) -> float | None:
    """The b-value of the header, unless the signal shows another."""
    physics = prediction.physics
    if physics is not None and physics.conflict is not None:
        return None if physics.b_s_per_mm2 is None else float(round(physics.b_s_per_mm2))
    return trusted_b_value(prediction.volume) if use_header else None


def _lies_with(info: VolumeInfo, place: VolumeInfo) -> bool:
    return not frames_differ(info, place) and overlap(info, place) >= LIES_WITH


def _placed(candidates: Sequence[Candidate], place: VolumeInfo | None) -> list[Candidate]:
    """The candidates, each with whether it lies with the others."""
    if place is None:
        return list(candidates)
    return [replace(one, apart=float(not _lies_with(one.info, place))) for one in candidates]


def _elsewhere(candidate: Candidate, place: VolumeInfo | None) -> bool:
    """Whether it surely shares no space with the other roles."""
    if place is None or frames_differ(candidate.info, place):
        return False
    return overlap(candidate.info, place) == 0.0


def _best_place(
    roles: Sequence[Role], able: Mapping[str, Sequence[Candidate]]
) -> VolumeInfo | None:
    """The volume around which most roles, and the best volumes, lie; the last of equal ones."""
    places: dict[object, VolumeInfo] = {}
    infos = (one.info for role in roles for one in able[role.name])
    for info in sorted(infos, key=lambda info: (-(info.series_number or 0), info.volume_id)):
        key = (info.frame_of_reference_uid, info.shape, info.affine_lps_mm.round(2).tobytes())
        places.setdefault(key, info)

    def worth(place: VolumeInfo) -> tuple[object, ...]:
        best = [
            min((rank(one) for one in _placed(able[role.name], place)), default=None)
            for role in roles
        ]
        filled = [found is not None and found[0] == 0 for found in best]
        required = sum(role.required for role, is_in in zip(roles, filled, strict=True) if is_in)
        return (-required, -sum(filled), [found for found in best if found is not None])

    return min(places.values(), key=worth, default=None)


def _choice(
    usable: Sequence[Candidate],
    refused: Sequence[tuple[str, str]],
    place: VolumeInfo | None,
    sharpness: Sharpness | None,
) -> RoleChoice:
    """The winner among those that can be used, with everybody else."""
    ordered = sorted(usable, key=rank)
    equal = [one for one in ordered if rank(one) == rank(ordered[0])]
    equal, tie_reason, tie_doubt = _break_tie(equal, sharpness)
    winner, others = equal[0], [*equal[1:], *ordered[len(equal) :]]
    runners_up = []
    for other in others:
        criterion = deciding(winner, other)
        why_not = criterion.blame(other) if criterion else tie_reason[1]
        runners_up.append((other.info.volume_id, why_not))
    reason = tie_reason[0]
    if len(equal) == 1:
        reason = _why(winner, others, refused)
    return RoleChoice(
        winner.info.volume_id,
        reason,
        (*runners_up, *refused),
        (*doubts(winner), *tie_doubt, *_place_doubts(winner, others, place)),
    )


def _why(winner: Candidate, others: Sequence[Candidate], refused: Sequence[tuple[str, str]]) -> str:
    """Why a volume won, against the next best where there is one."""
    criterion = deciding(winner, others[0]) if others else None
    if criterion is not None:
        name, blame = volume_name(others[0].info), criterion.blame(others[0])
        known = "" if blame in name else f", {blame}"  # its b-value is in its name
        return f"{criterion.praise(winner)}; next best: {name}{known}"
    if refused:
        return f"the only {winner.prediction.label} that can be used"
    return f"the only {winner.prediction.label}"


def _break_tie(
    equal: list[Candidate], sharpness: Sharpness | None
) -> tuple[list[Candidate], tuple[str, str], list[str]]:
    """Orders scans that are equal in every criterion: the sharper, else the later series.

    Returns:
        In order; why the first won and why the others did not; doubts.
    """
    if len(equal) < 2:
        return equal, ("", ""), []
    names = ", ".join(volume_name(one.info) for one in equal[:3])
    series = {one.info.series_instance_uid or one.info.files for one in equal}
    if len(series) == 1:
        doubt = f"{len(equal)} volumes of one series are equal in everything looked at"
        return equal, ("the first of its series", "later in the series"), [doubt]
    if sharpness is not None and len(equal) <= MOST_MEASURED:
        values = [sharpness(one.info) for one in equal]
        known = [value for value in values if value is not None]
        if len(known) == len(equal) and max(known) > SHARPER * sorted(known)[-2]:
            order = sorted(range(len(equal)), key=lambda place: -known[place])
            words = ("the sharpest of equal scans", "less sharp, or with more motion")
            return [equal[place] for place in order], words, []
    later = sorted(equal, key=lambda one: -(one.info.series_number or 0))
    doubt = f"{names} are equal in everything looked at; the last was taken"
    return later, ("the last of equal scans", "an earlier scan, equal otherwise"), [doubt]


def _place_doubts(
    winner: Candidate, others: Sequence[Candidate], place: VolumeInfo | None
) -> list[str]:
    """What is not known, or not good, about where the winner lies."""
    if place is None:
        return []
    if frames_differ(winner.info, place):
        return ["in another frame of reference than the other roles; register it before use"]
    if winner.apart:
        share = overlap(winner.info, place)
        return [f"only {share:.0%} of it and {volume_name(place)} lie over each other"]
    if winner.info.frame_of_reference_uid is None and others:
        return ["the files name no frame of reference; that they lie alike is assumed"]
    return []


def _refused(
    predictions: Sequence[Prediction],
    role: Role,
    placed: Sequence[Candidate],
    place: VolumeInfo | None,
) -> list[tuple[str, str]]:
    """Volumes of the right label that cannot be used, and why."""
    found = [
        (one.volume.volume_id, reason)
        for one in predictions
        if one.label in role.labels and (reason := obstacle(one, role)) is not None
    ]
    found += [
        (one.info.volume_id, "shares no space with the other roles")
        for one in placed
        if _elsewhere(one, place)
    ]
    return found


def _why_missing(predictions: Sequence[Prediction], role: Role, placed: Sequence[Candidate]) -> str:
    """Why no volume fills a role, with the nearest miss."""
    labels = " or ".join(role.labels)
    if placed:
        return f"{volume_name(placed[0].info)} is {labels}, but shares no space with the others"
    for one in predictions:
        if one.label in role.labels:
            return f"{volume_name(one.volume)} is {labels}, but {obstacle(one, role)}"
    unsure = [
        (sum(one.probabilities.get(label, 0.0) for label in role.labels), volume_name(one.volume))
        for one in predictions
        if one.label == UNKNOWN and not one.localizer
    ]
    probability, name = max(unsure, default=(0.0, ""))
    nearest = f"; {name} comes nearest ({probability:.2f})" if probability >= 0.2 else ""
    return f"no volume is {labels}{nearest}"
