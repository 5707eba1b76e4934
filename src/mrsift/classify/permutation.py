"""Labels shuffled over patients, and what the same procedure then finds: nothing, if it is honest.

`permutation-frozen.json` and `permutation-retrained.json` of a run keep every shuffle, so that a
test that was cut off, or shall have more shuffles, goes on. Shuffle number k is the same one
whenever it is made.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mrsift import __version__
from mrsift.classify.heads import Heads, head_scores, mean_area
from mrsift.errors import ConfigError
from mrsift.evaluate.study_evidence import Permutation
from mrsift.export.output_file import write_text
from mrsift.train.watch import Watch

How = Literal["frozen", "retrained"]
SCHEMA: Final = "mrsift.permutation/1"

SAVE_EVERY = 20
"""Shuffles of heads between two writes; a shuffle that trains is written at once."""


@dataclass(frozen=True, slots=True)
class PermutationFile:
    """Where the shuffles of one kind are kept.

    Attributes:
        run: Folder of the run.
        how: What is done anew for each shuffle.
    """

    run: Path
    how: How

    @property
    def path(self) -> Path:
        """The file; it may not be there."""
        return self.run / f"permutation-{self.how}.json"

    def read(self) -> Permutation | None:
        """What is there; None where there is nothing.

        Raises:
            ConfigError: It is damaged.
        """
        try:
            said = json.loads(self.path.read_text("utf-8"))
            if said["schema"] != SCHEMA:
                raise KeyError(said["schema"])
            areas = np.array(said["areas"], np.float64)
            return Permutation(areas, float(said["observed"]), self.how, int(said["seed"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{self.path}: is damaged; remove it and permute again") from error

    def write(self, found: Permutation) -> None:
        """Replace what is there.

        Raises:
            OutputError: The folder is not writable or the disk is full.
        """
        said = {
            "schema": SCHEMA,
            "mrsift_version": __version__,
            "how": found.how,
            "seed": found.seed,
            "observed": found.observed,
            "p": found.p,
            "floor": found.floor,
            "areas": found.areas.tolist(),
        }
        write_text(self.path, json.dumps(said, indent=1) + "\n")


def shuffled(y_true: NDArray[np.intp], seed: int, number: int) -> NDArray[np.intp]:
    """Labels dealt out anew over the patients, how many there are of each unchanged.

    Args:
        y_true: Shape (patients,).
        seed: Of the test.
        number: Of the shuffle, from 0.
    """
    return np.random.default_rng([seed, number]).permutation(y_true)


def permute_heads(
    heads: Heads,
    y_true: NDArray[np.intp],
    labels: int,
    begun: Permutation,
    file: tuple[PermutationFile, int, Watch],
) -> Permutation:
    """Refit the heads under shuffled labels until there are enough shuffles.

    Args:
        heads: Of the run.
        y_true: Shape (patients,), labels as they are.
        labels: How many there are.
        begun: Shuffles that are there, may be none.
        file: Where they are kept, how many there shall be, and who watches.

    Raises:
        OutputError: They cannot be written.
    """
    keep, times, watch = file
    areas = begun.areas.tolist()
    found = begun
    while len(areas) < times:
        watch.progress("shuffling labels", len(areas), times)
        mixed = shuffled(y_true, begun.seed, len(areas))
        areas.append(observed_area(heads, mixed, labels))
        if len(areas) % SAVE_EVERY == 0 or len(areas) == times:
            found = Permutation(np.array(areas), begun.observed, begun.how, begun.seed)
            keep.write(found)
    return found


def observed_area(heads: Heads, y_true: NDArray[np.intp], labels: int) -> float:
    """AUC of heads fitted to these labels, on patients that they did not learn from.

    Args:
        heads: Of the run.
        y_true: Shape (patients,).
        labels: How many there are.
    """
    tested = heads.tested
    return mean_area(head_scores(heads, y_true, labels)[tested], y_true[tested])


def begin(file: PermutationFile, observed: float, seed: int) -> Permutation:
    """What there is of the same test, or an empty one.

    Args:
        file: Where it is kept.
        observed: AUC with the labels as they are, by the same procedure.
        seed: Of the shuffles.
    """
    there = file.read()
    same = there is not None and there.seed == seed and abs(there.observed - observed) < 1e-6
    if there is not None and same:
        return there
    return Permutation(np.empty(0), observed, file.how, seed)


def read_permutation(run: Path) -> Permutation | None:
    """The test that the report shows: trained anew where that was done often enough.

    Raises:
        ConfigError: A file is damaged.
    """
    found = {how: PermutationFile(run, how).read() for how in get_args(How)}
    retrained = found["retrained"]
    if retrained is not None and len(retrained.areas) >= SAVE_EVERY - 1:
        return retrained
    frozen = found["frozen"]
    return frozen if frozen is not None and len(frozen.areas) else None
