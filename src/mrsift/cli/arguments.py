"""Checks of arguments that several verbs take, made before any work is done."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from mrsift.errors import ConfigError
from mrsift.export.output_file import check_writable

STDOUT = Path("-")


def existing_path(text: str) -> Path:
    """An argument that must name something on disk.

    Raises:
        argparse.ArgumentTypeError: It does not.
    """
    path = Path(text)
    if not os.path.lexists(path):
        raise argparse.ArgumentTypeError(f"{text}: no such file or folder; check the path")
    return path


def bundle_path(text: str) -> Path:
    """An argument that names a bundle: one that comes with mrsift, a folder, or a file.

    Raises:
        argparse.ArgumentTypeError: There is none of that name.
    """
    from mrsift.bundle import SHIPPED, shipped_bundle_path

    if text in SHIPPED and not os.path.lexists(text):
        return shipped_bundle_path(text)
    return existing_path(text)


def positive_number(text: str) -> int:
    """An argument that counts something.

    Raises:
        argparse.ArgumentTypeError: It is no whole number from 1.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return number


def volume_and_label(text: str) -> tuple[str, str]:
    """An argument `VOLUME_ID=LABEL`.

    Raises:
        argparse.ArgumentTypeError: One of the two is missing.
    """
    volume_id, _, label = (part.strip() for part in text.partition("="))
    if not volume_id or not label:
        raise argparse.ArgumentTypeError(f"{text!r} is not VOLUME_ID=LABEL")
    return volume_id, label


def add_corrections_argument(parser: argparse.ArgumentParser) -> None:
    """The option of every verb that honours corrections."""
    parser.add_argument(
        "--corrections",
        metavar="FILE",
        type=Path,
        help="table of corrected labels, instead of mrsift-corrections.csv beside the studies",
    )


def check_outputs(outputs: Sequence[Path | None], inputs: Sequence[Path]) -> None:
    """Refuse outputs that cannot be written or would hide each other or an input.

    Args:
        outputs: None where not asked for, `-` for standard output.
        inputs: Existing paths.

    Raises:
        ConfigError: What is wrong with one of them.
    """
    read = {path.resolve() for path in inputs}
    written: set[Path] = set()
    for path in outputs:
        if path is None or path == STDOUT:
            continue
        check_writable(path)
        target = path.resolve()
        if target in read:
            raise ConfigError(f"{path}: is an input and would be overwritten; choose another name")
        if target in written and (target.is_file() or not target.exists()):
            raise ConfigError(f"{path}: is named for two outputs; choose another name")
        written.add(target)
