from pathlib import Path

from tests.ordinary_user import run_as_ordinary_user


def test_file_modes_bind_the_command_also_as_root(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.write_text("secret")
    assert run_as_ordinary_user(["cat", locked]).stdout == "secret"
    locked.chmod(0o000)
    done = run_as_ordinary_user(["cat", locked])
    assert done.returncode == 1
    assert "Permission denied" in done.stderr


def test_a_read_only_folder_refuses_new_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    done = run_as_ordinary_user(["touch", folder / "new"])
    assert done.returncode == 1
    assert not (folder / "new").exists()
