"""A bundle as a folder and as a zip."""

from pathlib import Path

import pytest

from mrsift.bundle import write_bundle
from tests.bundle_values import CONTENTS, manifest


@pytest.fixture(params=["bundle", "bundle.mrsift"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    write_bundle(path, manifest(), CONTENTS)
    return path
