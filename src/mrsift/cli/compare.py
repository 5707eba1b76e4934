"""`mrsift compare`: two models on the same volumes, in pairs."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import existing_path, positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import standard_output
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.evaluate.paired import Comparison
    from mrsift.evaluate.predictions import Predictions
    from mrsift.export.evaluation_run import Run

SUMMARY = "is one model better than another on the same volumes?"
DESCRIPTION = """\
Compares two runs, volume by volume: differences in accuracy, balanced accuracy, macro F1 and
kappa with 95 % intervals by patient, and McNemar's exact test. Both must have answered the
same volumes. Each look at a test split is written down beside the data."""
EPILOG = """\
exit status: 0 done, 1 an output could not be written, 2 wrong usage, no predictions or
different volumes, 130 Ctrl-C. Research use only; not a medical device."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    for name in ("first", "second"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            type=existing_path,
            help=f"{name} run folder, or a predictions.parquet",
        )
    parser.add_argument(
        "--split",
        choices=("test", "validation", "train"),
        help="split to compare (default: test, or all volumes where there are no splits)",
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


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Compare, write the report, then print it.

    Raises:
        MrsiftError: Wrong usage, different volumes, or an output that cannot be written.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.evaluate.paired import compare
    from mrsift.export.evaluation_run import open_run

    if arguments.out is not None:
        from mrsift.export.comparison import NUMBERS
        from mrsift.export.evaluation import check_report_folder

        check_report_folder(arguments.out, NUMBERS)
    runs = [open_run(path) for path in (arguments.first, arguments.second)]
    split = arguments.split or _split_of(runs[0].predictions)
    parts = [_rows(opened, split) for opened in runs]
    first, second = parts
    found = compare(first, second, split, draws=arguments.draws, seed=arguments.seed)
    honesty = _record(runs, parts, split)
    names = _names(runs)
    if arguments.out is not None:
        from mrsift.export.comparison import write_comparison

        write_comparison(arguments.out, found, names, honesty)
    _print(found, names, honesty)
    return ExitStatus.DONE


def _split_of(predictions: "Predictions") -> str:
    from mrsift.evaluate.cases import UNSPLIT, split_rows

    return "test" if "test" in split_rows(predictions.split) else UNSPLIT


def _rows(opened: "Run", split: str) -> "Predictions":
    from mrsift.evaluate.cases import split_rows

    found = split_rows(opened.predictions.split)
    if split not in found:
        raise ConfigError(
            f"{opened.path}: has no volume of the split {split!r}; it has {', '.join(found)}"
        )
    return opened.predictions.rows(found[split])


def _names(runs: "list[Run]") -> tuple[str, str]:
    """Names that tell the two apart."""
    first, second = (opened.name for opened in runs)
    if first == second:
        first, second = (str(opened.path) for opened in runs)
    return first, second


def _record(runs: "list[Run]", parts: "list[Predictions]", split: str) -> tuple[str, ...]:
    from mrsift.evaluate.cases import UNSPLIT
    from mrsift.export.evaluation import looks_words
    from mrsift.export.evaluation_ledger import Look, record
    from mrsift.export.evaluation_run import set_sha256

    if split not in ("test", UNSPLIT):
        return (f"These are volumes of the {split} split, which the models were tuned on.",)
    looks = [
        record(opened, Look("compare", set_sha256(part), len(part)))
        for opened, part in zip(runs, parts, strict=True)
    ]
    return looks_words(max(looks, key=lambda look: look.times), split)


def _print(found: "Comparison", names: tuple[str, str], honesty: tuple[str, ...]) -> None:
    if sys.stdout is None:
        return
    with standard_output():
        from mrsift.export.evaluation_terminal import print_comparison
        from mrsift.export.terminal import open_console

        console = open_console(sys.stdout)
        with console.capture() as text:  # rich would end the process at a broken pipe
            print_comparison(found, names, honesty, console)
        sys.stdout.write(text.get())
