"""The members of `.zip`, `.tar` and `.tar.gz` archives as sources, nothing unpacked by name."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mrsift.config import IngestSettings
from mrsift.ingest.member import SMALL_BYTES, Member
from mrsift.ingest.source import Source, clutter_reason, is_archive, one_line
from mrsift.ingest.tar_archive import index_tar
from mrsift.ingest.zip_archive import index_zip
from mrsift.types import Skipped


def members(path: Path, shown: str, settings: IngestSettings) -> Iterator[Source | Skipped]:
    """The files inside an archive.

    Args:
        path: The archive.
        shown: Its path relative to the input; members are shown as `shown!name`.
        settings: Limits on size and compression ratio.

    Yields:
        A source per member that can be read; a `Skipped` for each other one, and for the
        archive itself where it is damaged or holds nothing.
    """
    if path.suffix.lower() == ".zip":
        found, damage = index_zip(path)
    else:
        found, damage = index_tar(path, settings)
    last = {member.name: member for member in found}  # as tar and zip do: the last one counts
    told: set[str] = set()
    for member in sorted(found, key=lambda member: member.name):
        path_shown = f"{shown}!{one_line(member.name)}"
        clutter = _clutter_above(member.name)
        if clutter is not None:
            top, reason = clutter
            if top not in told:
                told.add(top)
                yield Skipped(f"{shown}!{one_line(top)}", reason)
        elif last[member.name] is not member:
            reason = "name occurs twice in the archive; the last one is read, this one is not"
            yield Skipped(path_shown, reason, is_mr=True)
        elif (refusal := _reason_to_skip(member, settings)) is not None:
            yield Skipped(path_shown, refusal, is_mr=True)
        else:
            yield Source(path_shown, member.size, None, member.opener)
    if damage is not None:
        yield Skipped(shown, damage, is_mr=True)
    elif not found:
        yield Skipped(shown, "archive is empty; nothing to read")


def _clutter_above(name: str) -> tuple[str, str] | None:
    """The outermost part of a member name that never holds images, and why."""
    parts = PurePosixPath(name).parts
    for depth, part in enumerate(parts, start=1):
        if (reason := clutter_reason(part)) is not None:
            return "/".join(parts[:depth]), reason
    return None


def _reason_to_skip(member: Member, settings: IngestSettings) -> str | None:
    """Why a member must not or cannot be read, in one line; None where it can."""
    plain = member.name.replace("\\", "/")
    reason = member.unreadable
    if plain.startswith("/") or plain[1:2] == ":" or ".." in plain.split("/"):
        reason = "name leads out of the archive (absolute or with ..); repack the archive"
    elif reason is not None:
        pass
    elif member.size == 0:
        reason = "file is empty (0 bytes); export it again"
    elif is_archive(member.name):
        reason = "archive inside an archive, not opened; unpack the outer one"
    elif member.size > settings.max_member_bytes:
        reason = (
            f"claims {member.size:,} bytes, more than the {settings.max_member_bytes:,} allowed"
            " for a member of an archive; unpack the archive if that is right"
        )
    elif member.size > max(SMALL_BYTES, member.compressed * settings.max_ratio):
        ratio = member.size / max(member.compressed, 1)
        reason = (
            f"claims to be compressed {ratio:,.0f} to 1, more than the {settings.max_ratio:,.0f}"
            " allowed; unpack the archive if you trust it"
        )
    return reason
