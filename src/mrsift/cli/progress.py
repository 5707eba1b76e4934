"""A bar on standard error while a verb works, on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how much is done, and how much there is (None: not known)."""


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """A function to call as the work goes on; None where nobody watches."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def tell(doing: str, done: int, total: int | None) -> None:
            bar.update(task, description=doing, completed=done, total=total)

        yield tell
