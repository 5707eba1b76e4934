"""Our volumes beside those of dcm2niix and highdicom, on public scanner files.

    python -m bench.conformance                 # prints the table
    python -m bench.conformance --write         # and writes docs/reference/conformance.md

Every file set of `../shared/data` is read three times: by `mrsift.load_volumes` out of its
zip, by dcm2niix out of a folder, and, volume by volume, by highdicom. Volumes are compared in
world coordinates; names, orders and flips do not matter. A difference that is meant is a row
of `tests/conformance/differences.toml`.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import dcm2niix

from bench.judges import (
    AFFINE_TOLERANCE_MM,
    DCM2NIIX_OPTIONS,
    ORIENTATION_TOLERANCE,
    Difference,
    Result,
    examine,
)

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
DIFFERENCES = ROOT / "tests" / "conformance" / "differences.toml"
PAGE = ROOT / "docs" / "reference" / "conformance.md"
COMMAND = "python -m bench.conformance --write"


def file_sets() -> list[Path]:
    """The zips of vendor fixtures and prostate exams."""
    return sorted([*(SHARED / "dicom").glob("*.zip"), *(SHARED / "prostate/dicom").glob("*.zip")])


def intended() -> dict[Difference, str]:
    """The allow-list: difference -> reason."""
    rows = tomllib.loads(DIFFERENCES.read_text())["difference"]
    return {
        Difference(row["file_set"], row["series"], row["judge"], row["kind"], row["count"]): row[
            "reason"
        ]
        for row in rows
    }


def page(results: Iterable[Result]) -> str:
    """The documentation page, as Markdown."""
    results = list(results)
    reasons = intended()
    lines = [
        "# Conformance with dcm2niix and highdicom",
        "",
        f"Made by `{COMMAND}` with mrsift, dcm2niix {dcm2niix.__version__}"
        f" (`{' '.join(DCM2NIIX_OPTIONS)}`), highdicom {version('highdicom')} and pydicom"
        f" {version('pydicom')}; the tests run the same comparison. The data are public:"
        " the dcm_qa vendor fixtures, nibabel's test files, PROSTATEx and Prostate-3T.",
        "",
        "Volumes are compared in world coordinates: same voxels, and corners of the grid within"
        f" {AFFINE_TOLERANCE_MM:g} mm. 4D files of dcm2niix are taken apart. highdicom is asked"
        " about each volume of at least two classic files, and of one whole enhanced file, with a"
        f" tolerance of {ORIENTATION_TOLERANCE:g} on direction cosines.",
        "",
        "| file set | volumes | dcm2niix | agree | highdicom asked | agree | largest step, mm |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r.file_set} | {r.ours} | {r.dcm2niix} | {r.dcm2niix_agrees} |"
        f" {r.highdicom_asked} | {r.highdicom_agrees} | {r.largest_affine_mm:.1e} |"
        for r in results
    ]
    lines += [
        "",
        "## Where we differ on purpose",
        "",
        "| file set | series | judge | difference | volumes | why |",
        "|---|---:|---|---|---:|---|",
    ]
    lines += [
        f"| {d.file_set} | {d.series} | {d.judge} | {d.kind} | {d.count} |"
        f" {reasons.get(d, 'NOT EXPLAINED')} |"
        for result in results
        for d in result.differences
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the comparison; 1 where a difference is new or an explained one is gone."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--write", action="store_true", help="write the documentation page")
    parser.add_argument("--only", help="one file set, by its name")
    parser.add_argument("--verbose", action="store_true", help="show what the judges said")
    options = parser.parse_args()
    chosen = [path for path in file_sets() if options.only in (None, path.stem)]
    results = [examine(path) for path in chosen]
    text = page(results)
    sys.stdout.write(text)
    if options.verbose:
        for result in results:
            sys.stdout.writelines(f"{result.file_set}: {said}\n" for said in result.messages)
    if options.write and options.only is None:
        PAGE.write_text(text)
    seen = {difference for result in results for difference in result.differences}
    names = {result.file_set for result in results}
    return int(seen != {row for row in intended() if row.file_set in names})


if __name__ == "__main__":
    sys.exit(main())
