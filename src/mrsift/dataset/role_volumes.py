"""Any folder of studies -> the volumes that `identify` chooses for the roles of each patient."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mrsift.dataset.identity import patient_pseudonym
from mrsift.dataset.labelling import volume_words
from mrsift.dataset.quality import SeriesQuality, series_quality, slice_gaps
from mrsift.dataset.rows import Progress
from mrsift.dataset.series import Found, Series
from mrsift.infer.identify import IdentifyOptions, identify_in_parts
from mrsift.ingest.scan import Scan
from mrsift.types import Skipped, StudyReport


@dataclass(frozen=True, slots=True, eq=False)
class _Exam:
    """One study with what was chosen of it.

    Attributes:
        identity: Pseudonym of the patient in the header; None where it names nobody.
        stated: PatientID; compared with the names of the label table, kept nowhere else.
        folder: Below the input, that the study lies in; the input's own name where it lies
            in none.
        words: All folders, and the name of the file, that the first volume lies in.
        place: Where the study lies, for messages.
        series: One for each role, without the patient's name.
    """

    identity: str | None
    stated: str | None
    folder: str
    words: tuple[str, ...]
    place: str
    series: tuple[Series, ...]

    @property
    def filled(self) -> int:
        """Roles that have a volume."""
        return sum(one.info is not None for one in self.series)


def role_series(
    path: Path, options: IdentifyOptions, tell: Progress, known: Collection[str]
) -> Found:
    """Identify every study and take the volumes of its roles, one study a patient.

    Args:
        path: Folder, file or archive.
        options: `profile` names the roles.
        tell: Called as the work goes on.
        known: Patients of the label table; a study is theirs whose folder, file or PatientID is
            called so.

    Raises:
        MrsiftError: As `identify`.
    """
    exams: list[_Exam] = []
    skipped: list[Skipped] = []
    root = path
    for report, scan in identify_in_parts(path, options, tell):
        root = scan.root
        skipped += report.skipped
        exams += [_exam(study, scan) for study in report.studies]
    by_patient: dict[str, list[_Exam]] = defaultdict(list)
    for exam, patient in zip(exams, _names(exams, known), strict=True):
        by_patient[patient].append(exam)
    series: list[Series] = []
    remarks = []
    for patient, own in by_patient.items():
        best = max(own, key=lambda exam: exam.filled)  # of equals the first
        if len(own) > 1:
            remarks.append(f"{patient}: {len(own)} studies; {best.place} fills most roles")
        series += [replace(s, quality=replace(s.quality, patient=patient)) for s in best.series]
    return Found(root, tuple(series), tuple(skipped), (), tuple(remarks))


def _exam(study: StudyReport, scan: Scan) -> _Exam:
    """The chosen volumes of one study, and what is missing."""
    infos = {one.volume.volume_id: one.volume for one in study.predictions}
    first = study.predictions[0].volume
    found = []
    for role, choice in study.roles.items():
        info = infos[choice.volume_id]
        planes = scan.planes(info)
        quality = series_quality("", role, volume_words(info), info, planes)
        said = [*([quality.remark] if quality.remark else []), choice.reason, *choice.doubts]
        quality = replace(quality, remark="; ".join(said))
        found.append(Series(quality, info, slice_gaps(info, planes)))
    for role in study.missing_roles:
        why = study.missing_reasons.get(role, "no volume fills it")
        found.append(Series(SeriesQuality("", role, study.path, False, why), None))
    who = scan.patient(first)
    folders = PurePosixPath(first.files[0].replace("!", "/")).parts[:-1]
    stem = PurePosixPath(first.files[0]).name.split(".", maxsplit=1)[0]
    return _Exam(
        patient_pseudonym(who) if who else None,
        who[0] if who else None,
        folders[0] if folders else scan.root.name,
        (*folders, stem, scan.root.name),
        study.path,
        tuple(found),
    )


def _names(exams: Sequence[_Exam], known: Collection[str]) -> list[str]:
    """What the patient of each study is called.

    The name that the label table has; else the folder below the input, where it holds one
    patient and all of that patient; else the pseudonym.
    """
    folders: dict[str, set[str | None]] = defaultdict(set)
    places: dict[str | None, set[str]] = defaultdict(set)
    for exam in exams:
        folders[exam.folder].add(exam.identity)
        places[exam.identity].add(exam.folder)
    names = []
    for exam in exams:
        said = next((word for word in (*exam.words, exam.stated) if word in known), None)
        alone = len(folders[exam.folder]) == 1 and (
            exam.identity is None or len(places[exam.identity]) == 1
        )
        if said is not None:
            names.append(said)
        elif alone or exam.identity is None:
            names.append(exam.folder)
        else:
            names.append(exam.identity)
    return names
