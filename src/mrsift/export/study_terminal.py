"""What `mrsift evaluate` prints of a run on patients."""

from rich.console import Console
from rich.text import Text

from mrsift.evaluate.study import StudyEvaluation
from mrsift.evaluate.study_caveats import study_caveats
from mrsift.export.evaluation_ledger import Looks
from mrsift.export.evaluation_run import Run
from mrsift.export.evaluation_terminal import print_table
from mrsift.export.study_tables import study_tables
from mrsift.export.study_words import (
    permutation_words,
    run_warnings,
    study_honesty,
    study_result,
    study_second,
)

SHOWN = ("side-by-side", "areas", "confounders")


def print_study(found: StudyEvaluation, run: Run, looks: Looks | None, console: Console) -> None:
    """The main result, what it does not show, and the tables behind it.

    Args:
        found: To be told.
        run: It is of.
        looks: How often the test patients were scored; None where they were not.
        console: Of `terminal.open_console`.
    """
    console.print(Text(study_result(found), "bold"))
    console.print(Text(study_second(found)))
    if said := permutation_words(found):
        console.print(Text(said))
    console.print(Text(" ".join(study_honesty(found, run, looks)), "dim"))
    for said in (*study_caveats(found), *run_warnings(run)):
        console.print(Text(f"! {said}", "yellow"))
    console.print()
    tables = study_tables(found)
    for name in SHOWN:
        if name in tables:
            print_table(tables[name], console)
