"""`mrsift dataset index` of patients: four sequences and one label each."""

import argparse
from pathlib import Path

from mrsift.cli.arguments import STDOUT, check_outputs
from mrsift.cli.dataset_output import print_dataset, write_findings
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import tell
from mrsift.errors import ConfigError

WITH_THE_DATA = ("folders", "corrections")


def add_cohort_arguments(parser: argparse.ArgumentParser) -> None:
    """How the sequences of a patient are found; `docs/reference/cli.md` explains each."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--layout",
        choices=("rsna-miccai",),
        help="folders of that challenge: a patient with FLAIR, T1w, T1wCE and T2w in each",
    )
    ways.add_argument(
        "--roles",
        choices=("brain", "prostate"),
        help="identify every study and take the volumes of these roles, whatever the folders",
    )
    parser.add_argument(
        "--keep-all",
        action="store_true",
        help="with --layout: also the patients whom the organisers advise to leave out",
    )


def is_cohort(arguments: argparse.Namespace) -> bool:
    """Whether patients are asked for, not volumes.

    Raises:
        ConfigError: An option does not fit.
    """
    if arguments.keep_all and not arguments.layout:
        raise ConfigError("--keep-all goes with --layout rsna-miccai; leave it out")
    if arguments.layout and arguments.corrections:
        raise ConfigError("--corrections goes with --roles: --layout trusts the folders")
    cohort = bool(arguments.layout or arguments.roles)
    if cohort and arguments.labels in WITH_THE_DATA:
        raise ConfigError(
            f"--labels {arguments.labels}: with --layout or --roles give a CSV of patients and "
            "labels, or leave it out"
        )
    return cohort


def index_cohort(arguments: argparse.Namespace) -> ExitStatus:
    """Find the sequences of every patient and write the cohort with its qualities.

    Raises:
        MrsiftError: Wrong usage, or an output that cannot be written.
    """
    from mrsift.dataset.cohort import NO_TABLE, few_patients, make_cohort, one_class
    from mrsift.dataset.counts import count_by_side
    from mrsift.dataset.quality import quality_path, write_quality
    from mrsift.dataset.study_labels import read_study_labels
    from mrsift.dataset.table import write_dataset

    table = None if arguments.labels is None else Path(arguments.labels)
    quality = quality_path(arguments.out)
    inputs = [path for path in (arguments.path, table, arguments.corrections) if path is not None]
    check_outputs([arguments.out, quality, arguments.json], inputs)
    labels = NO_TABLE
    if table is not None:
        labels = read_study_labels(table, numbered=arguments.layout is not None)
    facts = {"cohort": arguments.layout or arguments.roles, "cohort_quality": quality.name}
    with progress_bar() as shown:
        bar = shown or (lambda _doing, _done, _total: None)
        if arguments.layout:
            from mrsift.dataset.challenge import challenge_series

            found = challenge_series(arguments.path, bar, keep_all=arguments.keep_all)
        else:
            from mrsift.dataset.role_volumes import role_series
            from mrsift.infer.identify import IdentifyOptions

            options = IdentifyOptions(
                profile=arguments.roles, jobs=arguments.jobs, corrections=arguments.corrections
            )
            found = role_series(arguments.path, options, bar, labels.of)
        cohort = make_cohort(found, labels, facts, arguments.jobs, bar)
    rows = cohort.dataset.rows
    findings = [*cohort.findings, *one_class(rows), *few_patients(rows)]
    write_findings(findings, arguments.json, "mrsift.dataset_index/1")
    if cohort.quality:
        write_quality(cohort.quality, quality)
    if not rows:
        print_dataset([], findings, quiet=arguments.json == STDOUT)
        tell(f"no sequence of any patient could be read; {quality} says why")
        return ExitStatus.NOTHING_READABLE
    write_dataset(cohort.dataset, arguments.out)
    tables = [count_by_side(rows)]
    print_dataset(tables, findings, quiet=arguments.json == STDOUT)
    warned = any(finding.level != "note" for finding in cohort.findings)
    return ExitStatus.CHECK_FAILED if arguments.strict and warned else ExitStatus.DONE
