"""Archives as sources: the same answers as from folders, and hostile input."""

import gc
import gzip
import os
import struct
import tarfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mrsift.config import IngestSettings
from mrsift.errors import IngestError
from tests.source_files import FILES, make_tar, make_zip, skipped, sources


@pytest.fixture(params=["zip", "tar", "tar.gz", "tgz"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"exam.{request.param}"
    if request.param == "zip":
        return make_zip(path, FILES)
    return make_tar(path, "w" if request.param == "tar" else "w:gz", FILES)


class TestArchives:
    def test_members_are_read_in_any_order_and_more_than_once(self, archive: Path) -> None:
        found = sources(archive)
        assert list(found) == [f"{archive.name}!{name}" for name in sorted(FILES)]
        for name in [*sorted(FILES, reverse=True), *FILES]:
            source = found[f"{archive.name}!{name}"]
            assert source.local is None
            assert source.size == len(FILES[name])
            assert source.read() == FILES[name]

    def test_streams_seek_and_are_independent(self, archive: Path) -> None:
        source = sources(archive)[f"{archive.name}!c"]
        with source.open() as one, source.open() as two:
            one.seek(2 << 20)
            assert two.read(100) == FILES["c"][:100]
            assert one.read(100) == FILES["c"][2 << 20 : (2 << 20) + 100]
            assert one.tell() == (2 << 20) + 100
            one.seek(-5, os.SEEK_END)
            assert one.read() == FILES["c"][-5:]

    def test_threads_read_at_once(self, archive: Path) -> None:
        found = sources(archive)
        barrier = threading.Barrier(4)

        def read(name: str) -> bool:
            barrier.wait()
            return all(found[f"{archive.name}!{name}"].read() == FILES[name] for _ in range(5))

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(read, ["c", "b/2", "c", "a/1"]))

    def test_an_archive_inside_a_folder_is_opened(self, archive: Path) -> None:
        assert list(sources(archive.parent)) == [f"{archive.name}!{name}" for name in sorted(FILES)]

    def test_nothing_is_left_on_disk_or_open(
        self, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        before = len(list(Path("/proc/self/fd").iterdir()))
        found = sources(archive)
        assert all(item.read() for item in found.values())
        assert not list(scratch.iterdir())  # the temporary file has no name
        del found
        gc.collect()
        assert len(list(Path("/proc/self/fd").iterdir())) == before

    def test_a_truncated_archive_is_one_line(self, archive: Path) -> None:
        data = archive.read_bytes()
        archive.write_bytes(data[: len(data) // 2])
        left_out = list(skipped(archive).values())
        assert any(item.path == archive.name and item.is_mr for item in left_out)
        assert all("damaged" in item.reason for item in left_out)

    def test_text_with_the_name_of_an_archive(self, archive: Path) -> None:
        archive.write_bytes(b"no archive at all" * 100)
        assert not sources(archive)
        assert "damaged" in skipped(archive)[archive.name].reason


def test_members_before_the_damage_are_read(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar", "w", {"1": b"x" * 5000, "2": b"y" * 5000})
    path.write_bytes(path.read_bytes()[:9000])
    found = sources(path)
    assert found["a.tar!1"].read() == b"x" * 5000
    assert "a.tar!2" not in found
    assert skipped(path)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_are_left_out(tmp_path: Path, kind: str) -> None:
    names = ["../up", "/etc/passwd", "a/../../up", "C:\\x", "..\\up", "fine/x..y"]
    files = dict.fromkeys(names, b"x")
    path = tmp_path / f"a.{kind}"
    make_zip(path, files) if kind == "zip" else make_tar(path, "w", files)
    assert list(sources(path)) == [f"a.{kind}!fine/x..y"]
    left_out = skipped(path)
    assert len(left_out) == 5
    assert all("leads out of the archive" in item.reason for item in left_out.values())


def test_clutter_in_an_archive_is_one_line(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"__MACOSX/1": b"x", "__MACOSX/d/2": b"x", "i": b"x"})
    assert list(sources(path)) == ["a.zip!i"]
    assert list(skipped(path)) == ["a.zip!__MACOSX"]


def test_special_entries_of_a_tar(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, kind in (
            ("device", tarfile.CHRTYPE),
            ("pipe", tarfile.FIFOTYPE),
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("empty"))
    assert not sources(tmp_path)
    left_out = skipped(tmp_path)
    assert len(left_out) == 5
    assert "0 bytes" in left_out["a.tar!empty"].reason
    assert "special entry" in left_out["a.tar!link"].reason


def test_declared_bombs_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"zeros": b"\0" * (8 << 20), "fine": b"x"})
    found = skipped(path, settings=IngestSettings(max_ratio=100))
    assert "compressed" in found["a.zip!zeros"].reason
    found = skipped(path, settings=IngestSettings(max_member_bytes=1 << 20))
    assert "1,048,576 allowed" in found["a.zip!zeros"].reason
    assert list(sources(path, settings=IngestSettings(max_ratio=100))) == ["a.zip!fine"]


def test_a_declared_size_that_is_a_lie(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"x": os.urandom(5000)})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")  # central directory: size uncompressed at +24
    struct.pack_into("<I", data, entry + 24, 3_999_999_999)
    path.write_bytes(data)
    assert "compressed" in skipped(path)["a.zip!x"].reason
    struct.pack_into("<I", data, entry + 24, 4000)
    path.write_bytes(data)
    with pytest.raises(IngestError, match="damaged"):
        sources(path)["a.zip!x"].read()


def test_a_compressed_tar_is_stopped_at_its_limit(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar.gz", "w:gz", {"1": os.urandom(2000), "2": b"\0" * (20 << 20)})
    settings = IngestSettings(max_ratio=100)
    assert "compressed more than 100 to 1" in skipped(path, settings=settings)["a.tar.gz"].reason
    assert list(sources(path, settings=settings)) == ["a.tar.gz!1"]


def test_a_tar_gz_whose_checksum_is_wrong(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar.gz", "w:gz", FILES)
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF  # CRC of the gzip trailer
    path.write_bytes(data)
    assert "damaged" in skipped(path)["a.tar.gz"].reason


def test_a_damaged_zip_member_is_an_error_when_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("stored", b"A" * 5000)
        archive.writestr("deflated", b"B" * 5000, zipfile.ZIP_DEFLATED)
        archive.writestr("fine", b"C")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[data.index(b"AAAA") + 9] ^= 1
    start = data.index(b"deflated") + len(b"deflated")
    data[start : start + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.zip").write_bytes(data)
    found = sources(tmp_path)
    for name in ("stored", "deflated"):
        with pytest.raises(IngestError, match="damaged"):
            found[f"a.zip!{name}"].read()
    assert found["a.zip!fine"].read() == b"C"


def test_encrypted_and_unknown_members(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.zip", {"secret": b"x" * 100, "odd": b"y" * 100, "fine": b"z"})
    data = bytearray(path.read_bytes())
    first = data.index(b"PK\x01\x02")
    data[first + 8] |= 1  # general purpose flag: encrypted
    second = data.index(b"PK\x01\x02", first + 4)
    struct.pack_into("<H", data, second + 10, 77)  # a compression method nobody knows
    path.write_bytes(data)
    assert "encrypted" in skipped(path)["a.zip!secret"].reason
    found = sources(path)
    with pytest.raises(IngestError, match="damaged"):
        found["a.zip!odd"].read()
    assert found["a.zip!fine"].read() == b"z"


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x", b"old")
        archive.writestr("x", b"new")
    assert sources(tmp_path)["a.zip!x"].read() == b"new"
    assert "twice" in skipped(tmp_path)["a.zip!x"].reason


def test_archives_in_archives_and_other_kinds_are_told(tmp_path: Path) -> None:
    inner = make_zip(tmp_path / "inner.zip", {"x": b"x"}).read_bytes()
    make_zip(tmp_path / "outer.zip", {"inner.zip": inner, "y": b"y"})
    (tmp_path / "a.tar.xz").write_bytes(b"x")
    (tmp_path / "b.7z").write_bytes(b"x")
    left_out = skipped(tmp_path)
    assert "archive inside an archive" in left_out["outer.zip!inner.zip"].reason
    assert "unpack it" in left_out["a.tar.xz"].reason
    assert "unpack it" in left_out["b.7z"].reason


def test_empty_archives(tmp_path: Path) -> None:
    make_zip(tmp_path / "a.zip", {})
    make_tar(tmp_path / "b.tar", "w", {})
    make_tar(tmp_path / "c.tar.gz", "w:gz", {})
    assert all("archive is empty" in item.reason for item in skipped(tmp_path).values())
    assert len(skipped(tmp_path)) == 3


def test_a_gzip_of_several_parts_is_read_whole(tmp_path: Path) -> None:
    plain = make_tar(tmp_path / "a.tar", "w", FILES).read_bytes()
    half = len(plain) // 2
    parts = gzip.compress(plain[:half]) + gzip.compress(plain[half:])
    (tmp_path / "a.tar.gz").write_bytes(parts)
    assert sources(tmp_path / "a.tar.gz")["a.tar.gz!c"].read() == FILES["c"]
