"""Simulated series through the same door as real ones: what is read is what was written."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from mrsift.ingest import scan
from mrsift.simulate.demo import STUDIES
from mrsift.simulate.dicom import Part, Study, write_series
from mrsift.simulate.grid import Grid
from mrsift.simulate.protocol import Protocol
from mrsift.simulate.vendor import Vendor

DEMO = Path(__file__).resolve().parents[2] / "src" / "mrsift" / "assets" / "demo"
GRID = Grid("axial", (5.0, -3.0, 12.0), (5, 12, 10), (4.5, 1.25, 1.5), 4.0, (6.0, -3.0))
DWI = Protocol("DWI_LOW", "dwi", "epi", 3.0, 4000.0, 70.0, fat_suppression="fatsat")


@pytest.mark.parametrize("vendor", get_args(Vendor))
def test_voxels_affine_and_b_values_come_back(tmp_path: Path, vendor: Vendor) -> None:
    values = (0.0, 50.0, 800.0)
    written = {
        b: np.random.default_rng(int(b)).integers(0, 2000, GRID.shape).astype(np.float32)
        for b in values
    }
    parts = [Part(v, GRID.affine_lps_mm, replace(DWI, b=b), 4.0) for b, v in written.items()]
    study = Study("round-trip", "Simulated^Test", "PELVIS", vendor)
    write_series(tmp_path, study, 1, "dwi", parts)

    found = scan(tmp_path)
    assert not found.skipped
    (read,) = found.studies
    volumes = {
        info.b_value.s_per_mm2 if info.b_value else None: found.read(info) for info in read.volumes
    }
    assert set(volumes) == set(values)
    for b, volume in volumes.items():
        assert b is not None
        assert volume.affine_lps_mm == pytest.approx(GRID.affine_lps_mm, abs=1e-3)
        assert (volume.voxels == written[b]).all()


def test_the_demonstration_holds_what_a_newcomer_is_promised() -> None:
    (pelvis,) = scan(DEMO / "pelvis").studies
    (head,) = scan(DEMO / "head").studies
    assert len(pelvis.volumes) == 3 + 1 + 1 + 3 + 1 + 1  # the localizer has three planes
    assert {v.plane for v in pelvis.volumes} == {"axial", "sagittal", "coronal"}
    b_values = {v.b_value.s_per_mm2 for v in pelvis.volumes if v.b_value}
    assert {50.0, 400.0, 1000.0} <= b_values
    assert sum(v.derived_kind == "ADC" for v in pelvis.volumes) == 1
    assert len(head.volumes) == 4
    assert sum(not v.series_description for v in head.volumes) == 1
    assert set(STUDIES) == {"pelvis", "head"}
