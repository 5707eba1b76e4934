"""Time and peak memory of `mrsift identify` on an exam of 2,200 files and 100 volumes.

    python bench/large_exam.py [--files 2200] [--volumes 100] [--keep FOLDER]

The exam is made from ProstateX-0001 in ../shared/data: its volumes in turns, each as a series
of its own with new UIDs, changed pixels and as many slices as are wanted, all in one study.
"""

import argparse
import copy
import io
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from mrsift.ingest import scan

SHARED = Path(__file__).parents[2] / "shared" / "data"
EXAM = SHARED / "prostate" / "dicom" / "ProstateX-0001.zip"
MEBIBYTE = 2**20


def copy_volume(files: list[bytes], slices: int, folder: Path, number: int) -> None:
    """Writes one volume as a series of its own, begun again from below where it is too short."""
    rng = np.random.default_rng(number)
    originals = [pydicom.dcmread(io.BytesIO(content)) for content in files]
    positions = np.array([one.ImagePositionPatient for one in originals], dtype=float)
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    folder.mkdir(parents=True)
    for index in range(slices):
        dataset = copy.deepcopy(originals[index % len(originals)])
        dataset.ImagePositionPatient = [round(x, 6) for x in positions[0] + index * step]
        dataset.InstanceNumber = index + 1
        dataset.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
        dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(number)])
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(number), str(index)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.SeriesNumber = number + 1
        pixels = dataset.pixel_array
        noise = rng.integers(0, 3, pixels.shape).astype(pixels.dtype)
        dataset.PixelData = (pixels + noise).tobytes()
        dataset.save_as(folder / f"{index:04d}.dcm")


def sources() -> list[list[bytes]]:
    """The files of each volume of the exam, feet to head."""
    found = scan([EXAM])
    with zipfile.ZipFile(EXAM) as archive:
        return [
            [archive.read(name.partition("!")[2]) for name in info.files]
            for study in found.studies
            for info in study.volumes
        ]


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
        originals = sources()
        for number in range(arguments.volumes):
            slices = (arguments.files + number) // arguments.volumes
            original = originals[number % len(originals)]
            copy_volume(original, slices, folder / f"{number + 1:03d}", number)
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
