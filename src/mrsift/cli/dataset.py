"""`mrsift dataset`: index, split and check the data of an experiment."""

import argparse
from pathlib import Path

from mrsift.cli.arguments import (
    STDOUT,
    add_corrections_argument,
    check_outputs,
    existing_path,
    positive_number,
)
from mrsift.cli.cohort import add_cohort_arguments, index_cohort, is_cohort
from mrsift.cli.dataset_output import print_dataset, write_findings
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import tell
from mrsift.errors import ConfigError

SUMMARY = "label, split and check volumes for training"
DESCRIPTION = """\
Makes the table that training and evaluation read: every labelled volume, its patient, and
whether it is for training, validation or test."""
EPILOG = """\
exit status: 0 done, 1 an output could not be written, 2 wrong usage or no data set,
3 nothing readable, 5 check found an error, or --strict and something did not fit, 130 Ctrl-C."""
WITH_THE_DATA = ("folders", "corrections")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of each step; `docs/reference/cli.md` explains each."""
    steps = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    for add in (_add_index, _add_split, _add_check):
        add(steps)


def _add_index(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    step = _step(steps, "index", "find and label every volume below a path", _index)
    step.add_argument("path", metavar="PATH", type=existing_path, help="folder, file or archive")
    step.add_argument(
        "--labels",
        metavar="FILE",
        help="CSV or JSON that names volumes and their labels, also as mrsift identify writes"
        " them; or the word folders, where the folders in PATH are named by class, or the word"
        " corrections, for what was set by hand and nothing else; with --layout or --roles a CSV"
        " of patients and their labels, or none where all are to be predicted",
    )
    add_cohort_arguments(step)
    add_corrections_argument(step)
    step.add_argument("--out", metavar="FILE", type=Path, required=True, help="data.parquet")
    step.add_argument("--json", metavar="FILE", type=Path, help="write all that did not fit")
    step.add_argument(
        "--jobs",
        metavar="N",
        type=positive_number,
        help="volumes read at the same time (default: one per CPU, at most 8)",
    )
    step.add_argument(
        "--strict", action="store_true", help="exit with 5 if a label or a volume did not fit"
    )


def _add_split(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    step = _step(steps, "split", "put every patient on one side", _split)
    step.add_argument("data", metavar="DATA", type=existing_path, help="data.parquet")
    step.add_argument(
        "--by",
        choices=("patient",),
        default="patient",
        help="what is never torn apart (default: %(default)s, the only honest one)",
    )
    step.add_argument(
        "--ratios",
        metavar="A:B:C",
        type=_ratios,
        default=(8.0, 1.0, 1.0),
        help="train : validation : test (default: 8:1:1)",
    )
    step.add_argument(
        "--seed", metavar="N", type=int, default=0, help="same seed, same split (default: 0)"
    )
    kinds = step.add_mutually_exclusive_group()
    kinds.add_argument("--folds", metavar="K", type=positive_number, help="folds of equal size")
    kinds.add_argument(
        "--leave-out", choices=("site", "vendor", "model"), help="a fold for each value of this"
    )
    step.add_argument(
        "--test-fold",
        metavar="N",
        type=int,
        default=0,
        help="with folds: which is the test; from 0 (default: 0)",
    )


def _add_check(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    step = _step(steps, "check", "look for leaks, copies, imbalance and lost files", _check)
    step.add_argument("data", metavar="DATA", type=existing_path, help="data.parquet")
    step.add_argument("--read", action="store_true", help="read every volume again and compare")
    step.add_argument(
        "--json", metavar="FILE", type=Path, help="write findings; - for standard output"
    )
    step.add_argument(
        "--jobs", metavar="N", type=positive_number, default=2, help="volumes read at the same time"
    )


def _step(
    steps: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, does: str, work: object
) -> argparse.ArgumentParser:
    parser = steps.add_parser(
        name,
        help=does,
        description=f"{does.capitalize()}.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(step=work)
    return parser


def _ratios(text: str) -> tuple[float, float, float]:
    try:
        train, validation, test = (float(part) for part in text.split(":"))
    except ValueError:
        train = validation = test = -1.0
    if not (0 < train < 1e9 and 0 <= validation < 1e9 and 0 <= test < 1e9):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 8:1:1, with train above 0")
    return train, validation, test


def run(arguments: argparse.Namespace) -> ExitStatus:
    """The step that was asked for.

    Raises:
        MrsiftError: Wrong usage, no data set, or an output that cannot be written.
    """
    status: ExitStatus = arguments.step(arguments)
    return status


def _index(arguments: argparse.Namespace) -> ExitStatus:
    if is_cohort(arguments):
        return index_cohort(arguments)
    if arguments.labels is None:
        raise ConfigError(
            "--labels is missing: a table of volumes and their labels; or --layout or --roles for "
            "patients with one label each"
        )
    own_table = None if arguments.labels in WITH_THE_DATA else Path(arguments.labels)
    tables = [table for table in (own_table, arguments.corrections) if table is not None]
    check_outputs([arguments.out, arguments.json], [arguments.path, *tables])
    from mrsift.dataset.counts import count_by_side
    from mrsift.dataset.index import index_findings, index_folder, root_of
    from mrsift.dataset.labelling import relative_to_root
    from mrsift.dataset.table import write_dataset
    from mrsift.ingest.label_table import read_label_table

    rows = arguments.labels
    if own_table is not None:
        rows = relative_to_root(read_label_table(own_table), root_of(arguments.path), own_table)
    with progress_bar() as bar:
        index = index_folder(arguments.path, rows, arguments.jobs, bar, arguments.corrections)
    findings = index_findings(index)
    write_findings(findings, arguments.json, "mrsift.dataset_index/1")
    if not index.dataset.rows:
        print_dataset([], findings, quiet=arguments.json == STDOUT)
        if not index.labelling.volumes_without_label:
            tell(f"no labelled volume could be read; files skipped: {len(index.skipped)}")
            return ExitStatus.NOTHING_READABLE
        raise ConfigError(
            f"{arguments.labels}: no label met a volume of {arguments.path}; nothing was written. "
            f"The first volume is {index.labelling.volumes_without_label[0]}"
        )
    write_dataset(index.dataset, arguments.out)
    print_dataset([count_by_side(index.dataset.rows)], findings, quiet=arguments.json == STDOUT)
    warned = any(finding.level != "note" for finding in findings)
    return ExitStatus.CHECK_FAILED if arguments.strict and warned else ExitStatus.DONE


def _split(arguments: argparse.Namespace) -> ExitStatus:
    from mrsift.dataset.counts import class_of, count_by_side, count_table, fold_of
    from mrsift.dataset.finding import Finding
    from mrsift.dataset.split import SplitPlan, on_no_side, split_dataset, too_small
    from mrsift.dataset.table import read_dataset, write_dataset

    dataset = read_dataset(arguments.data)
    plan = SplitPlan(
        arguments.ratios, arguments.seed, arguments.folds, arguments.leave_out, arguments.test_fold
    )
    done = split_dataset(dataset, plan)
    write_dataset(done, arguments.data)
    tables = [count_by_side(done.rows)]
    if any(row.fold is not None for row in done.rows):
        column = arguments.leave_out
        line_of = fold_of
        if column is not None:
            line_of = lambda row: f"{fold_of(row)} {getattr(row, column) or 'unknown'}"  # noqa: E731
        tables.append(count_table("fold", done.rows, line_of, class_of))
    said = [*on_no_side(done), *too_small(done), Finding("note", "split", done.facts["split"])]
    print_dataset(tables, said, names_shown=None)
    return ExitStatus.DONE


def _check(arguments: argparse.Namespace) -> ExitStatus:
    check_outputs([arguments.json], [arguments.data])
    from mrsift.dataset.check import GROUPINGS, check_dataset
    from mrsift.dataset.counts import class_of, count_by_side, count_table
    from mrsift.dataset.table import read_dataset

    dataset = read_dataset(arguments.data)
    with progress_bar() as bar:
        findings = check_dataset(dataset, read=arguments.read, jobs=arguments.jobs, on_progress=bar)
    write_findings(findings, arguments.json, "mrsift.dataset_check/1")
    tables = [count_by_side(dataset.rows)]
    for name, value_of in GROUPINGS.items():
        if len({value_of(row) for row in dataset.rows}) > 1:
            tables.append(count_table(name, dataset.rows, value_of, class_of))
    print_dataset(tables, findings, quiet=arguments.json == STDOUT)
    failed = any(finding.level == "error" for finding in findings)
    return ExitStatus.CHECK_FAILED if failed else ExitStatus.DONE
