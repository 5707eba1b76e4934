"""`mrsift view`: identifies, then serves the report with a viewer, on this computer only."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mrsift.cli.arguments import (
    add_corrections_argument,
    bundle_path,
    existing_path,
    positive_number,
)
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.progress import progress_bar
from mrsift.cli.streams import standard_output, tell
from mrsift.errors import ConfigError

if TYPE_CHECKING:
    from socket import socket

    from mrsift.infer.identify import IdentifyOptions

SUMMARY = "look at volumes in a browser, and confirm or correct their labels"
DESCRIPTION = """\
Names every volume as identify does, then shows them in a browser: to scroll, side by side with
one cursor, and to be confirmed or corrected with one key. Only this computer can open the page,
with the address that is printed; nothing is sent elsewhere. Images are never changed."""
EPILOG = """\
Ctrl-C ends it. exit status: 0 ended, 2 wrong usage, 3 nothing readable, 130 Ctrl-C before the
address was printed.
Research use only; not a medical device."""

LAST_PORT = 65535


def port_number(text: str) -> int:
    """An argument that names a port.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    port = positive_number(text)
    if port > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; ports end at {LAST_PORT}")
    return port


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments; `docs/reference/cli.md` explains each."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=existing_path, help="folder, file or archive"
    )
    parser.add_argument(
        "--profile", metavar="NAME", default="auto", help="as in mrsift identify (default: auto)"
    )
    parser.add_argument(
        "--evidence",
        choices=("both", "pixels", "header"),
        default="both",
        help="as in mrsift identify (default: both)",
    )
    parser.add_argument("--model", metavar="BUNDLE", type=bundle_path, help="as in mrsift identify")
    add_corrections_argument(parser)
    parser.add_argument("--jobs", metavar="N", type=positive_number, help="as in mrsift identify")
    parser.add_argument(
        "--port", metavar="N", type=port_number, default=0, help="port (default: a free one)"
    )


def run(arguments: argparse.Namespace) -> ExitStatus:
    """Identify, print the address, serve until Ctrl-C.

    Raises:
        MrsiftError: Wrong usage.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        import fastapi  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(f"{error.name} is missing; pip install 'mrsift[view]'") from error
    from mrsift.export.output_file import check_writable
    from mrsift.infer.identify import IdentifyOptions
    from mrsift.serve.listen import open_port

    corrections: Path | None = arguments.corrections
    if corrections is not None:
        check_writable(corrections)
    options = IdentifyOptions(
        profile=arguments.profile,
        evidence=arguments.evidence,
        model=arguments.model,
        jobs=arguments.jobs,
        previews=True,
        corrections=corrections,
        corrections_to_be_made=True,
    )
    with open_port(arguments.port) as listening:  # before the work, in case it is in use
        return _serve(arguments.paths, options, corrections, listening)


def _serve(
    paths: list[Path], options: "IdentifyOptions", corrections: Path | None, listening: "socket"
) -> ExitStatus:
    from mrsift.bundle import default_bundle_path
    from mrsift.infer import runtime
    from mrsift.infer.identify import identify_and_scan
    from mrsift.serve.app import make_app
    from mrsift.serve.explain import Explainer
    from mrsift.serve.guard import Guard
    from mrsift.serve.listen import serve
    from mrsift.serve.reading import Reading

    with progress_bar() as on_progress:
        report, found = identify_and_scan(paths, options, on_progress=on_progress)
    report = replace(report, studies=tuple(one for one in report.studies if one.predictions))
    if not report.studies:
        tell(f"no MR volume could be read; files skipped: {len(report.skipped)}")
        return ExitStatus.NOTHING_READABLE
    bundle = options.model or default_bundle_path()
    uses_pixels = options.evidence != "header"
    explainer = Explainer(found.read, (lambda: runtime.start(bundle, 1)) if uses_pixels else None)
    guard = Guard(listening.getsockname()[1])
    app = make_app(Reading(report, found, options, corrections), explainer, guard)
    with standard_output():
        print(f"Open {guard.address}", flush=True)
    if sys.stderr is not None:
        tell("whoever has this address can see the images while this runs; Ctrl-C ends it")
    serve(app, listening, explainer.stop)
    return ExitStatus.DONE
