"""What parts the frames of an enhanced object into volumes."""

from pathlib import Path

from tests.dicom_builder import enhanced
from tests.split_series import lowest, read


def test_enhanced_echoes_components_and_time_points(tmp_path: Path) -> None:
    frames = []
    start = 0
    for echo_time in (10.0, 90.0):
        for component in ("MAGNITUDE", "PHASE"):
            for temporal in (1, 2):
                start += 100
                frames += [
                    {
                        "position": (0.0, 0.0, 3.0 * k),
                        "value": start + k,
                        "echo_time": echo_time,
                        "component": component,
                        "temporal": temporal,
                        "frame_type": ["ORIGINAL", "PRIMARY", "OTHER", "NONE"],
                    }
                    for k in range(4)
                ]
    found, volumes = read(tmp_path, [enhanced(frames)])
    assert sorted(lowest(found, info) for info in volumes) == list(range(100, 801, 100))
    echoes = {info.header.echo_time_ms for info in volumes}
    assert echoes == {10.0, 90.0}
    assert {info.image_component for info in volumes} == {"magnitude", "phase"}
    assert {info.temporal_position for info in volumes} == {0, 1}
    assert all(len(info.files) == 1 and info.frames is not None for info in volumes)


def test_enhanced_trace_beside_directions(tmp_path: Path) -> None:
    kinds = [
        ("DIRECTIONAL", (1.0, 0.0, 0.0)),
        ("DIRECTIONAL", (0.0, 1.0, 0.0)),
        ("ISOTROPIC", None),
    ]
    frames = []
    for d, (directionality, direction) in enumerate(kinds):
        for k in range(4):
            frame = {
                "position": (0.0, 0.0, 3.0 * k),
                "value": 100 * (d + 1) + k,
                "b": 1000,
                "directionality": directionality,
            }
            frames.append(frame | ({"direction": direction} if direction else {}))
    found, volumes = read(tmp_path, [enhanced(frames)])
    kinds_found = {lowest(found, info): info.derived_kind for info in volumes}
    assert kinds_found == {100: None, 200: None, 300: "TRACE"}


def test_enhanced_frames_have_their_own_scale(tmp_path: Path) -> None:
    frames = [{"position": (0.0, 0.0, 3.0 * k), "value": 100, "slope": 1.0 + k} for k in range(3)]
    found, (info,) = read(tmp_path, [enhanced(frames)])
    assert found.read(info).voxels[:, 0, 0].tolist() == [100.0, 200.0, 300.0]
