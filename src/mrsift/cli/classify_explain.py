"""`mrsift classify explain`: one patient, and what the answer rests on."""

import argparse
import os
import tempfile
from pathlib import Path

from mrsift.cli.arguments import check_outputs, existing_path
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.watch import require_training, watching

SUMMARY = "one patient: what the networks say, and what that rests on"
DESCRIPTION = """\
Writes a page about one patient: the sequences side by side, the patient's value and what it is,
votes or attention slice by slice, where the networks look with a check that this was learnt, and
where they waver. The networks that did not learn from the patient are asked."""
EPILOG = """\
The page has pictures of a head: a face can be reconstructed from them. Research use only; not a
medical device.
exit status: 0 done, 1 an output could not be written, 2 wrong usage, run or patient, 130 Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The step's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("run", metavar="RUN", type=existing_path, help="folder of mrsift train")
    parser.add_argument("patient", metavar="PATIENT", help="name in the cohort, e.g. 00001")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="page, e.g. case.html"
    )
    parser.add_argument(
        "--data",
        metavar="DATA",
        type=existing_path,
        help="folder of patients or cohort.parquet (default: the run's own cohort)",
    )
    parser.add_argument(
        "--cache",
        metavar="FOLDER",
        type=Path,
        help="keep the prepared patient there (default: a temporary folder)",
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Prepare, ask, look, write.

    Raises:
        MrsiftError: Wrong usage, run or patient, or an output that cannot be written.
    """
    inputs = [path for path in (arguments.run, arguments.data) if path is not None]
    check_outputs([arguments.out], inputs)
    require_training()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from mrsift.classify.case_page import case_html
    from mrsift.classify.explain import explain_patient
    from mrsift.classify.new_patients import find_patients
    from mrsift.classify.study_run import open_study_run
    from mrsift.export.output_file import write_text

    opened = open_study_run(arguments.run)
    dataset = opened.folder.dataset()
    with watching() as watch, tempfile.TemporaryDirectory(prefix="mrsift-") as temporary:
        if arguments.data is not None:
            layout = dataset.facts.get("cohort", "")
            dataset = find_patients(arguments.data, layout, None, watch)
        cache = arguments.cache or Path(temporary)
        case = explain_patient(opened, dataset, arguments.patient, cache, watch)
        write_text(arguments.out, case_html(case, arguments.run.resolve().name))
    return ExitStatus.DONE
