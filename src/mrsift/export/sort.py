"""Studies with their answers -> a tree sorted by what they are.

plan    sort_case (numbers and key), sort_bids | sort_label | sort_nnunet (entries)
write   sort_write (files), sort_manifest (checksums)
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mrsift.errors import ConfigError
from mrsift.export.bids_sidecar import DERIVED_README, README, description_json, participants_text
from mrsift.export.output_file import write_text
from mrsift.export.sort_bids import DERIVED, bids_entries
from mrsift.export.sort_case import Case, key_path, number_studies, read_key, write_key
from mrsift.export.sort_item import Entry, File, constant
from mrsift.export.sort_label import label_entries
from mrsift.export.sort_manifest import MANIFEST, read_manifest
from mrsift.export.sort_nnunet import (
    DESCRIPTION,
    dataset_json,
    nnunet_entries,
    same_channels,
)
from mrsift.export.sort_write import Done, Tree, clashes, open_tree
from mrsift.ingest import Scan
from mrsift.labels import PROFILES, Profile
from mrsift.types import Report, Skipped

Layout = Literal["bids", "label", "nnunet"]
Progress = Callable[[str, int, int | None], None]

PLANNED = Done("planned")


@dataclass(frozen=True, slots=True)
class SortOptions:
    """What the user asks for.

    Attributes:
        link: Link to the objects instead of copying them; with layout `label` only.
        dry_run: Plan only, write nothing.
        profile: The user's own, beside those that mrsift knows; for its roles.
    """

    layout: Layout
    link: bool = False
    dry_run: bool = False
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a run did.

    Attributes:
        cases: Studies with their numbers.
        entries: Each with what became of it.
        left_out: What has no place in this layout, and why.
    """

    cases: tuple[Case, ...]
    entries: tuple[tuple[Entry, Done], ...]
    left_out: tuple[Skipped, ...]


def check_place(path: Path, out: Path) -> None:
    """Refuse a tree that would be mixed with the input, or with something else.

    Args:
        path: The input.
        out: Where the tree shall be.

    Raises:
        ConfigError: What is wrong, and what to do.
    """
    inside, tree = path.resolve(), out.resolve()
    if tree == inside or inside in tree.parents:
        raise ConfigError(f"{out}: lies inside {path}, which is only read; choose another OUT")
    if tree in inside.parents:
        raise ConfigError(f"{path}: lies inside {out}, so the two would mix; choose another OUT")
    if out.exists() and not out.is_dir():
        raise ConfigError(f"{out}: is a file; give the name of a folder")
    if not out.is_dir():
        return
    known = (out / MANIFEST).exists()
    if not known and any(out.iterdir()):
        raise ConfigError(
            f"{out}: is not empty and was not made by mrsift sort; choose another OUT"
        )
    if known and len(read_manifest(out / MANIFEST)) and not key_path(out).exists():
        raise ConfigError(
            f"{key_path(out)}: the key of {out} is missing, so its numbers cannot be gone on "
            "with; put it back, or choose another OUT"
        )


def sort_studies(
    report: Report,
    found: Scan,
    out: Path,
    options: SortOptions,
    on_progress: Progress | None = None,
) -> Outcome:
    """Sort what was identified into a tree.

    Args:
        report: The answers.
        found: The scan that they come from.
        out: Checked by `check_place`.
        options: What the user asks for.
        on_progress: Called as entries are made.

    Raises:
        ConfigError: The tree that is there is of another plan.
        OutputError: The tree cannot be written; what was finished stays.
    """
    by_volume = {info.volume_id: study for study in found.studies for info in study.volumes}
    pairs = [(one, by_volume[one.predictions[0].volume.volume_id]) for one in report.studies]
    old = read_key(key_path(out))
    cases, key = number_studies(pairs, old)
    plan = _plan(cases, found, options)
    if differing := clashes(plan.entries, read_manifest(out / MANIFEST)):
        raise ConfigError(
            f"{out}: was sorted from other answers or with another layout ({differing[0]}; "
            f"{len(differing)} differ); choose another OUT"
        )
    if options.dry_run:
        return Outcome(tuple(cases), tuple((one, PLANNED) for one in plan.entries), plan.left_out)
    done = []
    with open_tree(out) as tree:
        if key != old:
            write_key(key_path(out), key)
        for name, text in plan.texts.items():
            _describe(tree, out, name, text)
        if options.layout == "bids" and plan.entries:
            _list_participants(out / "participants.tsv", cases)
        for number, entry in enumerate(plan.entries):
            if on_progress is not None:
                on_progress("sorting", number, len(plan.entries))
            done.append((entry, tree.add(entry, link=options.link)))
    return Outcome(tuple(cases), tuple(done), plan.left_out)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What is to be made.

    Attributes:
        texts: Files about the whole tree.
    """

    entries: list[Entry]
    left_out: tuple[Skipped, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def _plan(cases: Sequence[Case], found: Scan, options: SortOptions) -> _Plan:
    if options.layout == "label":
        entries, left_out = label_entries(cases, found)
        return _Plan(entries, tuple(left_out))
    if options.layout == "nnunet":
        own = {options.profile.name: options.profile} if options.profile else {}
        entries, left_out, channels = nnunet_entries(cases, found, PROFILES | own)
        return _Plan(entries, tuple(left_out), {DESCRIPTION: dataset_json(channels)})
    entries = bids_entries(cases, found)
    return _Plan(entries, (), _bids_texts(entries) if entries else {})


def _bids_texts(entries: Sequence[Entry]) -> dict[str, str]:
    texts = {
        "dataset_description.json": description_json("raw"),
        "README": README,
        ".bidsignore": f"{MANIFEST}\n",
    }
    if any(file.target.startswith(DERIVED) for entry in entries for file in entry.files):
        texts[f"{DERIVED}dataset_description.json"] = description_json("derivative")
        texts[f"{DERIVED}README"] = DERIVED_README
    return texts


def _describe(tree: Tree, out: Path, name: str, text: str) -> None:
    """A file about the whole tree; one that is there already stays as it is.

    Raises:
        ConfigError: The tree has other channels.
    """
    if not os.path.lexists(out / name):
        tree.add(Entry("", (), (), (), (File(name, constant(text.encode())),)))
    elif name == DESCRIPTION and not same_channels((out / name).read_bytes(), text):
        raise ConfigError(f"{out / name}: names other channels; choose another OUT")


def _list_participants(path: Path, cases: Sequence[Case]) -> None:
    """Add the subjects that are not listed yet; what a user has added stays."""
    stored = path.read_text("utf-8") if path.exists() else ""
    text = participants_text(stored, [case.subject for case in cases])
    if text != stored:
        write_text(path, text)
