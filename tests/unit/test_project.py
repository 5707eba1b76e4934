"""House rules that no other tool checks: layout, names, links, and docs that keep up."""

import argparse
import ast
import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

import mrsift
from mrsift import config, errors
from mrsift.cli.exit_status import ExitStatus
from mrsift.cli.main import make_parser

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "mrsift"
MAX_LINES = 300
TABLES = {"types.py", "config.py"}  # one page by design, with an attribute's meaning on each line
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"}
OUTSIDE_WORDS = re.compile(r"/tmp/|\b(TODO|FIXME|XXX)\b")
SPEAKS_OF_OUTSIDE_WORDS = Path("tests/unit/test_project.py")
NO_TEXT = {".png", ".dcm", ".mrsift", ".onnx", ".safetensors"}
PICTURE_BYTES = 500_000
FILE_BYTES = 5_000_000


def tracked(*patterns: str) -> list[Path]:
    """Files under version control, and new ones that are not ignored, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [path for name in sorted(set(listed)) if (ROOT / (path := Path(name))).is_file()]


def docs_text() -> str:
    """The README and every page of the docs."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text("utf-8") for page in pages)


def rooms() -> list[Path]:
    """The rooms of the package that hold code."""
    return sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))


def test_no_python_file_is_too_long() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text("utf-8").splitlines())
        for path in tracked("*.py")
        if path.name not in TABLES
    }
    assert not {path: lines for path, lines in lengths.items() if lines > MAX_LINES}


def test_names_say_what_is_inside() -> None:
    parts = {part for path in tracked("src", "bench", "tests") for part in path.parts}
    assert not {part for part in parts if Path(part).stem in VAGUE_NAMES}


def test_the_project_speaks_of_itself_alone() -> None:
    said = []
    for path in tracked():
        if path == SPEAKS_OF_OUTSIDE_WORDS or path.suffix in NO_TEXT:
            continue
        text = (ROOT / path).read_text("utf-8", errors="replace")
        said += [f"{path}: {match[0]}" for match in OUTSIDE_WORDS.finditer(text)]
    assert not said


def test_no_file_is_large() -> None:
    sizes = {path: (ROOT / path).stat().st_size for path in tracked()}
    limits = {path: PICTURE_BYTES if path.suffix == ".png" else FILE_BYTES for path in sizes}
    assert not {str(path): size for path, size in sizes.items() if size > limits[path]}


@pytest.mark.parametrize("room", rooms(), ids=lambda room: str(room.name))
def test_a_room_says_which_file_does_which_step(room: Path) -> None:
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8"))) or ""
    files = {path.name for path in room.glob("*.py")} - {"__init__.py"}
    assert not {name for name in files if name not in docstring}
    named = set(re.findall(r"^\s*(\w+\.py)\s", docstring, re.MULTILINE))
    assert not named - files


def readme_tree() -> str:
    readme = (ROOT / "README.md").read_text("utf-8")
    return next(
        block for block in re.findall(r"```\n(.*?)```", readme, re.DOTALL) if "src/" in block
    )


def test_the_tree_in_the_readme_is_the_tree_on_disk() -> None:
    named = set(re.findall(r"^  (\w+(?:\.py|/))\s", readme_tree(), re.MULTILINE))
    files = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    folders = {f"{path.parts[2]}/" for path in tracked("src/mrsift/*/*")}
    assert named == files | folders


def test_the_tree_names_every_top_folder() -> None:
    named = set(re.findall(r"^(\w+)/", readme_tree(), re.MULTILINE))
    folders = {path.parts[0] for path in tracked() if len(path.parts) > 1}
    assert named == {folder for folder in folders if not folder.startswith(".")}


@pytest.mark.parametrize("page", tracked("*.md"), ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", text)
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert not [link for link in local if not (ROOT / page).parent.joinpath(link).exists()]


@pytest.mark.parametrize("page", tracked("docs/*.md"), ids=str)
def test_every_page_is_in_the_navigation(page: Path) -> None:
    assert f" {page.relative_to('docs')}" in (ROOT / "mkdocs.yml").read_text("utf-8")


@pytest.mark.parametrize("name", mrsift.__all__)
def test_public_names_are_documented(name: str) -> None:
    assert f"mrsift.{name}" in docs_text()


def test_settings_are_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    classes = [value for value in vars(config).values() if dataclasses.is_dataclass(value)]
    assert classes
    for settings in classes:
        section = page.split(f"## {settings.__name__}")[1].split("## ")[0]
        own = settings.__annotations__  # those of a parent stand in its own section
        for field in (field for field in dataclasses.fields(settings) if field.name in own):
            row = next(line for line in section.splitlines() if f"`{field.name}`" in line)
            assert f"`{field.default!r}`" in row


def test_the_error_tree_is_drawn_whole() -> None:
    assert errors.__doc__
    names = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert names == set(re.findall(r"[├└]── (\w+)", errors.__doc__)) | {"MrsiftError"}


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Every verb of the command line with its parser; steps of a verb by both words."""
    return steps(make_parser(), "")


def steps(parser: argparse.ArgumentParser, name: str) -> dict[str, argparse.ArgumentParser]:
    """What a parser leaves to other parsers, or itself."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found = [steps(below, f"{name} {word}") for word, below in action.choices.items()]
            return {word: below for one in found for word, below in one.items()}
    return {name.strip(): parser}


@pytest.mark.parametrize("verb", verbs())
def test_verbs_and_options_are_documented(verb: str) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    section = page.split(f"## mrsift {verb}\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(--[a-z-]+)", section))
    options = {option for action in verbs()[verb]._actions for option in action.option_strings}
    assert named == {option for option in options if option.startswith("--")} - {"--help"}


def test_exit_statuses_are_documented() -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    rows = page.split("## Exit status\n")[1]
    assert set(re.findall(r"^\| (\d+) \|", rows, re.MULTILINE)) == {str(int(s)) for s in ExitStatus}
