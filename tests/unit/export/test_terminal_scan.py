import io

from mrsift.export.terminal import open_console
from mrsift.export.terminal_scan import print_scan
from mrsift.ingest import Scan, Study
from mrsift.types import Skipped
from tests.report_values import b, scanned, volume


def printed(scan: Scan) -> list[str]:
    stream = io.StringIO()
    print_scan(scan, open_console(stream))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_series_volumes_geometry_b_value_and_remarks_are_shown() -> None:
    times = tuple(volume(3, "dce", temporal_position=time) for time in range(5))
    weighted = volume(2, "dwi", b_value=b(800.0, "1000000800"), remarks=("a gap of 7.2 mm",))
    scout = volume(1, None, localizer=True, obliquity_deg=0.0)
    scan = scanned([Study("1.2", "exam", (scout, weighted, *times))], [Skipped("x", "text")])
    lines = printed(scan)
    assert lines[0] == "Study: exam"
    assert lines[2].split() == ["1", "–", "axial", "24×384×384", "3.6×0.5×0.5", "3", "localizer"]
    assert "b 800, axial" in lines[3]
    source = "b: (0019,100C) SIEMENS MR HEADER = 1000000800; 3° off axis; a gap of 7.2 mm"
    assert lines[3].endswith(source)
    assert "5 time points, 0–4" in lines[4]
    assert lines[-1] == "7 volumes in 3 series, 1 study, 1 file skipped."
    assert "  1 × text" in lines
