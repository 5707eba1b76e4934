"""One line per volume, to be corrected in a spreadsheet and given back.

The columns speak the key of every label table of mrsift: `volume_id`, or `path` with
`inside`, `series_instance_uid`, `b_value` and `index`; then `label`. `docs/reference/csv.md`
explains each column.
"""

import csv
import io
import re
from collections.abc import Sequence

from mrsift.export.role_rows import roles_of
from mrsift.export.rows import label_names, one_line
from mrsift.labels import LABEL_NAMES
from mrsift.types import Opinion, Prediction, Report, StudyReport

_COLUMNS_BEFORE = (
    *("volume_id", "path", "inside", "index", "label", "probability"),
    *("series_number", "series_description", "plane", "slices", "rows", "columns"),
    *("slice_spacing_mm", "row_spacing_mm", "column_spacing_mm"),
    *("b_value", "b_value_source", "image_component", "temporal_position"),
    *("localizer", "calculated", "complete", "order_assumed"),
    *("pixels_label", "pixels_probability", "header_label", "header_probability"),
    *("conflict", "conflict_reason", "physics", "corrected", "label_before"),
    *("in_distribution", "profile", "role"),
)
_COLUMNS_AFTER = ("study_instance_uid", "series_instance_uid")


def columns(labels: Sequence[str] = LABEL_NAMES) -> tuple[str, ...]:
    """The header line: a column `p_<label>` for every label of the run."""
    return (*_COLUMNS_BEFORE, *(f"p_{name}" for name in labels), *_COLUMNS_AFTER)


# A spreadsheet that splits at another sign than the comma starts a cell there as well.
_FORMULA = re.compile(
    r"(^|[;,|])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])"
)  # the last four: full width
_NUMBER = re.compile(r"\d+(e\d+)?", re.IGNORECASE)


def csv_text(report: Report) -> str:
    """The table of all studies, with a byte order mark, so that spreadsheets see UTF-8.

    Args:
        report: One run of `identify`.

    Returns:
        Header line and one line per volume, ended by CR LF as RFC 4180 says.
    """
    text = io.StringIO()
    text.write("\N{BYTE ORDER MARK}")
    labels = label_names(report)
    writer = csv.DictWriter(text, columns(labels))
    writer.writeheader()
    for study in report.studies:
        for prediction in study.predictions:
            writer.writerow(_line(study, prediction))
    return text.getvalue()


def harmless(text: str | None) -> str:
    """Text that no spreadsheet takes for a formula or for a number.

    Args:
        text: From a header or a file name.

    Returns:
        The text on one line, with an apostrophe before what would start a formula or be
        rounded as a number; who reads the table back takes a leading apostrophe away.

    Source:
        OWASP, CSV injection.
    """
    line = one_line(text or "")
    if _NUMBER.fullmatch(line):
        return "'" + line
    return _FORMULA.sub(r"\1\2'", line)


def key_cell(text: str) -> str:
    """Text of a key: no spreadsheet runs or rounds it, and who reads it gets it back exactly.

    Args:
        text: Whatever stands in a key column.

    Returns:
        The text, with an apostrophe before it where a spreadsheet would not leave it alone, or
        where it begins with one.
    """
    risky = text.startswith(("=", "+", "-", "@", "'")) or _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text


def _line(study: StudyReport, prediction: Prediction) -> dict[str, object]:
    info = prediction.volume
    path, inside = _place(info.files)
    slices, rows, columns = info.shape
    slice_mm, row_mm, column_mm = (round(step, 4) for step in info.spacing_mm)
    return {
        "volume_id": harmless(info.volume_id),
        "path": harmless(path),
        "inside": harmless(inside),
        "index": _number(info.index),
        "label": prediction.label,
        "probability": round(prediction.probability, 4),
        "series_number": _number(info.series_number),
        "series_description": harmless(info.series_description),
        "plane": info.plane,
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "slice_spacing_mm": slice_mm,
        "row_spacing_mm": row_mm,
        "column_spacing_mm": column_mm,
        "b_value": "" if info.b_value is None else f"{info.b_value.s_per_mm2:g}",
        "b_value_source": "" if info.b_value is None else harmless(info.b_value.source),
        "image_component": harmless(info.image_component),
        "temporal_position": _number(info.temporal_position),
        "localizer": _truth(prediction.localizer),
        "calculated": _truth(prediction.calculated),
        "complete": _truth(info.complete),
        "order_assumed": _truth(info.order_assumed),
        **_opinion("pixels", prediction.pixels),
        **_opinion("header", prediction.header),
        "conflict": _truth(prediction.conflict),
        "conflict_reason": harmless(prediction.conflict_reason),
        "physics": harmless(prediction.physics.found if prediction.physics else None),
        "corrected": _truth(prediction.correction is not None),
        "label_before": prediction.correction.label_before if prediction.correction else "",
        "in_distribution": round(prediction.in_distribution, 4),
        "profile": harmless(study.profile),
        "role": harmless(";".join(roles_of(study).get(info.volume_id, []))),
        **{f"p_{name}": round(value, 4) for name, value in prediction.probabilities.items()},
        "study_instance_uid": harmless(study.study_instance_uid),
        "series_instance_uid": harmless(info.series_instance_uid),
    }


def _place(files: tuple[str, ...]) -> tuple[str, str]:
    """Archive and folder within it; without an archive the file, or the folder of several."""
    if not files:
        return "", ""
    archive, mark, member = files[0].partition("!")
    if mark:
        return archive, member.rpartition("/")[0] if len(files) > 1 else member
    return (files[0].rpartition("/")[0] or "." if len(files) > 1 else files[0]), ""


def _opinion(kind: str, opinion: Opinion | None) -> dict[str, object]:
    if opinion is None:
        return {f"{kind}_label": "", f"{kind}_probability": ""}
    return {f"{kind}_label": opinion.label, f"{kind}_probability": round(opinion.probability, 4)}


def _number(value: int | None) -> int | str:
    return "" if value is None else value


def _truth(is_set: bool) -> str:
    return "true" if is_set else "false"
