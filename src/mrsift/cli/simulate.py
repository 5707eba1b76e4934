"""`mrsift simulate`: simulated studies as DICOM, with the truth about every volume."""

import argparse
import importlib.util
import sys
from pathlib import Path

from mrsift.cli.arguments import positive_number
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import standard_output
from mrsift.errors import ConfigError

SUMMARY = "write simulated studies as DICOM, with labels"
DESCRIPTION = """\
Writes studies that were simulated by the physics of MR, no patient involved: DICOM with
headers as makers write them, labels.csv, and a record from which any volume can be made
again. The same recipe and seed give the same bytes. What exists is never written over; the
same command goes on where it stopped, and a larger --studies adds to what is there."""
EPILOG = """\
shipped recipes: multi-site, prostate, brain, glioma.
exit status: 0 done, 1 an output could not be written, 2 wrong usage, 130 Ctrl-C."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument("recipe", metavar="RECIPE", help="TOML file, or name of a shipped recipe")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder; made where it is missing")
    parser.add_argument(
        "--studies",
        metavar="N",
        type=positive_number,
        required=True,
        help="how many in all",
    )
    parser.add_argument(
        "--seed", metavar="S", type=_seed, required=True, help="whole number from 0"
    )
    parser.add_argument(
        "--layout",
        choices=("study", "rsna-miccai"),
        default="study",
        help="one folder a study, or that of the RSNA-MICCAI challenge (default: %(default)s)",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a setting of the recipe, e.g. size.pixels=[64,64]; may be repeated",
    )


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Check the recipe, then write what is missing.

    Raises:
        MrsiftError: Wrong usage, or an output that cannot be written.
    """
    if importlib.util.find_spec("scipy") is None:
        raise ConfigError("simulating needs SciPy; pip install 'mrsift[train]'")
    from mrsift.simulate.data_set import write_data_set
    from mrsift.simulate.recipe import load_recipe

    recipe = load_recipe(arguments.recipe, arguments.set)
    with progress_bar() as bar:
        done = write_data_set(
            arguments.out,
            recipe,
            arguments.studies,
            arguments.seed,
            rsna=arguments.layout == "rsna-miccai",
            on_progress=bar,
        )
    if sys.stdout is not None:
        with standard_output():
            sys.stdout.write(
                f"{done.studies} studies ({done.made} new) of {done.patients} patients, "
                f"{done.volumes} volumes; labels: {done.labels}\n"
            )
    return ExitStatus.DONE
