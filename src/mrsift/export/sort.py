"""Studies with their answers -> a tree sorted by what they are.

plan    sort_case (numbers and key), sort_bids | sort_label | sort_nnunet (entries)
write   sort_write (files), sort_manifest (checksums)
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mrsift.errors import ConfigError
from mrsift.export.bids_sidecar import README, description_json, participants_text
from mrsift.export.output_file import write_text
from mrsift.export.sort_bids import DERIVED, bids_entries
from mrsift.export.sort_case import Case, key_path, number_studies, read_key, write_key
from mrsift.export.sort_item import Entry, File, constant
from mrsift.export.sort_label import label_entries
from mrsift.export.sort_manifest import MANIFEST, read_manifest
from mrsift.export.sort_write import Done, Tree, clashes, open_tree
from mrsift.ingest import Scan
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
        channels: Roles that become the channels of a case, in order; with layout `nnunet` only.
    """

    layout: Layout
    link: bool = False
    dry_run: bool = False
    channels: tuple[str, ...] = ()


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
    entries, left_out = _plan(cases, found, options)
    if differing := clashes(entries, read_manifest(out / MANIFEST)):
        raise ConfigError(
            f"{out}: was sorted from other answers or with another layout ({differing[0]}; "
            f"{len(differing)} differ); choose another OUT"
        )
    if options.dry_run:
        return Outcome(tuple(cases), tuple((one, PLANNED) for one in entries), tuple(left_out))
    done = []
    with open_tree(out) as tree:
        if key != old:
            write_key(key_path(out), key)
        if options.layout == "bids" and entries:
            _describe(tree, out, cases, entries)
        for number, entry in enumerate(entries):
            if on_progress is not None:
                on_progress("sorting", number, len(entries))
            done.append((entry, tree.add(entry, link=options.link)))
    return Outcome(tuple(cases), tuple(done), tuple(left_out))


def _plan(
    cases: Sequence[Case], found: Scan, options: SortOptions
) -> tuple[list[Entry], list[Skipped]]:
    if options.layout == "label":
        return label_entries(cases, found)
    return bids_entries(cases, found), []


def _describe(tree: Tree, out: Path, cases: Sequence[Case], entries: Sequence[Entry]) -> None:
    """The files of a BIDS tree as a whole; one that is there already stays as it is."""
    texts = {
        "dataset_description.json": description_json("raw"),
        "README": README,
        ".bidsignore": f"{MANIFEST}\n",
    }
    if any(file.target.startswith(DERIVED) for entry in entries for file in entry.files):
        texts[f"{DERIVED}dataset_description.json"] = description_json("derivative")
    for name, text in texts.items():
        if not os.path.lexists(out / name):
            tree.add(Entry("", (), (), (), (File(name, constant(text.encode())),)))
    participants = out / "participants.tsv"
    stored = participants.read_text("utf-8") if participants.exists() else ""
    text = participants_text(stored, [case.subject for case in cases])
    if text != stored:
        write_text(participants, text)
