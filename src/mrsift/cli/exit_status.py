"""How `mrsift` ends, for scripts; the table is in `docs/reference/cli.md`."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit status of every verb.

    Attributes:
        DONE: Everything that could be read was worked on; what was skipped is listed.
        NOT_WRITTEN: An output could not be written, e.g. the disk is full.
        USAGE: Wrong usage: an unknown option, a missing path, a bad profile or bundle.
        NOTHING_READABLE: No MR volume was found.
        SKIPPED_MR: With `--strict`: an MR file had to be skipped.
        CHECK_FAILED: `dataset check` found an error; `dataset index --strict`: a label or a
            volume did not fit.
        INTERRUPTED: Ctrl-C.
    """

    DONE = 0
    NOT_WRITTEN = 1
    USAGE = 2
    NOTHING_READABLE = 3
    SKIPPED_MR = 4
    CHECK_FAILED = 5
    INTERRUPTED = 130
