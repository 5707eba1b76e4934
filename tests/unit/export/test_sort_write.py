"""Writing a tree: whole files or none, never over others, and gone on with."""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import pytest

from mrsift.errors import ConfigError, IngestError, OutputError
from mrsift.export import sort_manifest, sort_write
from mrsift.export.sort_item import Entry, File, constant
from mrsift.export.sort_manifest import MANIFEST, read_manifest
from mrsift.export.sort_write import WORKSHOP, open_tree
from tests.sorted_trees import tree

WRITERS = {Path(str(module.__file__)) for module in (sort_write, sort_manifest)}


def entry(*names: str, content: bytes = b"x" * 100) -> Entry:
    return Entry(
        "", (), (), (), tuple(File(name, constant(content + name.encode())) for name in names)
    )


def fill(folder: Path, *entries: Entry) -> None:
    with open_tree(folder) as out:
        for one in entries:
            out.add(one)


def made(folder: Path) -> set[str]:
    return set(tree(folder)) - {MANIFEST}


def test_files_are_there_with_their_checksums(tmp_path: Path) -> None:
    with open_tree(tmp_path / "out") as out:
        assert out.add(entry("a/1", "a/2")).how == "written"
    lines = read_manifest(tmp_path / "out" / MANIFEST)
    found = tree(tmp_path / "out")
    assert {name: line.sha256 for name, line in lines.items()} == {
        name: found[name] for name in ("a/1", "a/2")
    }
    assert lines["a/1"].bytes == 103
    assert not (tmp_path / "out" / WORKSHOP).exists()


def test_a_second_run_leaves_what_is_there_and_makes_what_is_missing(tmp_path: Path) -> None:
    with open_tree(tmp_path) as out:
        out.add(entry("a", "b"))
    before = (tmp_path / "a").stat().st_mtime_ns
    (tmp_path / "b").unlink()
    with open_tree(tmp_path) as out:
        assert out.add(entry("a", "b")).how == "written"
        assert out.add(entry("a", "b")).how == "was there"
    assert (tmp_path / "a").stat().st_mtime_ns == before
    assert made(tmp_path) == {"a", "b"}


def test_a_file_that_was_changed_is_not_overwritten(tmp_path: Path) -> None:
    with open_tree(tmp_path) as out:
        out.add(entry("a"))
    (tmp_path / "a").write_text("mine")
    with open_tree(tmp_path) as out:
        done = out.add(entry("a"))
    assert (done.how, (tmp_path / "a").read_text()) == ("refused", "mine")
    assert "not overwritten" in done.reason


def test_a_file_that_nobody_wrote_down_is_kept_where_it_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(b"x" * 100 + b"same")
    (tmp_path / "other").write_bytes(b"other")
    with open_tree(tmp_path) as out:
        assert out.add(entry("same")).how == "written"
        assert out.add(entry("other")).how == "refused"
    assert (tmp_path / "other").read_bytes() == b"other"


def test_an_entry_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail(_: BinaryIO) -> None:
        raise IngestError("gone")

    with open_tree(tmp_path) as out:
        one = Entry("", (), (), (), (File("d/a", constant(b"a")), File("d/b", fail)))
        assert (done := out.add(one)).how == "left out"
    assert done.reason == "gone"
    assert made(tmp_path) == set()
    assert not (tmp_path / "d").exists()


def test_ctrl_c_leaves_nothing_half_made(tmp_path: Path) -> None:
    def interrupted(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    one = Entry("", (), (), (), (File("d/b", interrupted),))
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path, entry("a"), one)
    assert made(tmp_path) == {"a"}
    assert set(read_manifest(tmp_path / MANIFEST)) == {"a"}


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process may become larger, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_stops_and_keeps_what_is_finished(tmp_path: Path) -> None:
    entries = entry("small"), entry("large", content=b"x" * 5000)
    with files_up_to(2000), pytest.raises(OutputError, match="run the same command again"):
        fill(tmp_path, *entries)
    assert made(tmp_path) == {"small"}
    fill(tmp_path, *entries)
    assert made(tmp_path) == {"small", "large"}


def test_a_manifest_that_cannot_grow_takes_its_files_back(tmp_path: Path) -> None:
    fill(tmp_path, entry("a"))
    size = (tmp_path / MANIFEST).stat().st_size + 20
    with files_up_to(size), pytest.raises(OutputError):
        fill(tmp_path, entry("b", content=b""))
    assert made(tmp_path) == {"a"}
    assert set(read_manifest(tmp_path / MANIFEST)) == {"a"}


def test_half_a_line_of_the_manifest_does_not_count(tmp_path: Path) -> None:
    with open_tree(tmp_path) as out:
        out.add(entry("a"))
        out.add(entry("b"))
    whole = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(whole[:-10])
    assert set(read_manifest(tmp_path / MANIFEST)) == {"a"}
    with open_tree(tmp_path) as out:
        out.add(entry("b"))
    assert (tmp_path / MANIFEST).read_bytes() == whole


def test_two_runs_do_not_write_at_the_same_time(tmp_path: Path) -> None:
    with (
        open_tree(tmp_path),
        pytest.raises(ConfigError, match="another mrsift sort"),
        open_tree(tmp_path),
    ):
        pass


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / WORKSHOP).mkdir()
    (tmp_path / WORKSHOP / "half").write_text("x")
    with open_tree(tmp_path):
        pass
    assert not (tmp_path / WORKSHOP).exists()


@pytest.mark.parametrize("same_disk", [True, False])
def test_links_are_hard_where_they_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_disk: bool
) -> None:
    original = tmp_path / "original"
    original.write_text("voxels")
    one = Entry("", (), (), (), (File("T2W/1.dcm", constant(b""), original),))
    if not same_disk:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(os, "link", refuse)
    with open_tree(tmp_path / "out") as out:
        assert out.add(one, link=True).how == ("hard link" if same_disk else "symlink")
    with open_tree(tmp_path / "out") as out:
        assert out.add(one, link=True).how == "was there"
    target = tmp_path / "out/T2W/1.dcm"
    assert target.samefile(original)
    assert target.is_symlink() is not same_disk


def fill_until(lines: int, folder: Path, *entries: Entry) -> bool:
    """Fill a tree in another process; whether Ctrl-C came, after so many lines that write it."""
    left = lines

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if Path(frame.f_code.co_filename) not in WRITERS:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    child = os.fork()
    if child == 0:
        status = 1
        sys.settrace(trace)
        try:
            fill(folder, *entries)
            status = 0
        except KeyboardInterrupt:
            status = 130
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 130)
    return status == 130


def test_ctrl_c_at_any_line_and_the_next_run_makes_the_same_tree(tmp_path: Path) -> None:
    entries = entry("a/1", "a/2"), entry("b/1", "b/2")
    fill(tmp_path / "whole", *entries)
    lines = 1
    while fill_until(lines, tmp_path / str(lines), *entries):
        fill(tmp_path / str(lines), *entries)
        assert tree(tmp_path / str(lines)) == tree(tmp_path / "whole"), lines
        lines += 1
    assert lines > 100
