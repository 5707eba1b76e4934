"""Our volumes against those of dcm2niix and highdicom; see `bench/conformance.py`."""

import re
from functools import cache
from pathlib import Path

import pytest

from bench.conformance import PAGE, file_sets, intended, page
from bench.judges import Result, examine
from tests.shared_data import SHARED_DATA

NAMES = [path.stem for path in file_sets()] or ["no real data"]


@cache
def result_of(name: str) -> Result:
    (archive,) = [path for path in file_sets() if path.stem == name]
    return examine(archive)


@pytest.mark.parametrize("name", NAMES)
def test_volumes_agree_or_differ_on_purpose(shared_data: Path, name: str) -> None:
    assert shared_data == SHARED_DATA
    result = result_of(name)
    expected = {difference for difference in intended() if difference.file_set == name}
    found = set(result.differences)
    assert found - expected == set(), "\n".join(["new differences", *result.messages])
    assert expected - found == set(), "rows that no longer apply: remove them"
    assert result.ours > 0
    assert result.dcm2niix_agrees > 0


@pytest.mark.usefixtures("shared_data")
def test_every_row_names_a_file_set_and_a_reason() -> None:
    for difference, reason in intended().items():
        assert difference.file_set in NAMES
        assert len(reason) > 20


@pytest.mark.usefixtures("shared_data")
def test_the_page_of_the_documentation_is_this_run() -> None:
    def without_versions(text: str) -> str:
        text = re.sub(r"(?m)^Made by .*$", "", text)
        return re.sub(r"\d\.\de[-+]\d\d \|$", "", text, flags=re.MULTILINE)

    fresh = page(result_of(name) for name in NAMES)
    assert without_versions(PAGE.read_text()) == without_versions(fresh)
