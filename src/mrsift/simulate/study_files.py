"""A planned study -> files: DICOM of a clinical archive, or the layout of RSNA-MICCAI."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mrsift.simulate.anatomy import Maps, Subject
from mrsift.simulate.dicom import Part, Study, uid, write_series
from mrsift.simulate.enhanced import write_enhanced
from mrsift.simulate.grid import Grid
from mrsift.simulate.plan import VolumePlan, make, subject_of, to_record
from mrsift.simulate.study_plan import SeriesPlan, StudyPlan

RSNA_FOLDERS = {"FLAIR": "FLAIR", "T1W": "T1w", "T1W_CE": "T1wCE", "T2W": "T2w"}
"""Label -> folder of the RSNA-MICCAI challenge."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a data set names what is in it.

    Attributes:
        seed: Of the data set; every UID is made from it.
        rsna: Folders as in the RSNA-MICCAI challenge.
    """

    seed: int
    rsna: bool

    def patient(self, plan: StudyPlan) -> str:
        """PatientID: five digits in the layout of the challenge."""
        return f"{plan.patient:05d}" if self.rsna else f"P{plan.patient + 1:05d}"

    def study(self, plan: StudyPlan) -> str:
        """The name all UIDs of a study are made from."""
        return f"simulated/{self.seed}/{plan.index}"

    def folder(self, plan: StudyPlan) -> Path:
        """Of a study, relative to the data set."""
        if self.rsna:
            return Path("train", self.patient(plan))
        return Path(f"study-{plan.index + 1:05d}")


def write_study(folder: Path, plan: StudyPlan, naming: Naming) -> int:
    """Make the volumes of a study and write its files.

    Args:
        folder: New folder for the study.
        plan: The study.
        naming: Of the data set.

    Returns:
        Number of files.
    """
    patient = naming.patient(plan)
    region = plan.region.capitalize()
    study = Study(
        naming.study(plan),
        f"Simulated^{patient}",
        plan.region.upper(),
        plan.site.vendor,
        plan.scanner.field_strength_t,
        patient_id=patient,
        model=plan.scanner.model,
        institution=f"Simulated hospital {plan.site.name}, {region}",
    )
    maker = _Maker(plan)
    written = 0
    for series in plan.series:
        parts = [
            Part(maker.make(v), v.grid.affine_lps_mm, v.protocol, v.grid.thickness_mm)
            for v in series.volumes
        ]
        place = folder / _series_folder(series, naming)
        together = plan.site.enhanced and not naming.rsna and _one_shape(parts)
        write = write_enhanced if together else write_series
        paths = write(place, study, series.number, series.description, parts)
        if naming.rsna:
            for number, path in enumerate(paths, start=1):
                path.rename(path.with_name(f"Image-{number}.dcm"))
        written += len(paths)
    return written


def _one_shape(parts: list[Part]) -> bool:
    """Whether the slices can be frames of one object; those of a localizer often cannot."""
    return len({part.voxels.shape[1:] for part in parts}) == 1


def _series_folder(series: SeriesPlan, naming: Naming) -> str:
    if naming.rsna:
        return RSNA_FOLDERS[series.volumes[0].protocol.label]
    return f"series-{series.number:02d}"


class _Maker:
    """Makes the volumes of one study; those that share a grid share its tissue."""

    def __init__(self, plan: StudyPlan) -> None:
        self._subject: Subject = subject_of(plan.series[0].volumes[0].subject)
        self._last: tuple[Grid, Maps] | None = None

    def make(self, plan: VolumePlan) -> Any:
        if self._last is None or self._last[0] != plan.grid:
            self._last = plan.grid, self._subject.render(plan.grid)
        return make(plan, self._last[1])


def records(plan: StudyPlan, naming: Naming) -> list[dict[str, Any]]:
    """One record for each volume of a study: what a table says of it, and its plan."""
    name = naming.study(plan)
    result = []
    for series in plan.series:
        several = len({v.protocol.b for v in series.volumes}) > 1
        for volume in series.volumes:
            p = volume.protocol
            result.append(
                {
                    "series_instance_uid": uid(f"{name}/{series.number}"),
                    "b_value": f"{p.b:g}" if several else "",
                    "label": p.label,
                    "patient": naming.patient(plan),
                    "site": plan.site.name,
                    "vendor": plan.site.vendor,
                    "model": plan.scanner.model,
                    "field_strength_t": plan.scanner.field_strength_t,
                    "region": plan.region,
                    "plane": volume.grid.plane,
                    "family": p.family,
                    "study": str(naming.folder(plan)),
                    "series_number": series.number,
                    "series_description": series.description,
                    "description_is": series.description_is,
                    **({"MGMT_value": int(plan.sign.positive)} if plan.sign else {}),
                    "plan": to_record(volume),
                }
            )
    return result
