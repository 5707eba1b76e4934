"""`mrsift evaluate`: how right a model is, with intervals, as a report."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import existing_path, positive_number
from mrsift.cli.evaluate_study import is_study_run, run_study
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import standard_output, tell
from mrsift.cli.watch import require_training, watching
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.evaluate.summary import Evaluation
    from mrsift.export.evaluation_ledger import Looks
    from mrsift.export.evaluation_run import Run

SUMMARY = "tables, figures and a report of how right a model is"
DESCRIPTION = """\
Computes every table and figure from a run's predictions alone: confusion matrices, measures
per label with 95 % intervals by patient, calibration, prediction sets, out-of-distribution
scores, groups, readers. Each look at a test split is written down beside the data. With --data
the model answers for another data set first: external validation. Several runs are the folds of
a cross-validation: one report on the test volumes of all of them. A run on studies gets a report
on patients: whether there is signal, and how far chance alone reaches."""
EPILOG = """\
exit status: 0 done, 1 an output could not be written, 2 wrong usage or no predictions,
130 Ctrl-C. Research use only; not a medical device."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="+",
        help="run folder, or a predictions.parquet; one per fold of a cross-validation; with"
        " --data also a bundle, or default",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        type=existing_path,
        help="another data.parquet: what the model says of data that it never saw",
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="write the report there (default: print only)"
    )
    parser.add_argument(
        "--draws",
        metavar="N",
        type=positive_number,
        default=2000,
        help="draws of patients behind an interval (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of the draws (default: %(default)s)"
    )
    parser.add_argument(
        "--saliency",
        action="store_true",
        help="also show where the network looked at each error (Grad-CAM; needs torch)",
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="leave the galleries of volumes out"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Evaluate, write the report, then print the main tables.

    Raises:
        MrsiftError: Wrong usage, no predictions, or an output that cannot be written.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.evaluate.summary import evaluate

    if arguments.out is not None:
        from mrsift.export.evaluation import check_report_folder

        check_report_folder(arguments.out)
    if any(is_study_run(Path(name)) for name in arguments.run):
        return run_study(arguments)
    if arguments.saliency:
        _check_saliency(arguments)
    opened = _open(arguments)
    found = evaluate(opened.predictions, draws=arguments.draws, seed=arguments.seed)
    looks = _record(opened, found)
    if arguments.out is not None:
        _write(arguments, opened, found, looks)
    _print(opened, found, looks)
    return ExitStatus.DONE


def _check_saliency(arguments: argparse.Namespace) -> None:
    """Refuses what saliency cannot be made from, before any work is done."""
    require_training()
    if arguments.out is None or arguments.no_pictures:
        raise ConfigError("--saliency makes pictures for a report; give --out, not --no-pictures")
    one = len(arguments.run) == 1 and Path(arguments.run[0]).is_dir()
    if not one or arguments.data is not None:
        raise ConfigError("--saliency needs one run folder with its weights, on the run's own data")


def _open(arguments: argparse.Namespace) -> "Run":
    """The predictions of a run or of folds, or those made now of other data."""
    from mrsift.export.evaluation_run import PREDICTIONS, Run, open_run

    if arguments.data is None:
        paths = [Path(name) for name in arguments.run]
        for path in paths:
            if not path.exists():
                raise ConfigError(f"{path}: no such run or predictions; a bundle needs --data")
        if len(paths) == 1:
            return open_run(paths[0])
        from mrsift.export.evaluation_folds import pool_folds

        return pool_folds([open_run(path) for path in paths])
    if len(arguments.run) > 1:
        raise ConfigError("--data asks one model about other data; give one RUN")
    require_training()
    from mrsift.train.elsewhere import predict_elsewhere

    with watching() as watch:
        found = predict_elsewhere(arguments.run[0], arguments.data, watch)
    for line in found.unreadable:
        tell(line)
    facts = {
        "model": found.model,
        "data": str(arguments.data.resolve()),
        "tuned_on": found.tuned_on,
        "left_out": list(found.unreadable),
    }
    kept = arguments.data if arguments.out is None else arguments.out / PREDICTIONS
    return Run(kept, None, found.predictions, facts)


def _record(opened: "Run", found: "Evaluation") -> "Looks | None":
    """Write the look down, before anything of it is shown."""
    from mrsift.evaluate.cases import UNSPLIT, split_rows
    from mrsift.export.evaluation_ledger import Look, record
    from mrsift.export.evaluation_run import set_sha256

    if found.headline not in ("test", UNSPLIT):
        return None
    test = opened.predictions.rows(split_rows(opened.predictions.split)[found.headline])
    looks = record(opened, Look("evaluate", set_sha256(test), len(test)))
    for problem in looks.not_written:
        tell(f"that the test split was scored could not be written down: {problem}")
    return looks


def _write(
    arguments: argparse.Namespace, opened: "Run", found: "Evaluation", looks: "Looks | None"
) -> None:
    from mrsift.export.evaluation import Sources, write_report

    sources = Sources()
    if not arguments.no_pictures:
        from mrsift.dataset.pictures import picture_sources

        first = Path(arguments.run[0])
        own = (first if first.is_dir() else first.parent) / "data.parquet"
        sources = picture_sources(arguments.data or own)
    if arguments.saliency:
        from mrsift.evaluate.cases import split_rows
        from mrsift.train.explain import with_saliency
        from mrsift.train.run_folder import open_run as open_training

        main = opened.predictions.rows(split_rows(opened.predictions.split)[found.headline])
        sources = with_saliency(sources, open_training(Path(arguments.run[0])), main)
    write_report(arguments.out, opened, found, looks, sources)
    if opened.folder is None and "model" in opened.facts:
        from mrsift.evaluate.predictions import write_predictions
        from mrsift.export.evaluation_run import PREDICTIONS

        write_predictions(opened.predictions, arguments.out / PREDICTIONS)


def _print(opened: "Run", found: "Evaluation", looks: "Looks | None") -> None:
    if sys.stdout is None:
        return
    with standard_output():
        from mrsift.export.evaluation import honesty_words
        from mrsift.export.evaluation_terminal import print_evaluation
        from mrsift.export.terminal import open_console

        console = open_console(sys.stdout)
        with console.capture() as text:  # rich would end the process at a broken pipe
            print_evaluation(found, honesty_words(opened, found, looks), console)
        sys.stdout.write(text.get())
