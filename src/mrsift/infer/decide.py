"""What was seen of the volumes of a study -> its report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mrsift.bundle import Manifest
from mrsift.config import IdentifySettings
from mrsift.evaluate.conformal import prediction_set
from mrsift.infer.evidence import DESCRIPTION, combine, description_claim, findings
from mrsift.infer.fuse import Probabilities, answer, find_lie, fuse
from mrsift.infer.profile import RegionVote, choose_profile
from mrsift.infer.roles import choose_roles
from mrsift.ingest import Study
from mrsift.labels import LABEL_NAMES, Profile
from mrsift.types import Float64Array, Opinion, Prediction, StudyReport, VolumeInfo


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found out about one volume before its study's profile is known.

    Attributes:
        pixels: The network's calibrated opinion; None where pixels are not used.
        region: Shape (2,), in the order of `bundle.REGIONS`; None where pixels are not used.
        in_distribution: 0 to 1; 1 where pixels are not used.
        pictures: See `previews`.
    """

    info: VolumeInfo
    pixels: Opinion | None = None
    region: Float64Array | None = None
    in_distribution: float = 1.0
    pictures: tuple[NDArray[np.uint8], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """How the volumes of a run are answered.

    Attributes:
        profile: None to choose one per study.
        use_header: False where nothing of the header but geometry may be used.
        manifest: Of the bundle; None where pixels are not used.
    """

    profile: Profile | None
    use_header: bool
    settings: IdentifySettings
    manifest: Manifest | None

    def report(self, study: Study, volumes: Sequence[Seen]) -> StudyReport:
        """One study, once all of its volumes were looked at.

        Args:
            study: Whose identity is reported.
            volumes: Those that could be read, in the order of the report.
        """
        profile, reason = self.profile, "asked for"
        if profile is None:
            votes = [self._vote(one) for one in volumes]
            profile, reason = choose_profile(votes, use_header=self.use_header)
        predictions = tuple(self.predict(one, profile) for one in volumes)
        chosen = choose_roles(predictions, profile.roles, use_header=self.use_header)
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

    def predict(self, one: Seen, profile: Profile) -> Prediction:
        """The answer for one volume, with its evidence."""
        pixels = one.pixels if self._listens(one) else None
        heard = findings(one.info) if self.use_header else []
        header = combine(heard)
        answered = answer(one.info, pixels, header, profile, self.settings)
        reasons = [answered.conflict_reason]
        if self.use_header:
            others = combine(item for item in heard if item[0].name != DESCRIPTION)
            evidence = Opinion(fuse(pixels, others, self.settings))
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
            conflict=reason is not None,
            conflict_reason=reason,
            previews=one.pictures,
        )

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
        values = np.array([probabilities[label] for label in LABEL_NAMES])
        thresholds = np.full(len(LABEL_NAMES), np.inf)
        if self.manifest is not None:
            thresholds = np.array([self.manifest.conformal[label] for label in LABEL_NAMES])
        return tuple(LABEL_NAMES[index] for index in prediction_set(values, thresholds))
