"""Labels of a table meet labels that a person set by hand; no disagreement is silent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mrsift.dataset.finding import Finding
from mrsift.dataset.labelling import Labelling, volume_words
from mrsift.export.rows import count
from mrsift.ingest.corrections import Corrections, SetLabel
from mrsift.types import Skipped, VolumeInfo


@dataclass(frozen=True, slots=True)
class ByHand:
    """What corrections did to a labelling, in words.

    Attributes:
        label_before: Volume id -> what the table said, for each volume that a person labelled.
        overruled: Volumes whose label a correction replaced.
        other_words: Volumes corrected to no class of the table; the table's label stayed.
        not_named: Corrected volumes that the table gives no label; left out.
        unusable: Rows and tables of corrections that could not be used.
    """

    label_before: Mapping[str, str] = field(default_factory=dict)
    overruled: tuple[str, ...] = ()
    other_words: tuple[str, ...] = ()
    not_named: tuple[str, ...] = ()
    unusable: tuple[Skipped, ...] = ()


def set_by_hand(
    labelling: Labelling, infos: list[VolumeInfo], said: Corrections
) -> tuple[Labelling, ByHand]:
    """Let corrections have the last word on the volumes of a table.

    The table says which volumes are in, the correction what they are. Where it is no class of
    the table, the two use different words, and a class would appear that nobody meant.

    Args:
        labelling: By a label table or by folders.
        infos: Every volume that was found.
        said: By the tables of corrections.
    """
    classes = {row.label for _, row in labelling.labelled}
    labelled, before, overruled, other = [], {}, [], []
    for info, row in labelling.labelled:
        correction = said.labels.get(info.volume_id)
        if correction is None or row.label is None:
            labelled.append((info, row))
        elif correction.label in classes:
            labelled.append((info, replace(row, label=correction.label)))
            before[info.volume_id] = row.label
            if correction.label != row.label:
                overruled.append(_words(info, correction, row.label))
        else:
            labelled.append((info, row))
            other.append(_words(info, correction, row.label))
    named = {info.volume_id for info, _ in labelling.labelled}
    return replace(labelling, labelled=tuple(labelled)), ByHand(
        label_before=before,
        overruled=tuple(overruled),
        other_words=tuple(other),
        not_named=tuple(
            _words(info, said.labels[info.volume_id])
            for info in infos
            if info.volume_id in said.labels and info.volume_id not in named
        ),
        unusable=said.problems,
    )


def _words(info: VolumeInfo, correction: SetLabel, label: str | None = None) -> str:
    against = "" if label is None else f", the table {label}"
    return f"{volume_words(info)}: {correction.source} says {correction.label}{against}"


def by_hand_findings(found: ByHand) -> list[Finding]:
    """What corrections did, each kind in one line."""
    lines = [
        Finding(
            "warning",
            "corrected",
            f"{count(len(found.overruled), 'label')} replaced by corrections; --corrections "
            "names another table to follow",
            found.overruled,
        ),
        Finding(
            "warning",
            "other_words",
            f"{count(len(found.other_words), 'correction')} to what is no class of the table, "
            "not followed; use the same names in both",
            found.other_words,
        ),
        Finding(
            "warning",
            "corrected_not_named",
            f"{count(len(found.not_named), 'correction')} of volumes that the table gives no "
            "label, left out",
            found.not_named,
        ),
        Finding(
            "warning",
            "bad_correction",
            "rows of corrections that could not be used:",
            tuple(f"{one.path}: {one.reason}" for one in found.unusable if one.is_mr),
        ),
        Finding(
            "note",
            "corrections_aside",
            "corrections that were not used:",
            tuple(f"{one.path}: {one.reason}" for one in found.unusable if not one.is_mr),
        ),
    ]
    return [one for one in lines if one.names]
