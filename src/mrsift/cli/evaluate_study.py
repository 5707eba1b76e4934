"""`mrsift evaluate` for a run on studies: one row is one patient."""

import argparse
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.streams import standard_output, tell
from mrsift.cli.watch import require_training, watching
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.evaluate.study import StudyEvaluation
    from mrsift.evaluate.study_evidence import StudyEvidence
    from mrsift.export.evaluation_ledger import Looks
    from mrsift.export.evaluation_run import Run


def is_study_run(path: Path) -> bool:
    """Whether a folder is a run on studies: its recipe has a section `[study]`."""
    try:
        return "study" in tomllib.loads((path / "recipe.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return False


def run_study(arguments: argparse.Namespace) -> ExitStatus:
    """Evaluate by patient, write the report, print the result.

    Raises:
        MrsiftError: Wrong usage, a run that is damaged, or an output that cannot be written.
    """
    from mrsift.evaluate.study import evaluate_study
    from mrsift.export.study_report import write_study_report

    if len(arguments.run) > 1:
        raise ConfigError("a run on studies holds all of its folds; give one RUN")
    if arguments.saliency:
        raise ConfigError(
            "--saliency is of single volumes; of a patient: mrsift classify explain RUN PATIENT"
        )
    opened, evidence = _open(arguments)
    found = evaluate_study(opened.predictions, evidence, draws=arguments.draws, seed=arguments.seed)
    looks = _record(opened, found)
    if arguments.out is not None:
        write_study_report(arguments.out, opened, found, looks)
        if arguments.data is not None:
            from mrsift.evaluate.predictions import write_predictions
            from mrsift.export.evaluation_run import PREDICTIONS

            write_predictions(opened.predictions, arguments.out / PREDICTIONS)
    _print(opened, found, looks)
    return ExitStatus.DONE


def _open(arguments: argparse.Namespace) -> "tuple[Run, StudyEvidence]":
    """The run's own patients, or those of another cohort, answered now."""
    from mrsift.classify.evidence import read_evidence
    from mrsift.classify.study_run import open_study_run
    from mrsift.export.evaluation_run import PREDICTIONS, Run, open_run

    path = Path(arguments.run[0])
    if arguments.data is None:
        opened = open_run(path)
        return opened, read_evidence(open_study_run(path), opened.predictions)
    require_training()
    from mrsift.classify.elsewhere import predict_cohort

    with watching() as watch, tempfile.TemporaryDirectory(prefix="mrsift-") as temporary:
        predictions, evidence = predict_cohort(
            open_study_run(path), arguments.data, Path(temporary), watch
        )
    facts = {
        "model": path.resolve().name,
        "data": str(arguments.data.resolve()),
        "tuned_on": f"see {path}",
    }
    kept = arguments.data if arguments.out is None else arguments.out / PREDICTIONS
    return Run(kept, None, predictions, facts), evidence


def _record(opened: "Run", found: "StudyEvaluation") -> "Looks | None":
    """Write the look down, before anything of it is shown."""
    from mrsift.evaluate.cases import UNSPLIT, split_rows
    from mrsift.export.evaluation_ledger import Look, record
    from mrsift.export.evaluation_run import set_sha256

    split = found.whole.headline
    if split not in ("test", UNSPLIT):
        return None
    test = opened.predictions.rows(split_rows(opened.predictions.split)[split])
    looks = record(opened, Look("evaluate", set_sha256(test), len(test)))
    for problem in looks.not_written:
        tell(f"that the test patients were scored could not be written down: {problem}")
    return looks


def _print(opened: "Run", found: "StudyEvaluation", looks: "Looks | None") -> None:
    if sys.stdout is None:
        return
    with standard_output():
        from mrsift.export.study_terminal import print_study
        from mrsift.export.terminal import open_console

        console = open_console(sys.stdout)
        with console.capture() as text:  # rich would end the process at a broken pipe
            print_study(found, opened, looks, console)
        sys.stdout.write(text.get())
