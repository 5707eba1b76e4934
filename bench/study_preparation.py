"""Patients of real size -> arrays on disk: mrsift beside a MONAI `Dataset` doing the same.

    python bench/study_preparation.py [--patients 3] [--jobs 1] [--rounds 2] [--keep FOLDER]

Patients are written in the layout of the RSNA-MICCAI challenge, 512 x 512 and 388 slices in
four sequences of three planes, so that one takes what a patient of the challenge takes on
average (136.85 GB for 672). Both read the DICOM files, bring the four sequences to axial slices
on one grid of 64 x 128 x 128, standardise each and save them as float16. They take turns, each
in a process of its own. Imports are not counted. Files come from the page cache, so what is
measured is the work, not a disk; and what counts is the time on the CPU, which other programs
on the machine do not change much. mrsift also averages where it makes voxels larger, and cuts
the empty border away; MONAI's chain interpolates only.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

SIZE = 512
SERIES = {
    "FLAIR": ("axial", 70),
    "T1w": ("sagittal", 119),
    "T1wCE": ("axial", 129),
    "T2w": ("coronal", 70),
}
"""Sequence -> plane and slices."""

ORIENTATION = {
    "axial": [1, 0, 0, 0, 1, 0],
    "sagittal": [0, 1, 0, 0, 0, -1],
    "coronal": [1, 0, 0, 0, 0, -1],
}
SHAPE = (64, 128, 128)
HEIGHT_MM, FIELD_MM = 180.0, 240.0
CHALLENGE_BYTES, CHALLENGE_PATIENTS = 136.85e9, 672
MEBIBYTE = 2**20


def write_patient(folder: Path) -> int:
    """One patient of real size; returns its bytes."""
    rng = np.random.default_rng(int(folder.name))
    noise = rng.integers(0, 60, (SIZE, SIZE)).astype("<u2")
    total = 0
    for number, (name, (plane, slices)) in enumerate(SERIES.items()):
        target = folder / name
        target.mkdir(parents=True)
        across = np.cross(ORIENTATION[plane][:3], ORIENTATION[plane][3:])
        grid = np.linspace(-FIELD_MM / 2, FIELD_MM / 2, SIZE)
        for index in range(slices):
            height = HEIGHT_MM * ((index + 0.5) / slices - 0.5)
            head = (grid[:, None] / 95) ** 2 + (grid[None, :] / 75) ** 2 + (height / 85) ** 2 < 1
            dataset = header(folder.name, number, index)
            dataset.ImageOrientationPatient = ORIENTATION[plane]
            corner = (
                -FIELD_MM
                / 2
                * (np.array(ORIENTATION[plane][:3]) + np.array(ORIENTATION[plane][3:]))
            )
            dataset.ImagePositionPatient = [round(x, 4) for x in corner + across * height]
            dataset.PixelSpacing = [FIELD_MM / (SIZE - 1)] * 2
            dataset.SliceThickness = HEIGHT_MM / slices
            dataset.PixelData = (np.roll(noise, index, 1) + head * 600).astype("<u2").tobytes()
            path = target / f"Image-{index + 1}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            total += path.stat().st_size
    return total


def header(patient: str, number: int, index: int) -> FileDataset:
    """What every slice says, but for its place."""
    meta = Dataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[patient, f"{number} {index}"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", Dataset(), file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[patient])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[patient, str(number)])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=[patient, "frame"])
    dataset.Modality, dataset.PatientID = "MR", patient
    dataset.SeriesNumber, dataset.InstanceNumber = number + 1, index + 1
    dataset.Rows = dataset.Columns = SIZE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    return dataset


class Began:
    """A clock that starts after the imports."""

    def __init__(self) -> None:
        self.wall_s, self.cpu_s = time.perf_counter(), time.process_time()

    def tell(self) -> None:
        """Print seconds on the wall and on the CPU."""
        print(time.perf_counter() - self.wall_s, time.process_time() - self.cpu_s)


def prepare_with_mrsift(table: Path, out: Path, jobs: int) -> None:
    """What `mrsift train` does before the first epoch."""
    from mrsift.classify.cohort import studies_of
    from mrsift.classify.prepared import prepare_studies
    from mrsift.config import StudySettings
    from mrsift.dataset.table import read_dataset

    settings = StudySettings(slices=SHAPE[0], plane_shape=SHAPE[1:])
    import scipy.ndimage  # noqa: F401  # an import as the others

    began = Began()
    prepare_studies(studies_of(read_dataset(table)), settings, out, jobs)
    began.tell()


def prepare_with_monai(data: Path, out: Path, jobs: int) -> None:
    """The same in MONAI's words; `jobs` worker processes beyond one."""
    import torch
    from monai.data import Dataset as MonaiDataset
    from monai.transforms import (
        Compose,
        ConcatItemsd,
        EnsureChannelFirstd,
        LoadImaged,
        NormalizeIntensityd,
        Orientationd,
        ResampleToMatchd,
        Resized,
    )
    from torch.utils.data import DataLoader

    torch.set_num_threads(1)
    began = Began()
    names, reference = list(SERIES), "T1wCE"
    others = [name for name in names if name != reference]
    chain = Compose(
        [
            LoadImaged(names, reader="PydicomReader"),
            EnsureChannelFirstd(names),
            Orientationd([reference], axcodes="LPS", labels=None),
            Resized([reference], spatial_size=SHAPE[::-1], mode="area"),
            ResampleToMatchd(others, key_dst=reference, mode="bilinear", padding_mode="zeros"),
            NormalizeIntensityd(names),
            ConcatItemsd(names, "image"),
        ]
    )
    items = [
        {name: str(patient / name) for name in names} | {"patient": patient.name}
        for patient in sorted(data.iterdir())
    ]
    loader = DataLoader(
        MonaiDataset(items, chain), batch_size=None, num_workers=jobs if jobs > 1 else 0
    )
    out.mkdir()
    for item in loader:
        voxels = np.asarray(item["image"]).transpose(0, 3, 2, 1)
        np.save(out / f"{item['patient']}.npy", voxels.astype(np.float16))
    began.tell()


@dataclass(frozen=True, slots=True)
class Run:
    """What one process took."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def measure(command: list[str]) -> Run:
    """A process and what it took; where it prints two numbers, these are its times."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    printed, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(errors)
    wall_s, cpu_s = time.perf_counter() - begin, usage.ru_utime + usage.ru_stime
    if "--only" in command:
        wall_s, cpu_s = map(float, printed.split()[-2:])
    return Run(wall_s, cpu_s, usage.ru_maxrss * 1024 / MEBIBYTE)


def report(name: str, runs: list[Run], patients: int, size: int) -> None:
    """One line of the table, with what the whole challenge would take at this rate."""
    cpu_s = statistics.median(run.cpu_s for run in runs)
    wall_s = statistics.median(run.wall_s for run in runs)
    peak = max(run.peak_mib for run in runs)
    whole_min = cpu_s / patients * CHALLENGE_PATIENTS / 60
    print(
        f"| {name} | {cpu_s / patients:.2f} | {wall_s / patients:.2f} | {patients / cpu_s:.2f} | "
        f"{size / cpu_s / 1e6:.0f} | {peak:.0f} | {whole_min:.1f} | {whole_min / 16:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--patients", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write the patients here and leave them")
    parser.add_argument("--only", nargs=3, metavar=("WHO", "IN", "OUT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        who, source, out = arguments.only
        work = {"mrsift": prepare_with_mrsift, "monai": prepare_with_monai}[who]
        work(Path(source), Path(out), arguments.jobs)
        return
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        data = arguments.keep or place / "data"
        if not data.exists():
            for number in range(arguments.patients):
                write_patient(data / f"{number:05d}")
        patients = len(list(data.iterdir()))
        size = sum(path.stat().st_size for path in data.rglob("*.dcm"))
        print(f"{patients} patients, {size / 1e6:.0f} MB; {arguments.jobs} at a time\n")
        print(
            "| | CPU s a patient | wall s | patients/s of CPU | MB/s of CPU | peak memory, MiB | "
            "136.85 GB on one core, min | on 16, min |"
        )
        print("|---|---|---|---|---|---|---|---|")
        table, jobs = place / "cohort.parquet", ["--jobs", str(arguments.jobs)]
        mrsift = str(Path(sys.executable).parent / "mrsift")
        index = [mrsift, "dataset", "index", str(data), "--layout", "rsna-miccai"]
        runs: dict[str, list[Run]] = {"index": [], "mrsift": [], "monai": []}
        for _ in range(arguments.rounds):
            runs["index"].append(measure([*index, "--out", str(table), *jobs]))
            for who, source in (("mrsift", table), ("monai", data)):
                shutil.rmtree(place / who, ignore_errors=True)
                only = ["--only", who, str(source), str(place / who)]
                runs[who].append(measure([sys.executable, __file__, *jobs, *only]))
        report("`mrsift dataset index`", runs["index"], patients, size)
        report("mrsift, preparing", runs["mrsift"], patients, size)
        report("MONAI `Dataset`", runs["monai"], patients, size)
        ratio = statistics.median(
            other.cpu_s / ours.cpu_s
            for ours, other in zip(runs["mrsift"], runs["monai"], strict=True)
        )
        print(f"\nMONAI takes {ratio:.2f} times the CPU time of mrsift.")


if __name__ == "__main__":
    main()
