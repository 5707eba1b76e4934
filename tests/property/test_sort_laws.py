"""Laws of sorting: everything goes somewhere, once; the same input gives the same tree."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mrsift.ingest import load_volumes
from mrsift.labels import LABEL_NAMES
from mrsift.types import VolumeInfo
from tests.dicom_builder import CORONAL, enhanced, uid, volume, write
from tests.sorted_trees import sort, tree

SERIES = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["plain", "localizer", "weighted", "gap", "coronal", "enhanced"]),
        "patient": st.sampled_from(["one", "two", ""]),
        "study": st.integers(1, 2),
        "label": st.sampled_from(LABEL_NAMES),
    }
)
STUDIES = st.lists(SERIES, min_size=1, max_size=4)


def write_study(folder: Path, number: int, drawn: dict[str, object]) -> None:
    about = {
        "SeriesNumber": number,
        "SeriesInstanceUID": uid(number),
        "PatientID": drawn["patient"],
        "StudyInstanceUID": uid(drawn["patient"], drawn["study"]),
    }
    kind = drawn["kind"]
    if kind == "enhanced":
        frames = [
            {"position": (0.0, 0.0, 3.0 * k), "value": 10 * k + n, "b": b}
            for k in range(3)
            for n, b in enumerate((0.0, 1000.0))
        ]
        write(folder, [enhanced(frames, **about)])
        return
    if kind == "localizer":
        about["SeriesDescription"] = "localizer"
    if kind == "weighted":
        about["DiffusionBValue"] = 800.0
    if kind == "coronal":
        about |= {"orientation": CORONAL, "step": (0.0, 3.0, 0.0)}
    planes = volume(value=100 * number, slices=4, **about)
    write(folder, planes[:1] + planes[2:] if kind == "gap" else planes)


@settings(max_examples=15, deadline=None)
@given(drawn=STUDIES, layout=st.sampled_from(["bids", "label"]), seed=st.integers(0, 99))
def test_every_volume_goes_somewhere_once_whatever_the_file_names(
    drawn: list[dict[str, object]], layout: str, seed: int
) -> None:
    def answer(info: VolumeInfo) -> str:
        return str(drawn[(info.series_number or 1) - 1]["label"])

    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, series in enumerate(drawn, 1):
            write_study(folder / "in", number, series)
        before = tree(folder / "in")
        sort(folder / "in", folder / "out", layout, answer)
        once = tree(folder / "out")
        sort(folder / "in", folder / "out", layout, answer)
        assert tree(folder / "out") == once
        assert tree(folder / "in") == before

        wanted = load_volumes(folder / "in")
        found = load_volumes(folder / "out")
        key = lambda one: (one.voxels.tobytes(), one.affine_lps_mm.astype("<f4").tobytes())  # noqa: E731
        assert sorted(map(key, found)) == sorted(map(key, wanted))

        rng = np.random.default_rng(seed)
        paths = sorted((folder / "in").iterdir())
        (folder / "renamed").mkdir()
        for number, path in zip(rng.permutation(len(paths)), paths, strict=True):
            shutil.copy(path, folder / "renamed" / f"x{number}")
        sort(folder / "renamed", folder / "other", layout, answer)
        plain = set(once.values())
        assert {*tree(folder / "other").values()} >= plain - {once["mrsift-manifest.csv"]}
