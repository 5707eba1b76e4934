"""`mrsift classify predict`: what the networks of a run say of new patients."""

import argparse
import os
import tempfile
from pathlib import Path

from mrsift.cli.arguments import check_outputs, existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.watch import require_training, watching

SUMMARY = "one value for each new patient, by all networks of a run"
DESCRIPTION = """\
Finds the sequences of every patient as the run's own cohort was found, prepares them alike, asks
every network of the run, and writes two columns: patient and value. The value is what the recipe
aggregates, e.g. a share of slices: neither an accuracy, nor a probability that anyone checked."""
EPILOG = """\
Research use only; not a medical device.
exit status: 0 done (who was left out is said), 1 an output could not be written, 2 wrong usage, run
or data, 130 Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("run", metavar="RUN", type=existing_path, help="folder of mrsift train")
    parser.add_argument(
        "data", metavar="DATA", type=existing_path, help="folder of patients, or cohort.parquet"
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="CSV with patient and value"
    )
    parser.add_argument(
        "--details",
        metavar="FILE",
        type=Path,
        help="CSV with calibrated probabilities, set of labels, spread, and who was left out",
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        help="keep prepared patients there (default: a temporary folder)",
    )
    parser.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="patients prepared at the same time (default: one per CPU, at most 16)",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Find, prepare, ask, write.

    Raises:
        MrsiftError: Wrong usage, run or data, or an output that cannot be written.
    """
    check_outputs([arguments.out, arguments.details], [arguments.run, arguments.data])
    require_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # patients are prepared side by side
    from mrsift.classify.new_patients import find_patients
    from mrsift.classify.predict import details_csv, predict_studies, submission_csv
    from mrsift.classify.study_run import open_study_run
    from mrsift.export.output_file import write_text

    folder = open_study_run(arguments.run)
    layout = folder.folder.dataset().facts.get("cohort", "")
    with watching() as watch, tempfile.TemporaryDirectory(prefix="mrsift-") as temporary:
        dataset = find_patients(arguments.data, layout, arguments.jobs, watch)
        cache = arguments.cache or Path(temporary)
        predicted = predict_studies(folder, dataset, cache, arguments.jobs, watch)
        write_text(arguments.out, submission_csv(predicted))
        if arguments.details is not None:
            write_text(arguments.details, details_csv(predicted))
        watch.say(f"{len(predicted.patients)} patients by {predicted.networks} networks")
    return ExitStatus.DONE
