"""Pelves from label maps: what the map says is painted where it says, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from mrsift.errors import ConfigError
from mrsift.simulate import pelvis_map
from mrsift.simulate.anatomy import Subject
from mrsift.simulate.grid import Grid
from mrsift.simulate.noise import Texture
from mrsift.simulate.painting import Stroke
from mrsift.simulate.pelvis import Pelvis
from mrsift.simulate.shapes import Canvas
from mrsift.simulate.tissue import codes
from tests.shared_data import require_shared_data

_SHAPE = (160, 110, 50)  # voxels of 2 x 2 x 3 mm: a trunk of 320 mm from side to side
_MIDDLE = 79.5


def _write(folder: Path, labels: np.ndarray, body: np.ndarray) -> Path:
    folder.mkdir()
    for name, voxels in (("label", labels), ("mask", body)):
        image = SimpleITK.GetImageFromArray(voxels.astype(np.uint8).transpose(2, 1, 0))
        image.SetSpacing((2.0, 2.0, 3.0))
        SimpleITK.WriteImage(image, str(folder / f"{name}.mhd"), useCompression=True)
    return folder


def _pelvis() -> tuple[np.ndarray, np.ndarray]:
    """Blocks for bones, one muscle on each side, in a body with a round outline."""
    x, y, z = np.meshgrid(*(np.arange(n) for n in _SHAPE), indexing="ij")
    away = np.abs(x - _MIDDLE)
    body = (away / 70) ** 2 + ((y - 55) / 42) ** 2 < 1
    labels = np.zeros(_SHAPE, dtype=np.uint8)
    labels[(np.abs(away - 44) < 8) & (np.abs(y - 50) < 8) & (z < 20)] = 2
    labels[(np.abs(away - 30) < 5) & (np.abs(y - 50) < 10) & (np.abs(z - 20) < 10)] = 1
    labels[(away < 12) & (np.abs(y - 84) < 5) & (np.abs(z - 30) < 6)] = 3
    labels[(away < 12) & (np.abs(y - 78) < 12) & (z > 36)] = 4
    labels[(away < 4) & (np.abs(y - 84) < 3) & (z > 36)] = 0  # its canal
    labels[(np.abs(away - 44) < 10) & (np.abs(y - 76) < 6) & (z < 40) & (labels == 0)] = 5
    return labels, body


def _tissue(label_map: pelvis_map.PelvisMap, points_mm: list[tuple[float, float, float]]) -> list:
    """Names of what is painted at points of the pelvis, in its own coordinates."""
    names = {number: name for name, number in codes().items()}
    grid = Grid("axial", (0, 0, 0), (len(points_mm), 1, 1), (3, 1, 1), 3)
    xyz = [np.array(v, dtype=np.float32)[:, None, None] for v in zip(*points_mm, strict=True)]
    canvas = Canvas(grid, 1, xyz, 0)
    even = np.zeros(canvas.tissue.shape, dtype=np.float32)
    voxels = label_map.look_up(canvas, even)
    label_map.paint(canvas, voxels, even, cortex_mm=2, plane_mm=1, fascia_mm=1)
    return [names[int(number)] for number in canvas.tissue.ravel()]


def test_bones_have_a_shell_and_muscles_lie_in_fat(tmp_path: Path) -> None:
    label_map = pelvis_map.load(_write(tmp_path / "map", *_pelvis()))
    muscle_y = (76 - 50) * 2 - 14
    assert _tissue(
        label_map,
        [(88, -14, -10), (73.5, -14, -10), (0, 0, 0), (-88, muscle_y, 0), (0, muscle_y, 0)],
    ) == ["marrow", "cortical_bone", "air", "muscle", "air"]
    across = _tissue(label_map, [(88 + d, muscle_y, 0) for d in np.arange(0, 24, 0.5)])
    order = ["muscle", "septum", "visceral_fat", "air"]
    assert list(dict.fromkeys(across)) == order


def test_vertebrae_have_a_canal_of_fluid_behind_them(tmp_path: Path) -> None:
    label_map = pelvis_map.load(_write(tmp_path / "map", *_pelvis()))
    back = (84 - 50) * 2 - 14
    z = (45 - 19) * 3 + 24 + 20
    assert _tissue(label_map, [(0, back, z), (0, back - 24, z)]) == ["csf", "marrow"]


def test_the_skin_is_where_the_outline_ends(tmp_path: Path) -> None:
    label_map = pelvis_map.load(_write(tmp_path / "map", *_pelvis()))
    x, _, z = (round(v) for v in label_map.origin)
    here = label_map.outside[:, :, z] / 2
    widest = int((here < 0).sum(axis=0).argmax())
    inside = np.flatnonzero(here[:, widest] < 0)
    assert inside[-1] - inside[0] == pytest.approx(280, abs=4)
    assert (inside[0] + inside[-1]) / 2 == pytest.approx(x, abs=2)
    assert here[inside[0] - 10, widest] == pytest.approx(10, abs=2)
    assert here[inside[0] + 10, widest] == pytest.approx(-10, abs=2)
    muscle = label_map.label[:, :, z] == 5
    assert label_map.inner[:, :, z][muscle].mean() > 0.95
    assert not label_map.inner[inside[0] + 2, widest, z]


@pytest.mark.parametrize(("femora", "muscle"), [(0, 5), (2, 29)])
def test_a_map_without_femora_or_of_other_numbers_is_named(
    tmp_path: Path, femora: int, muscle: int
) -> None:
    labels, body = _pelvis()
    labels[labels == 2] = femora
    labels[labels == 5] = muscle
    folder = _write(tmp_path / "lacking", labels, body)
    with pytest.raises(ConfigError, match="lacking"):
        pelvis_map.load(folder)


def test_two_images_on_two_grids_are_named(tmp_path: Path) -> None:
    folder = _write(tmp_path / "moved", *_pelvis())
    mask = SimpleITK.ReadImage(str(folder / "mask.mhd"))
    mask.SetOrigin((0.0, 0.0, 30.0))
    SimpleITK.WriteImage(mask, str(folder / "mask.mhd"), useCompression=True)
    with pytest.raises(ConfigError, match=r"moved.*one grid"):
        pelvis_map.load(folder)


@pytest.mark.parametrize("text", ["", "NDims = 3\nDimSize = 4 4 4\nElementDataFile = gone.raw\n"])
def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    folder = _write(tmp_path / "torn", *_pelvis())
    (folder / "mask.mhd").write_text(text)
    with pytest.raises(ConfigError, match=r"torn/mask\.mhd"):
        pelvis_map.load(folder)


def test_what_is_painted_last_stays_within_the_skin_too(tmp_path: Path) -> None:
    for label_map in (None, pelvis_map.load(_write(tmp_path / "map", *_pelvis()))):
        for number in range(6):
            rng = np.random.default_rng(number)
            pelvis = Pelvis(rng, label_map, cluttered=True)
            grid = Grid("axial", (0, 0, 0), (12, 70, 90), (20, 6, 6), 6.0)
            air = []
            for strokes in (list[Stroke](), pelvis.later.strokes):
                pelvis.later.strokes = strokes
                canvas = Canvas(grid, 1, grid.points_mm(1), margin_mm=6)
                pelvis.paint(canvas, Texture(np.random.default_rng(1)))
                air.append(canvas.tissue == codes()["air"])
            assert (air[0] == air[1]).all()


def test_women_have_no_bones_of_a_man(tmp_path: Path) -> None:
    label_map = pelvis_map.load(_write(tmp_path / "map", *_pelvis()))
    drawn = [Pelvis(np.random.default_rng(number), label_map) for number in range(40)]
    assert 2 <= sum(pelvis.female for pelvis in drawn) <= 18
    assert all(pelvis.female == (pelvis.label_map is None) for pelvis in drawn)


def test_only_folders_with_both_images_are_maps(tmp_path: Path) -> None:
    whole = _write(tmp_path / "whole", *_pelvis())
    half = _write(tmp_path / "half", *_pelvis())
    (half / "mask.mhd").unlink()
    assert pelvis_map.available(tmp_path) == (whole,)


def test_label_maps_become_pelves_with_prostate_and_bladder() -> None:
    folder = require_shared_data() / "labelmaps"
    subject = next(
        s for i in range(40) if (s := Subject((i,), "pelvis", folder)).map_name is not None
    )
    maps = subject.render(Grid("axial", (0, 0, 10), (30, 110, 130), (6, 4, 4), 6.0), 1)
    litres = {
        name: float((maps.tissue == number).sum()) * 96e-6 for name, number in codes().items()
    }
    assert 1.2 < litres["muscle"] < 6
    assert 0.25 < litres["marrow"] < 1.5
    assert litres["peripheral_zone"] + litres["transition_zone"] > 0.01
    assert litres["urine"] > 0.005
    assert litres["fat"] + litres["visceral_fat"] > 3
