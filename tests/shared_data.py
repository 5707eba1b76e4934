"""Real, public, de-identified studies: beside the checkout in `../shared/data`, never in it."""

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def require_shared_data() -> Path:
    """The folder with the real data; without it the test is skipped, or fails under `CI=true`."""
    if not SHARED_DATA.is_dir():
        reason = "no real data: ../shared/data is not there"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}, and CI=true")
        pytest.skip(reason)
    return SHARED_DATA
