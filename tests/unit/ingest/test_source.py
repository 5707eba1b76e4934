"""Folders as sources: order, names, and hostile input."""

import os
import socket
import tempfile
from itertools import takewhile
from pathlib import Path

import pytest

from mrsift.errors import IngestError
from mrsift.ingest.source import walk
from tests.source_files import ordinary_user, skipped, sources


class TestFolders:
    def test_files_come_sorted_with_paths_relative_to_the_input(self, tmp_path: Path) -> None:
        for name in ("b/2", "a/10", "a/1", "c"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(name.encode())
        found = sources(tmp_path)
        assert list(found) == ["a/1", "a/10", "b/2", "c"]
        assert found["a/10"].local == tmp_path / "a/10"
        assert found["a/10"].size == 4
        assert found["a/10"].read() == b"a/10"

    def test_a_single_file_is_shown_by_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep/image.dcm").write_bytes(b"x")
        assert list(sources(tmp_path / "deep/image.dcm")) == ["image.dcm"]

    def test_several_inputs_share_their_deepest_folder(self, tmp_path: Path) -> None:
        for name in ("s/1/x", "s/2/x", "s/3"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        base = tmp_path / "s"
        assert list(sources(base / "1", base / "2", base / "3")) == ["1/x", "2/x", "3"]

    def test_what_is_given_twice_is_read_once(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"x")
        everything = list(walk([tmp_path / "x", tmp_path, tmp_path / "x"]))
        assert [item.path for item in everything] == ["x"]

    def test_relative_input_with_dots(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        (tmp_path / "b/x").write_bytes(b"x")
        monkeypatch.chdir(tmp_path / "a")
        assert list(sources(Path("../b"), Path())) == ["b/x"]

    def test_a_loop_of_links_ends(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a/x").write_bytes(b"x")
        (tmp_path / "a/loop").symlink_to(tmp_path)
        (tmp_path / "self").symlink_to(tmp_path / "self")
        assert list(sources(tmp_path)) == ["a/x"]
        left_out = skipped(tmp_path)
        assert "read already" in left_out["a/loop"].reason
        assert "link that leads nowhere" in left_out["self"].reason

    def test_links_to_files_are_followed_and_broken_ones_told(self, tmp_path: Path) -> None:
        (tmp_path / "real").write_bytes(b"x")
        (tmp_path / "link").symlink_to(tmp_path / "real")
        (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
        assert list(sources(tmp_path)) == ["link", "real"]
        assert "link that leads nowhere" in skipped(tmp_path)["broken"].reason

    def test_very_deep_folders(self, tmp_path: Path) -> None:
        chain = [tmp_path]
        for _ in range(1100):  # deeper than Python's recursion limit
            chain.append(chain[-1] / "d")
            chain[-1].mkdir()
        (chain[-1] / "x").write_bytes(b"x")
        assert len(sources(tmp_path)) == 1
        (chain[-1] / "x").unlink()
        for folder in reversed(chain[1:]):  # pytest could not
            folder.rmdir()

    def test_special_files_are_not_opened(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(tmp_path / "s"))
            left_out = skipped(tmp_path)
        assert all("special file" in left_out[name].reason for name in ("pipe", "s"))
        assert not left_out["pipe"].is_mr

    def test_empty_folder_and_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "nothing").mkdir()
        (tmp_path / "zero.dcm").touch()
        left_out = skipped(tmp_path)
        assert "folder is empty" in left_out["nothing"].reason
        assert "0 bytes" in left_out["zero.dcm"].reason
        assert left_out["zero.dcm"].is_mr
        assert list(skipped(tmp_path / "nothing")) == ["nothing"]

    def test_unreadable_folder_and_file(self, tmp_path: Path) -> None:
        above = Path(tempfile.gettempdir())
        for folder in takewhile(lambda path: path != above, [tmp_path, *tmp_path.parents]):
            folder.chmod(0o755)
        for name in ("closed/x", "unlisted/x", "file", "open"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(b"x")
        (tmp_path / "open").chmod(0o644)
        (tmp_path / "closed").chmod(0)
        (tmp_path / "unlisted").chmod(0o444)  # names are visible, what they name is not
        (tmp_path / "file").chmod(0)
        with ordinary_user():
            left_out, found = skipped(tmp_path), sources(tmp_path)
        (tmp_path / "closed").chmod(0o755)
        (tmp_path / "unlisted").chmod(0o755)
        assert list(left_out) == ["closed", "file", "unlisted/x"]
        assert all("permission denied" in item.reason for item in left_out.values())
        assert all(item.is_mr for item in left_out.values())
        assert list(found) == ["open"]

    def test_a_file_that_vanishes_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(b"x")
        source = sources(tmp_path)["x"]
        (tmp_path / "x").unlink()
        with pytest.raises(IngestError, match="cannot be read"):
            source.read()
        with pytest.raises(IngestError, match="cannot be read"):
            source.open()

    def test_missing_path_is_an_error_at_the_call(self, tmp_path: Path) -> None:
        with pytest.raises(IngestError, match="nowhere: no such file"):
            walk([tmp_path, tmp_path / "nowhere"])

    def test_clutter_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "__MACOSX").mkdir()
        for name in ("__MACOSX/a", "__MACOSX/b", ".DS_Store", "Thumbs.db", "DICOMDIR", "._x"):
            (tmp_path / name).write_bytes(b"x")
        left_out = skipped(tmp_path)
        assert set(left_out) == {"__MACOSX", ".DS_Store", "Thumbs.db", "DICOMDIR", "._x"}
        assert not any(item.is_mr for item in left_out.values())
        assert not sources(tmp_path)

    def test_odd_names_stay_one_printable_line(self, tmp_path: Path) -> None:
        for name in (b"new\nline", b"\xff\xfe", b"\x1b[31m"):
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
        found = sources(tmp_path)
        assert set(found) == {"new\\nline", "\\xff\\xfe", "\\x1b[31m"}
        assert all(len(item.read()) == item.size for item in found.values())
