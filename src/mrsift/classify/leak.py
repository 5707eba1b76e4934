"""A leak on purpose: the run's recipe with slices of one patient on both sides.

Every second slice of a study stands as a patient of its own. Networks learn from one half of
everybody and are asked about the other half, whose slices lie between those that were learnt.
Nothing of this says how a new patient would be answered; that is the point.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mrsift.classify.answers import Answers
from mrsift.classify.folds import Part
from mrsift.classify.frozen import TEST
from mrsift.classify.sampling import Patients, Studies
from mrsift.dataset.table import Split
from mrsift.errors import ConfigError
from mrsift.evaluate.study_evidence import Leak
from mrsift.export.output_file import write_bytes
from mrsift.types import Float32Array

HALVES = 2
FILES = {False: "leak.npz", True: "leak-shuffled.npz"}
"""Whether labels were shuffled first -> file of the run."""


@dataclass(frozen=True, slots=True, eq=False)
class Interleaved:
    """Every study twice: its even slices, and its odd ones.

    Attributes:
        studies: Whole.
        chosen: Places of those with two slices or more, shape (n,).
    """

    studies: Studies
    chosen: NDArray[np.intp]

    def __len__(self) -> int:
        return HALVES * len(self.chosen)

    def __getitem__(self, index: int, /) -> Float32Array:
        """Shape (channels, about half of the slices, rows, columns)."""
        study, half = divmod(index, HALVES)
        return self.studies[int(self.chosen[study])][:, half::HALVES]

    def slices_of(self, index: int, slices: NDArray[np.intp], /) -> Float32Array:
        """Some slices of one half, shape (n, channels, rows, columns)."""
        study, half = divmod(index, HALVES)
        places = np.asarray(slices, np.intp) * HALVES + half
        return self.studies.slices_of(int(self.chosen[study]), places)


def halves_of(patients: Patients, labels: NDArray[np.intp]) -> Patients:
    """Patients as two halves each.

    Args:
        patients: Of the run.
        labels: Index of the label of each, or below 0 where there is none; may be shuffled.

    Returns:
        Labelled patients only, the even slices of each before its odd ones.

    Raises:
        ConfigError: Nobody with a label has two slices.
    """
    enough = np.array([len(own) >= HALVES for own in patients.slices], bool)
    chosen = np.flatnonzero((labels >= 0) & enough)
    if not len(chosen):
        raise ConfigError("no labelled patient has two slices; the control needs them")
    return Patients(
        tuple(f"{patients.names[study]}/{half}" for study in chosen for half in range(HALVES)),
        Interleaved(patients.studies, chosen),
        np.repeat(labels[chosen], HALVES),
        tuple(patients.slices[study][half::HALVES] for study in chosen for half in range(HALVES)),
    )


def leaking_part(halves: Patients, inner_share: float, seed: int) -> Part:
    """Even slices of everybody to learn from, odd ones to be asked about.

    Args:
        halves: Of `halves_of`.
        inner_share: Of the odd halves, to watch.
        seed: Of the choice.
    """
    odd = np.arange(1, len(halves.names), HALVES)
    watched = max(1, round(inner_share * len(odd)))
    inner = set(np.random.default_rng(seed).permutation(odd)[:watched].tolist())
    sides: dict[str, Split] = {
        name: "train" if place % HALVES == 0 else "validation" if place in inner else "test"
        for place, name in enumerate(halves.names)
    }
    return Part(0, 0, sides)


def leak_of(answers: Answers, halves: Patients, *, shuffled: bool) -> Leak:
    """What the network said of the halves it did not learn from.

    Args:
        answers: Of every half.
        halves: In the same order.
        shuffled: Labels were shuffled first.
    """
    last = answers.values.shape[1] - 1
    asked = np.flatnonzero(answers.sides == TEST)
    whole = np.array([name.rpartition("/")[0] for name in halves.names], dtype=object)
    if len(answers.slice_patient):
        rows = np.isin(answers.slice_patient, asked)
        place, said = answers.slice_patient[rows], answers.slice_probabilities[rows, last]
    else:
        place, said = asked, answers.values[asked, last]
    positive = halves.labels[place] == last
    return Leak(whole[place], positive, np.asarray(said, np.float64), shuffled)


def write_leak(run: Path, leak: Leak) -> None:
    """Keep a control in the folder of the run.

    Raises:
        OutputError: The folder is not writable or the disk is full.
    """
    stream = io.BytesIO()
    patient = leak.patient.astype(np.str_)
    np.savez_compressed(
        stream, patient=patient, positive=leak.positive, probability=leak.probability
    )
    write_bytes(run / FILES[leak.shuffled], stream.getvalue())


def read_leaks(run: Path) -> tuple[Leak, ...]:
    """The controls that were run.

    Raises:
        ConfigError: A file is damaged.
    """
    found = []
    for shuffled, name in FILES.items():
        path = run / name
        if not path.is_file():
            continue
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                patient = arrays["patient"].astype(object)
                positive = arrays["positive"].astype(bool)
                leak = Leak(patient, positive, arrays["probability"], shuffled)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigError(f"{path}: is damaged; run the control again") from error
        found.append(leak)
    return tuple(found)
