"""Standard output and standard error, when they are closed, full, or a pipe nobody reads."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from mrsift.errors import OutputError


def never_fail_on_text() -> None:
    """Let both streams escape what their encoding cannot say, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def tell(message: str) -> None:
    """Print one line about the run on standard error."""
    if sys.stderr is not None:
        print(f"mrsift: {message}", file=sys.stderr)


@contextmanager
def standard_output() -> Iterator[None]:
    """Inside, standard output is written; a reader that left early, e.g. `head`, is no error.

    Raises:
        OutputError: It cannot be written, e.g. a full disk behind a redirection.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        raise OutputError(f"standard output: {error.strerror}") from error


def _silence() -> None:
    """Send what is still in the buffer nowhere, or Python fails on it again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
