import io
import re

import pytest
from rich.cells import cell_len

from mrsift.export.terminal import NAMES_SHOWN, REASONS_SHOWN, open_console, print_skipped
from mrsift.export.terminal_table import print_report
from mrsift.types import Report, Skipped, StudyReport
from tests.report_values import BUNDLE, prediction, report, volume


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def printed(value: Report, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    print_report(value, open_console(stream))
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)


def rows_of(text: str) -> list[str]:
    """Lines that start with a series number, or a dash for one."""
    return [line for line in text.splitlines() if re.match(r" ?(\d|\d\d|–) (?!volumes)\S", line)]


def test_in_a_pipe_every_row_is_one_whole_line_without_colour() -> None:
    text = printed(report())
    assert "\x1b" not in text
    assert "…" not in text
    rows = rows_of(text)
    assert len(rows) == 14 + 4
    calculated = next(row for row in rows if "CALC_BVAL" in row)
    assert re.split(r" {2,}|(?<=\d) (?=\d)", calculated.strip())[0].startswith("6 ep2d_diff")
    for word in ("b 1400, axial", "DWI_HIGH", "0.94", "24×384×384", "3.6×0.5×0.5", "calculated"):
        assert word in calculated
    assert "37 time points, 2–3, 5–39" in text


@pytest.mark.parametrize("columns", [80, 100, 110, 160])
def test_a_terminal_is_filled_and_never_overrun(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = printed(report())
    assert max(cell_len(line) for line in text.splitlines()) <= columns
    assert "…" not in text
    squeezed = re.sub(r"\s+", "", text)
    for prediction_ in report().studies[0].predictions:
        label = prediction_.label
        assert re.search(rf"\b{label}\b", text)
    for word in ("calculated", "incomplete", "!conflict", "3.6×0.5×0.5", "localizer"):
        assert word in squeezed
    assert len(rows_of(text)) == 14 + 4


def test_a_terminal_gets_colour_unless_it_is_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    coloured = printed(report(), Terminal())
    assert "\x1b[32mT2W" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in printed(report(), Terminal())


def test_a_conflict_is_told_in_words_below_its_table() -> None:
    lines = printed(report()).splitlines()
    told = next(n for n, line in enumerate(lines) if line.startswith("! conflict in"))
    assert lines[told].rstrip() == (
        "! conflict in series 9, t2_tse_tra: Pixels say T1W (0.91), header says T2W (0.88). "
        "Answer: T1W 0.62."
    )
    assert told < next(n for n, line in enumerate(lines) if line.startswith("Study 2 of 2"))


def test_headings_say_profile_and_reason() -> None:
    text = printed(report())
    assert "Study 1 of 2: exam/pelvis" in text
    assert "Profile prostate: pixels look like the pelvis (0.98)" in text


def test_the_last_lines_sum_up() -> None:
    assert printed(report()).splitlines()[-2:] == [
        "65 volumes in 2 studies, 13 UNKNOWN, 1 conflict, 6 files skipped; model sim 0.1.0.",
        "Research use only; not a medical device.",
    ]


def test_header_text_is_no_markup_and_steers_nothing() -> None:
    info = volume(1, "[red]x[/red] :smile: \x1b[2J\r")
    study = StudyReport(None, "p[b]", "all", "r", (prediction(info, "T2W", 0.9),))
    text = printed(Report(BUNDLE, (study,), ()))
    assert "[red]x[/red] :smile: �[2J" in text
    assert "p[b]" in text
    assert "\x1b" not in text
    assert "\r" not in text


def skipped_text(skipped: list[Skipped]) -> str:
    stream = io.StringIO()
    print_skipped(skipped, open_console(stream))
    return stream.getvalue()


def test_few_skipped_files_are_all_named() -> None:
    text = skipped_text([Skipped(f"f{n}", "report") for n in range(NAMES_SHOWN + 5)])
    assert f"{NAMES_SHOWN + 5} × report" in text
    assert all(f"f{n}\n" in text for n in range(NAMES_SHOWN + 5))
    assert "--json" not in text


def test_many_skipped_files_are_counted_and_the_rest_is_findable() -> None:
    text = skipped_text([Skipped(f"f{n}.dcm", "report") for n in range(500)])
    assert text.count(".dcm") == NAMES_SHOWN
    assert f"and {500 - NAMES_SHOWN} more" in text
    assert "--json FILE lists every file with its reason." in text


def test_many_reasons_are_counted_too() -> None:
    text = skipped_text([Skipped("f", f"reason {n}") for n in range(40)])
    assert text.count("1 × reason") == REASONS_SHOWN
    assert f"{40 - REASONS_SHOWN} × for other reasons" in text


def test_nothing_at_all_is_said_shortly() -> None:
    text = printed(Report(BUNDLE, (), ()))
    assert text.startswith("0 volumes in 0 studies")
