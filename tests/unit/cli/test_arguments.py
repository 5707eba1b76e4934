import argparse
import os
from pathlib import Path

import pytest

from mrsift.cli.arguments import STDOUT, check_outputs, existing_path, positive_number
from mrsift.errors import ConfigError


def test_a_path_must_exist(tmp_path: Path) -> None:
    assert existing_path(str(tmp_path)) == tmp_path
    with pytest.raises(argparse.ArgumentTypeError, match="no such file or folder"):
        existing_path(str(tmp_path / "missing"))


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_a_count_is_a_whole_number_from_1(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no whole number from 1"):
        positive_number(text)
    assert positive_number("3") == 3


def test_outputs_may_not_hide_an_input_or_each_other(tmp_path: Path) -> None:
    source, out = tmp_path / "a.nii", tmp_path / "out"
    source.touch()
    (tmp_path / "link").symlink_to(source)
    for path in (source, tmp_path / "link", tmp_path / "." / "a.nii"):
        with pytest.raises(ConfigError, match="is an input"):
            check_outputs([path], [source])
    with pytest.raises(ConfigError, match="two outputs"):
        check_outputs([out, None, tmp_path / "x" / ".." / "out"], [source])
    check_outputs([out, None, STDOUT, STDOUT, tmp_path / "other"], [source])
    check_outputs([Path(os.devnull), Path(os.devnull)], [source])
