"""`mrsift classify permute`: what the same procedure finds when there is nothing to find."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import tell
from mrsift.cli.watch import require_training, watching
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.classify.study_run import StudyRun
    from mrsift.evaluate.study_evidence import Permutation
    from mrsift.train.watch import Watch

SUMMARY = "shuffle the labels over the patients, and fit again"
DESCRIPTION = """\
Shuffles the labels over the patients many times and fits again each time: the heads of the run's
networks on their frozen features, or with --retrain every network from its start. What is found
then is chance. Shuffles are kept in the run; the same command goes on with a test that was cut
off, and more --times adds to those that are there. mrsift evaluate shows the result."""
EPILOG = """\
exit status: 0 done, 1 the run could not be written, 2 wrong usage or run, 130 Ctrl-C (the same
command goes on)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("run", metavar="RUN", type=existing_path, help="folder of mrsift train")
    parser.add_argument(
        "--times",
        metavar="N",
        type=positive_number,
        default=199,
        help="shuffles; p cannot be below 1/(N+1) (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of the shuffles (default: %(default)s)"
    )
    parser.add_argument(
        "--retrain",
        action="store_true",
        help="train every network anew for each shuffle; takes as long as so many runs",
    )
    add_preparation(parser)


def add_preparation(parser: argparse.ArgumentParser) -> None:
    """Options of every control that trains."""
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        help="prepared patients, where something trains (default: those of the run)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="patients prepared at the same time (default: one per CPU, at most 16)",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Shuffle, fit, keep, and say what was found.

    Raises:
        MrsiftError: Wrong usage or run, or a run that cannot be written.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.classify.study_run import open_study_run

    if arguments.retrain:
        require_training()
    folder = open_study_run(arguments.run)
    with watching() as watch:
        if arguments.retrain:
            from mrsift.classify.retrain import permute_retrained, prepare_controls

            control = prepare_controls(folder, arguments.cache, arguments.jobs, watch)
            found = permute_retrained(control, arguments.times, arguments.seed, watch)
        else:
            found = _frozen(folder, arguments.times, arguments.seed, watch)
    band = found.band
    tell(
        f"{len(found.areas)} shuffles: AUC {band.low:.3f} to {band.high:.3f} (95 %); labels as they"
        f" are: {found.observed:.3f}, p = {found.p:.4f}, not below {found.floor:.4f}"
    )
    return ExitStatus.DONE


def _frozen(folder: "StudyRun", times: int, seed: int, watch: "Watch") -> "Permutation":
    """Heads on the features of the run."""
    import numpy as np

    from mrsift.classify.frozen import read_features
    from mrsift.classify.heads import make_heads
    from mrsift.classify.permutation import PermutationFile, begin, observed_area, permute_heads
    from mrsift.evaluate.predictions import read_predictions

    predictions = read_predictions(folder.folder.predictions)
    names = list(predictions.names)
    label = {
        patient: names.index(name)
        for patient, name in zip(predictions.patient, predictions.label, strict=True)
        if name in names
    }
    frozen = read_features(folder.features)
    labelled = np.array([name in label for name in frozen.patients], bool)
    if not labelled.any():
        raise ConfigError(f"{folder.features}: no patient of it has a label in the predictions")
    heads = make_heads(frozen, labelled)
    y_true = np.array([label[name] for name in heads.patients], np.intp)
    keep = PermutationFile(folder.folder.path, "frozen")
    begun = begin(keep, observed_area(heads, y_true, len(names)), seed)
    return permute_heads(heads, y_true, len(names), begun, (keep, times, watch))
