"""What verbs that train share: the libraries they need, and lines with a bar below them."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from mrsift.cli.streams import tell
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from mrsift.train.watch import Watch

NEEDED = ("torch", "lightning", "pyarrow", "matplotlib", "safetensors", "tensorboard")


def require_training(*also: str) -> None:
    """Refuses to start where a library is missing, before any of them takes time to load.

    Args:
        also: Libraries that this verb needs beside those of training.

    Raises:
        ConfigError: Which, and how to get them.
    """
    missing = [name for name in (*NEEDED, *also) if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{', '.join(missing)} not installed, which training needs: pip install 'mrsift[train]'"
        )


def command_line() -> str:
    """The command as it was typed, for the record of a run."""
    return shlex.join(["mrsift", *sys.argv[1:]])


@contextmanager
def watching() -> Iterator["Watch"]:
    """Lines go to standard error; on a terminal, a bar with the time left stands below them."""
    from mrsift.train.watch import Watch

    if sys.stderr is None or not sys.stderr.isatty():
        yield Watch(say=tell)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def progress(doing: str, done: int, total: int | None) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        def say(line: str) -> None:
            bar.console.print(f"mrsift: {line}", markup=False, highlight=False)

        yield Watch(say=say, progress=progress)
