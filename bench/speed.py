"""How long `mrsift identify` takes, whole process and cold, beside dcm2niix and dcm-classifier.

    python bench/speed.py [EXAM] [--runs 9] [--dcm-classifier PYTHON]

EXAM is a folder of DICOM; without it ProstateX-0001 of ../shared/data is unpacked to a
temporary folder. The programs take turns, so that all meet the same state of the machine.
dcm-classifier wants other libraries than we do; give the Python of an environment of its
own: `python -m venv other && other/bin/pip install dcm-classifier`.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared" / "data"
EXAM = SHARED / "prostate" / "dicom" / "ProstateX-0001.zip"

DCM_CLASSIFIER = """
import sys
from pathlib import Path
from dcm_classifier.image_type_inference import ImageTypeClassifierBase
from dcm_classifier.study_processing import ProcessOneDicomStudyToVolumesMappingBase
study = ProcessOneDicomStudyToVolumesMappingBase(
    study_directory=Path(sys.argv[1]), inferer=ImageTypeClassifierBase()
)
study.run_inference()
"""

STEPS = {
    "Python starts": "",
    "+ NumPy": "import numpy",
    "+ import of the command line": "import numpy, mrsift.cli.main",
    "OpenVINO imported, bundle checked and compiled": """
from mrsift.bundle import default_bundle_path
from mrsift.infer import runtime
TIMER()
runtime.start(default_bundle_path(), 2).result()
""",
    "headers read and volumes split": """
from mrsift.ingest import scan
TIMER()
scan([EXAM])
""",
    "voxels of all volumes read, one thread": """
from mrsift.ingest import scan
found = scan([EXAM])
TIMER()
for study in found.studies:
    for info in study.volumes:
        found.read(info)
""",
    "all volumes prepared, one thread": """
from mrsift.bundle import Bundle, default_bundle_path
from mrsift.ingest import scan
from mrsift.preprocess import prepare
from threadpoolctl import threadpool_limits
settings = Bundle.load(default_bundle_path()).manifest.preprocess
found = scan([EXAM])
volumes = [found.read(info) for study in found.studies for info in study.volumes]
threadpool_limits(1)  # as `identify` does
TIMER()
for volume in volumes:
    prepare(volume.voxels, volume.affine_lps_mm, settings)
""",
    "headers weighed, volumes compared (physics), roles chosen": """
from mrsift.config import IdentifySettings
from mrsift.infer.decide import Judge, Seen
from mrsift.infer.sample import SIDE, take
from mrsift.ingest import scan
found = scan([EXAM])
studies = [
    (study, [Seen(info, sample=take(found.read(info).voxels, SIDE)) for info in study.volumes])
    for study in found.studies
]
judge = Judge(None, True, IdentifySettings(), None, read=found.read)
TIMER()
for study, seen in studies:
    judge.report(study, seen)
""",
    "network on all volumes, one stream": """
import numpy
from mrsift.bundle import default_bundle_path
from mrsift.ingest import scan
from mrsift.infer import runtime
network = runtime.start(default_bundle_path(), 1).result()
volumes = sum(len(study.volumes) for study in scan([EXAM]).studies)
shape = (1, 1, *network.bundle.manifest.preprocess.input_shape)
batch = numpy.random.default_rng(0).normal(size=shape).astype(numpy.float32)
TIMER()
for _ in range(volumes):
    network.predict(batch)
""",
}
"""Parts of the work, each in a process of its own; `TIMER()` starts the clock anew."""

STEP_FRAME = """
import sys, time
EXAM = sys.argv[1]
class TIMER:
    start = None
    def __init__(self):
        TIMER.start = time.perf_counter()
{body}
if TIMER.start is not None:
    print(time.perf_counter() - TIMER.start)
"""


def whole_process(command: list[str]) -> float:
    """Seconds from start to exit."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def commands(exam: Path, output: Path, dcm_classifier: str | None) -> dict[str, list[str]]:
    """Name -> command line."""
    here = Path(sys.executable).parent
    rivals = {
        "dcm2niix -z n": [str(here / "dcm2niix"), "-z", "n", "-o", str(output), str(exam)],
        "mrsift identify": [str(here / "mrsift"), "identify", str(exam)],
        "mrsift identify --evidence header": [
            *(str(here / "mrsift"), "identify", str(exam), "--evidence", "header")
        ],
    }
    if dcm_classifier:
        rivals["dcm-classifier (header only)"] = [dcm_classifier, "-c", DCM_CLASSIFIER, str(exam)]
    return rivals


def compare(exam: Path, runs: int, dcm_classifier: str | None) -> None:
    """Prints the table of whole processes."""
    with tempfile.TemporaryDirectory() as output:
        rivals = commands(exam, Path(output), dcm_classifier)
        times: dict[str, list[float]] = {name: [] for name in rivals}
        for _ in range(runs):
            for name, command in rivals.items():
                for old in Path(output).iterdir():
                    old.unlink()
                times[name].append(whole_process(command))
    reference = statistics.median(times["dcm2niix -z n"])
    print(f"Whole process, {runs} runs in turns, seconds\n")
    print("| command | least | median | median / dcm2niix |")
    print("|---|---|---|---|")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"| `{name}` | {min(taken):.3f} | {middle:.3f} | {middle / reference:.1f} |")


def break_down(exam: Path, runs: int) -> None:
    """Prints what each part takes on its own."""
    print("\nWhere mrsift's time goes: each part alone, median, seconds\n")
    print("| part | time |")
    print("|---|---|")
    for name, body in STEPS.items():
        command = [sys.executable, "-c", STEP_FRAME.format(body=body), str(exam)]
        taken = []
        for _ in range(runs):
            if "TIMER()" in body:
                result = subprocess.run(command, check=True, capture_output=True, text=True)
                taken.append(float(result.stdout.split()[-1]))
            else:
                taken.append(whole_process(command))
        print(f"| {name} | {statistics.median(taken):.3f} |")
    print("\nCompiling runs beside the reading of headers; volumes are worked on in threads.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("exam", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--dcm-classifier", metavar="PYTHON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        exam = arguments.exam
        if exam is None:
            with zipfile.ZipFile(EXAM) as archive:
                archive.extractall(folder)
            exam = Path(folder)
        files = sum(1 for path in exam.rglob("*") if path.is_file())
        print(f"{files} files\n")
        compare(exam, arguments.runs, arguments.dcm_classifier)
        break_down(exam, arguments.runs)


if __name__ == "__main__":
    main()
