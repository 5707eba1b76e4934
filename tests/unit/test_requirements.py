"""The locks: complete, hashed, and without torch."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["core", "build", "dev"]


def names(requirements: list[str]) -> set[str]:
    """Normalised names of requirement lines."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def locked(lock: str) -> set[str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    return names(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))


def wanted(extras: list[str]) -> set[str]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(table["dependencies"])
    for extra in extras:
        lines += table["optional-dependencies"][extra]
    return names(lines)


def test_every_core_dependency_is_locked() -> None:
    assert wanted([]) <= locked("core")


def test_every_development_dependency_is_locked_but_torch() -> None:
    assert wanted(["train", "view", "dev"]) - locked("dev") == {"torch"}


def test_every_core_dependency_is_explained() -> None:
    page = (ROOT / "docs/explanation/dependencies.md").read_text("utf-8").lower()
    assert not {name for name in wanted([]) if f"| {name} |" not in page}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_brings_torch_or_cuda(lock: str) -> None:
    assert not {name for name in locked(lock) if re.match(r"(torch$|nvidia|cuda|triton)", name)}


def test_both_environments_have_the_same_core() -> None:
    def versions(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
        return set(re.findall(r"^([A-Za-z0-9._-]+==\S+)", text, re.MULTILINE))

    assert versions("core") <= versions("dev")
    assert versions("build") <= versions("dev")
