"""An audit in words."""

from collections.abc import Sequence

from mrsift.classify.audit import CERTAIN, FEW_SLICES, Audit, Row

NAMED = 4
"""Numbers of slices that are named before the rest is counted."""


def sentences(audit: Audit) -> list[str]:
    """What the numbers are; what cannot be, one line each; and where n comes from."""
    said = [_kind_words(audit)]
    if audit.kind in ("votes", "mixed") or audit.sources:
        found = [
            _impossible_words(audit, row, place) for row in audit.rows for place in row.impossible
        ]
        said += ["\n".join(found)] if found else []
    return said + _source_words(audit)


def _kind_words(audit: Audit) -> str:
    able = [row for row in audit.rows if row.telling]
    settled = sum(row.settled for row in able)
    of = f"{settled} of {_count(len(able), 'patient')}"
    if audit.kind == "votes":
        return (
            f"Vote shares: {of} have an n up to {audit.most} that chance would not give. Each "
            "number is k of n slices voted one way. It is not a probability, not a confidence and "
            "not an accuracy: the slices of one patient are nearly copies of each other."
        )
    if audit.kind == "mixed":
        return (
            f"Some rows are vote shares: {of} have an n up to {audit.most} that chance would not "
            "give. The others are no shares, or shares of another n in each column."
        )
    if audit.kind == "digits":
        return (
            "Too few digits to tell: with so few, random numbers would be shares of up to "
            f"{FEW_SLICES} slices just as well. Print more digits or more columns per patient."
        )
    return (
        f"No vote shares of up to {audit.most} slices: {of} have such an n, no more than chance "
        "would give. They can be probabilities, means of probabilities, or shares of more slices."
    )


def _impossible_words(audit: Audit, row: Row, place: int) -> str:
    cell = row.cells[place]
    assert cell is not None  # an empty cell is never impossible
    which = f"{row.patient}, {audit.columns[place]}: {cell.text} is impossible:"
    if row.used is None:
        text = f"{which} it is no share of up to {audit.most} slices"
    else:
        near = (cell.units * row.used) // 10**cell.digits
        low, high = (f"{k / row.used:.{min(cell.digits, 9)}f}" for k in (near, near + 1))
        text = f"{which} of {row.used} slices, {near} are {low} and {near + 1} are {high}"
    same = row.repeats.get(place, ())
    return f"{text}; it repeats the number of {_names(same)}" if same else text


def _source_words(audit: Audit) -> list[str]:
    if not audit.sources:
        return []
    said = []
    best = audit.sources[0]
    if best.chance < CERTAIN:
        said.append(
            f"n is the slices of {best.name}: {best.fits} of {_count(best.of, 'number')} are "
            "shares of it, which chance would not give."
        )
    else:
        said.append(
            "No column of the slice counts explains more numbers than chance would: other series, "
            "other patients, or slices left out before the vote."
        )
    rest = [f"{source.name} {source.fits} of {source.of}" for source in audit.sources[1:]]
    return said + ([f"The other counts: {', '.join(rest)}."] if rest else [])


def slices_words(row: Row) -> str:
    """N and its rivals: `129, 258, 387 …`."""
    if row.used is None:
        return "none" if row.telling else "any"
    rest = [n for n in row.slices if n != row.used] if row.used in row.slices else []
    named = ", ".join(map(str, [row.used, *rest[: NAMED - 1]]))
    return f"{named} …" if len(rest) >= NAMED else named


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
