"""What was seen of the volumes of a study -> its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import Manifest
from mrsift.config import IdentifySettings
from mrsift.evaluate.conformal import prediction_set
from mrsift.infer.conflict import find_lie
from mrsift.infer.correct import apply_corrections
from mrsift.infer.evidence import DESCRIPTION, combine, description_claim, findings
from mrsift.infer.fuse import (
    Answer,
    Probabilities,
    answer,
    believed_header,
    conclude,
    find_overruled,
    fuse,
    trusted_b_value,
)
from mrsift.infer.physics import physics_of_study
from mrsift.infer.profile import RegionVote, choose_profile, own_profile
from mrsift.infer.roles import choose_roles
from mrsift.infer.sample import Reader, Sample, Sampled
from mrsift.infer.sharpness import sharpness_of
from mrsift.infer.vocabulary import answer_labels, has_nine_labels, in_words_of
from mrsift.infer.witness import STRONG
from mrsift.ingest import Study
from mrsift.ingest.corrections import SetLabel
from mrsift.labels import LABEL_NAMES, Profile
from mrsift.types import (
    Float64Array,
    Opinion,
    PhysicsEvidence,
    Prediction,
    StudyReport,
    VolumeInfo,
)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found out about one volume before its study's profile is known.

    Attributes:
        pixels: The network's calibrated opinion; None where pixels are not used.
        region: Shape (2,), in the order of `bundle.REGIONS`; None where pixels are not used.
        in_distribution: 0 to 1; 1 where pixels are not used.
        pictures: See `previews`.
        sample: A few voxels to compare with other volumes; None where pixels are not used.
        picture: More of them, to be drawn; None where no pictures are wanted.
    """

    info: VolumeInfo
    pixels: Opinion | None = None
    region: Float64Array | None = None
    in_distribution: float = 1.0
    pictures: tuple[NDArray[np.uint8], ...] = ()
    sample: Sample | None = None
    picture: Sample | None = None


def _settled(physics: PhysicsEvidence | None, header: Opinion | None, answered: Answer) -> bool:
    """Whether pixels are alone against the header and clear evidence of other volumes."""
    if physics is None or physics.conflict is not None or header is None:
        return False
    clear = physics.log_odds.get(answered.label, 0.0) >= STRONG
    return clear and header.label == answered.label


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """How the volumes of a run are answered.

    Attributes:
        profile: None to choose one per study.
        use_header: False where nothing of the header but geometry may be used.
        manifest: Of the bundle; None where pixels are not used.
        corrections: Volume id -> the label that a person set.
        read: Gives voxels again, where volumes must be compared more closely; None for never.
        with_pictures: Add pictures to the evidence of physics.
    """

    profile: Profile | None
    use_header: bool
    settings: IdentifySettings
    manifest: Manifest | None
    corrections: Mapping[str, SetLabel] = field(default_factory=dict)
    read: Reader | None = None
    with_pictures: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can be answered."""
        return LABEL_NAMES if self.manifest is None else answer_labels(self.manifest.labels)

    def report(self, study: Study, volumes: Sequence[Seen]) -> StudyReport:
        """One study, once all of its volumes were looked at.

        Args:
            study: Whose identity is reported.
            volumes: Those that could be read, in the order of the report.
        """
        profile, reason = self.profile, "asked for"
        if profile is None and self.manifest and not has_nine_labels(self.labels):
            profile, reason = own_profile(self.manifest.name, self.labels), "the model's own labels"
        elif profile is None:
            votes = [self._vote(one) for one in volumes]
            profile, reason = choose_profile(votes, use_header=self.use_header)
        physics = self._physics(volumes)
        answers = (self.predict(one, profile, physics.get(one.info.volume_id)) for one in volumes)
        predictions = apply_corrections(answers, self.corrections)
        chosen = choose_roles(
            predictions,
            profile.roles,
            use_header=self.use_header,
            sharpness=sharpness_of(self.read) if self.read else None,
        )
        return StudyReport(
            study_instance_uid=study.study_instance_uid,
            path=study.path,
            profile=profile.name,
            profile_reason=reason,
            predictions=predictions,
            roles=chosen.roles,
            missing_roles=chosen.missing_roles,
            missing_reasons=chosen.missing_reasons,
        )

    def predict(
        self, one: Seen, profile: Profile, physics: PhysicsEvidence | None = None
    ) -> Prediction:
        """The answer for one volume, with its evidence."""
        pixels = one.pixels if self._listens(one) else None
        heard = findings(one.info) if self.use_header else []
        header = in_words_of(self.labels, combine(heard))
        believed = believed_header(header, self.settings, stranger=not self._listens(one))
        answered = answer(one.info, pixels, believed, profile, self.settings, self.labels)
        reasons = []
        if physics is not None:
            unaided, answered = (
                answered,
                self._with_physics(one, (pixels, believed), profile, physics),
            )
            threshold = self.settings.conflict_probability
            reasons.append(find_overruled(physics, unaided, answered, threshold))
        if not _settled(physics, header, answered):
            reasons.append(answered.conflict_reason)
        if self.use_header:
            others = combine(item for item in heard if item[0].name != DESCRIPTION)
            others = in_words_of(self.labels, others)
            evidence = Opinion(fuse(pixels, others, self.settings, self.labels, physics=physics))
            threshold = self.settings.conflict_probability
            reasons.append(find_lie(description_claim(one.info), evidence, threshold))
        reason = "; ".join(part for part in reasons if part) or None
        return Prediction(
            volume=one.info,
            label=answered.label,
            probability=answered.probability,
            probabilities=answered.probabilities,
            prediction_set=self._prediction_set(answered.probabilities),
            in_distribution=one.in_distribution,
            localizer=self.use_header and one.info.localizer,
            pixels=one.pixels,
            header=header,
            physics=physics,
            conflict=reason is not None,
            conflict_reason=reason,
            previews=one.pictures,
        )

    def _with_physics(
        self,
        one: Seen,
        opinions: tuple[Opinion | None, Opinion | None],
        profile: Profile,
        physics: PhysicsEvidence,
    ) -> Answer:
        """The answer where other volumes of the study say something of this one."""
        b = trusted_b_value(one.info) if opinions[1] is not None else None
        if physics.conflict is not None:
            b = physics.b_s_per_mm2  # a header can be wrong, a signal that falls cannot
        fused = fuse(*opinions, self.settings, self.labels, physics=physics)
        return conclude(fused, b, opinions, profile, self.settings)

    def _physics(self, volumes: Sequence[Seen]) -> dict[str, PhysicsEvidence]:
        """What the volumes say of each other, before anything is answered."""
        sampled = []
        for one in volumes:
            if one.sample is None:
                continue
            pixels = one.pixels if self._listens(one) else None
            header = combine(findings(one.info)) if self.use_header else None
            header = in_words_of(self.labels, header)
            prior = fuse(pixels, header, self.settings, self.labels)
            b = trusted_b_value(one.info) if self.use_header else None
            kept = (one.sample, prior, b, self.use_header, one.picture)
            sampled.append(Sampled(one.info, *kept))
        return physics_of_study(sampled, self.read, pictures=self.with_pictures)

    def _vote(self, one: Seen) -> RegionVote:
        """What one volume says about the body region."""
        pixels, region = (one.pixels, one.region) if self._listens(one) else (None, None)
        header = combine(findings(one.info)) if self.use_header else None
        return RegionVote(one.info, region, Opinion(fuse(pixels, header, self.settings)))

    def _listens(self, one: Seen) -> bool:
        """Whether the pixels are like something seen in training."""
        return one.in_distribution >= self.settings.min_in_distribution

    def _prediction_set(self, probabilities: Probabilities) -> tuple[str, ...]:
        """Labels that the bundle's thresholds keep; without a bundle, the most probable alone."""
        known = {} if self.manifest is None else self.manifest.conformal
        values = np.array([probabilities[label] for label in self.labels])
        thresholds = np.array([known.get(label, np.inf) for label in self.labels])
        return tuple(self.labels[index] for index in prediction_set(values, thresholds))
