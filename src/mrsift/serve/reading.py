"""The report as it stands while a person reads it: answers change, images never do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from mrsift.errors import ConfigError
from mrsift.export.corrections_file import corrections_table, record_corrections
from mrsift.export.output_file import check_writable
from mrsift.export.rows import label_names
from mrsift.infer.correct import apply_corrections
from mrsift.infer.identify import IdentifyOptions
from mrsift.infer.profile import named_profile
from mrsift.infer.roles import choose_roles
from mrsift.infer.sharpness import sharpness_of
from mrsift.ingest import Scan
from mrsift.ingest.corrections import SetLabel, check_label
from mrsift.labels import PROFILES, Role
from mrsift.types import Prediction, Report, StudyReport, VolumeInfo


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the reader said, to be taken back.

    Attributes:
        study: Its number, from 0.
        before: The answers that it changed, as they were.
    """

    study: int
    before: tuple[Prediction, ...]


@dataclass(slots=True)
class Reading:
    """One run of `identify`, and what its reader says of it.

    Attributes:
        report: As it stands.
        found: The scan behind it.
        options: That it was made with.
        corrections: One table for all labels; None for one beside each study.
    """

    report: Report
    found: Scan
    options: IdentifyOptions
    corrections: Path | None = None
    _steps: list[Step] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label that can be set."""
        return label_names(self.report)

    def info(self, volume_id: str) -> VolumeInfo | None:
        """One of the volumes of the report, or None."""
        for study in self.report.studies:
            for prediction in study.predictions:
                if prediction.volume.volume_id == volume_id:
                    return prediction.volume
        return None

    def table(self, study: StudyReport) -> Path:
        """Where corrections of a study are kept."""
        if self.corrections is not None:
            return self.corrections
        return corrections_table([one.volume for one in study.predictions], self.found.root)

    def shown(self, table: Path) -> str:
        """A table as people are told of it: from the folder that the paths begin at."""
        root, whole = self.found.root.resolve(), table.resolve()
        return str(whole.relative_to(root)) if whole.is_relative_to(root) else str(table)

    def why_not_kept(self, study: StudyReport) -> str:
        """Why corrections of a study cannot be kept, or nothing."""
        try:
            check_writable(self.table(study))
        except ConfigError as error:
            return str(error)
        return ""

    def set_label(self, study_number: int, volume_ids: Sequence[str], label: str) -> int:
        """Set the label of volumes of one study: on disk first, then here.

        Args:
            study_number: From 0.
            volume_ids: Those that are no volumes of that study are passed over.
            label: One of `labels`.

        Returns:
            How many volumes it was set for.

        Raises:
            ConfigError: There is no such label, or the table cannot take it.
            OutputError: The table cannot be written; nothing has changed.
        """
        check_label(label, self.labels)
        with self._lock:
            study = self.report.studies[study_number]
            chosen = tuple(one for one in study.predictions if one.volume.volume_id in volume_ids)
            if not chosen:
                return 0
            table = self.table(study)
            record_corrections(table, [(one, label) for one in chosen], self.found.root)
            self._steps.append(Step(study_number, chosen))
            as_said = SetLabel(label, self.shown(table))
            said = {one.volume.volume_id: as_said for one in chosen}
            changed = apply_corrections([_without_correction(one) for one in chosen], said)
            self._replace(study_number, {one.volume.volume_id: one for one in changed})
            return len(chosen)

    def take_back(self) -> Step | None:
        """Undo the last `set_label` that was not taken back yet, here and on disk.

        Raises:
            ConfigError: The table cannot take it.
            OutputError: The table cannot be written; nothing has changed.
        """
        with self._lock:
            if not self._steps:
                return None
            step = self._steps[-1]
            table = self.table(self.report.studies[step.study])
            said = [(one, one.label if one.correction else None) for one in step.before]
            record_corrections(table, said, self.found.root)
            self._steps.pop()
            self._replace(step.study, {one.volume.volume_id: one for one in step.before})
            return step

    def _replace(self, study_number: int, changed: Mapping[str, Prediction]) -> None:
        """Put answers into a study; its roles follow from them."""
        study = self.report.studies[study_number]
        predictions = tuple(changed.get(one.volume.volume_id, one) for one in study.predictions)
        uses_pixels = self.options.evidence != "header"
        chosen = choose_roles(
            predictions,
            self._roles(study),
            use_header=self.options.evidence != "pixels",
            sharpness=sharpness_of(self.found.read) if uses_pixels else None,
        )
        studies = list(self.report.studies)
        studies[study_number] = replace(
            study,
            predictions=predictions,
            roles=chosen.roles,
            missing_roles=chosen.missing_roles,
            missing_reasons=chosen.missing_reasons,
        )
        self.report = replace(self.report, studies=tuple(studies))

    def _roles(self, study: StudyReport) -> tuple[Role, ...]:
        """Of the profile that the study was answered with."""
        profile = named_profile(self.options.profile, self.labels) or PROFILES.get(study.profile)
        return profile.roles if profile is not None else ()


def _without_correction(prediction: Prediction) -> Prediction:
    """The answer as it was before anybody set it, as far as it is known."""
    before = prediction.correction
    if before is None:
        return prediction
    return replace(
        prediction,
        label=before.label_before,
        probability=before.probability_before,
        correction=None,
    )
