"""What a whole real exam must come out as."""

from pathlib import Path

import pytest

from mrsift.ingest import load_volumes, scan


def test_an_exam_with_two_three_plane_localizers(shared_data: Path) -> None:
    found = scan(shared_data / "prostate" / "dicom" / "ProstateX-0001.zip")
    (study,) = found.studies
    volumes = study.volumes
    assert len(volumes) == 17
    assert not any(skipped.is_mr for skipped in found.skipped)
    assert sum(info.shape[0] for info in volumes) == 212
    assert all(info.complete and not info.order_assumed for info in volumes)
    assert [info.shape[0] for info in volumes if info.localizer] == [3, 5, 5, 3, 5, 5, 3]
    weighted = {info.b_value.s_per_mm2: info for info in volumes if info.b_value is not None}
    assert sorted(weighted) == [50, 400, 800, 1000]
    assert {b for b, info in weighted.items() if info.calculated} == {1000}
    assert all("(0019,100C)" in info.b_value.source for info in weighted.values() if info.b_value)
    (adc,) = [info for info in volumes if info.derived_kind == "ADC"]
    assert adc.b_value is None


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("dcm_qa_mosaic", 12),
        ("dcm_qa_ts", 9),
        ("dcm_qa_canon", 13),
        ("dcm_qa_agfa", 8),
        ("dcm_qa_enh", 6),
        ("dcm_qa_fmap", 4),
        ("dcm_qa_ge", 41),
    ],
)
def test_vendor_fixtures(shared_data: Path, name: str, count: int) -> None:
    found = scan(shared_data / "dicom" / f"{name}.zip")
    volumes = [info for study in found.studies for info in study.volumes]
    assert len(volumes) == count
    assert all(info.complete and not info.order_assumed for info in volumes)
    assert not any(skipped.is_mr for skipped in found.skipped)


def test_every_transfer_syntax_holds_the_same_volume(shared_data: Path) -> None:
    volumes = load_volumes(shared_data / "dicom" / "dcm_qa_ts.zip")
    assert len(volumes) == 9
    for other in volumes[1:]:
        assert (other.voxels == volumes[0].voxels).all()
        assert (other.affine_lps_mm == volumes[0].affine_lps_mm).all()
