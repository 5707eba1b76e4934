"""Time and peak memory of `mrsift identify` on an exam of 2,200 files and 100 volumes.

    python bench/large_exam.py [--files 2200] [--volumes 100] [--keep FOLDER]

The exam is made from ProstateX-0001 in ../shared/data: whole volumes are copied with new
UIDs and changed pixels until there are enough of both, all in one study.
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from mrsift.ingest import scan

SHARED = Path(__file__).parents[2] / "shared" / "data"
EXAM = SHARED / "prostate" / "dicom" / "ProstateX-0001.zip"
MEBIBYTE = 2**20


def copy_volume(files: list[bytes], folder: Path, number: int) -> None:
    """Writes one volume as a series of its own, with new UIDs and other pixels."""
    rng = np.random.default_rng(number)
    series_uid = generate_uid(entropy_srcs=["series", str(number)])
    study_uid = generate_uid(entropy_srcs=["study"])
    folder.mkdir(parents=True)
    for index, content in enumerate(files):
        dataset = pydicom.dcmread(io.BytesIO(content))
        dataset.StudyInstanceUID = study_uid
        dataset.SeriesInstanceUID = series_uid
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(number), str(index)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.SeriesNumber = number + 1
        pixels = dataset.pixel_array
        noise = rng.integers(0, 3, pixels.shape).astype(pixels.dtype)
        dataset.PixelData = (pixels + noise).tobytes()
        dataset.save_as(folder / f"{index:04d}.dcm")


def sources() -> list[list[bytes]]:
    """The files of each volume of the exam, fewest first."""
    found = scan([EXAM])
    with zipfile.ZipFile(EXAM) as archive:
        volumes = [
            [archive.read(name.partition("!")[2]) for name in info.files]
            for study in found.studies
            for info in study.volumes
        ]
    return sorted(volumes, key=len)


def plan(lengths: list[int], files: int, volumes: int) -> Iterator[int]:
    """Which source each volume copies: in turns, then the longest while files are missing."""
    left_files = files
    for left_volumes in range(volumes, 0, -1):
        wanted = left_files / left_volumes
        turn = (volumes - left_volumes) % len(lengths)
        best = min(range(len(lengths)), key=lambda index: abs(lengths[index] - wanted))
        choice = turn if left_volumes > volumes // 2 else best
        left_files -= lengths[choice]
        yield choice


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds, and peak resident memory in MiB, of a process and its children."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(errors.decode())
    return time.perf_counter() - begin, usage.ru_maxrss * 1024 / MEBIBYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--files", type=int, default=2200)
    parser.add_argument("--volumes", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="write the exam here and leave it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        volumes = sources()
        lengths = [len(files) for files in volumes]
        for number, choice in enumerate(plan(lengths, arguments.files, arguments.volumes)):
            copy_volume(volumes[choice], folder / f"{number + 1:03d}", number)
        made = [path.stat().st_size for path in folder.rglob("*.dcm")]
        print(f"{len(made)} files, {arguments.volumes} volumes, {sum(made) / MEBIBYTE:.0f} MiB\n")
        print("| command | time, s | peak memory, MiB |")
        print("|---|---|---|")
        mrsift = str(Path(sys.executable).parent / "mrsift")
        for name, extra in {
            "mrsift identify": [],
            "mrsift identify --html": ["--html", str(Path(temporary) / "report.html")],
            "mrsift identify --evidence header": ["--evidence", "header"],
        }.items():
            seconds, peak = measure([mrsift, "identify", str(folder), *extra])
            print(f"| `{name}` | {seconds:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
