"""NiiVue is the file that its licence page says it is, and goes into the package."""

import hashlib
import re
from importlib.resources import files


def test_it_is_unchanged() -> None:
    folder = files("mrsift.assets") / "niivue"
    page = (folder / "LICENSES.txt").read_text("utf-8")
    said = re.search(r"SHA-256 ([0-9a-f]{64})", page)
    assert said is not None
    script = (folder / "niivue.umd.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == said[1]
    assert "BSD 2-Clause License" in page
    assert "Copyright (c) 2021, Niivue" in page
