"""All there is to know of a bundle, printed and as pages in an ignored folder: `make model-report`.

    python -m bench.model_report [--bundle BUNDLE] [--out runs/model-report] [--locked]

Simulated sets and studies are drawn once and kept (`held_out.py`). Real scans are asked where
../shared/data is there: those that development may look at always, the locked ones with
`--locked` alone, and each time is written down in `bench/locked.csv`. Ablations are read from
`bench/ablations.csv`, which `ablations.py` writes.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from bench.ablations import ABLATIONS
from bench.held_out import FOLDER, SUBJECTS, held_out, version
from bench.locked_ledger import record
from bench.model_parts import ablation_table, picture_rows, remaining_table, speed_table
from bench.model_sets import Asked, real, real_predictions, simulated, source_of, studies
from bench.model_words import floors, passed, scored
from bench.real_data import SHARED, Outcome
from mrsift.bundle import Bundle, shipped_bundle_path
from mrsift.evaluate.figures import confusion_figure, reliability_figure, risk_figure
from mrsift.evaluate.predictions import Predictions
from mrsift.evaluate.summary import Evaluation, evaluate
from mrsift.export.evaluation import Sources, write_report
from mrsift.export.evaluation_figures import inline_svg, svg_text
from mrsift.export.evaluation_html import PageFigure
from mrsift.export.evaluation_run import Run
from mrsift.export.evaluation_tables import (
    Cell,
    Table,
    calibration_table,
    label_table,
    risk_table,
    sets_by_label_table,
    sets_table,
    strangers_table,
)
from mrsift.export.evaluation_terminal import print_table
from mrsift.export.sections_page import Section, write_sections
from mrsift.export.terminal import open_console
from mrsift.infer.runtime import Network

DRAWS = 500
MEASURED = ("accuracy", "balanced_accuracy", "coverage")
REMAINS = "Why, as far as it is known: docs/reference/results.md, What remains."
HEADS = ("Volumes", "Right", "Balanced accuracy", "Known volumes answered", "Wrong when sure")


@dataclass(frozen=True)
class Report:
    """Where pages go, and what is asked."""

    out: Path
    asked: Asked

    def evaluated(self, name: str, table: Predictions) -> Evaluation:
        """Numbers of one set, and its own page."""
        found = evaluate(table, draws=DRAWS)
        folder = self.out / name
        run = Run(folder, None, table, {"model": f"{name}, {self.name}", "tuned_on": "its card"})
        write_report(folder, run, found, None, Sources())
        return found

    @property
    def name(self) -> str:
        bundle = self.asked.network.bundle.id
        return f"bundle {bundle.name} {bundle.version}"


def cells(found: Evaluation) -> tuple[Cell, ...]:
    """The numbers that every set is judged by."""
    overall = found.main.overall
    sure = found.calibration[found.headline].confident_errors
    return (found.main.volumes, *(overall.get(name, "–") for name in MEASURED), sure)


def figure(drawn: object, name: str, caption: str) -> PageFigure:
    return PageFigure(inline_svg(svg_text(drawn), caption, name), caption)  # type: ignore[arg-type]


def renamed(table: Table, name: str, title: str) -> Table:
    return replace(table, name=name, title=title)


def simulated_sections(
    report: Report, found: Mapping[str, Evaluation], strangers: Predictions
) -> list[Section]:
    """Answers, doubt and strangers on simulated volumes."""
    test, shifted, strange = found["test"], found["shifted"], found["strangers"]
    words = {"test": "simulated as in training", "shifted": "every artefact beyond its range"}
    both = {"test": test, "shifted": shifted}
    rows = [(words[name], *cells(one)) for name, one in both.items()]
    answers = Table(
        "simulated",
        "Simulated subjects of other seeds, pixels alone",
        "Abstaining on a known volume counts as wrong. Wrong when sure: of answers with"
        " probability 0.9 and more.",
        ("Set", *HEADS),
        tuple(rows),
    )
    matrices = [
        figure(confusion_figure({name: one.main}), f"c-{name}", words[name])
        for name, one in both.items()
    ]
    doubt: list[Table] = []
    curves = []
    for name, one in both.items():
        for make in (calibration_table, sets_table, sets_by_label_table, risk_table):
            table = make(one)
            doubt.append(renamed(table, f"{table.name}-{name}", f"{table.title} ({words[name]})"))
        curve = {"test": one.calibration["test"].curve}
        curves.append(figure(reliability_figure(curve), f"r-{name}", f"Calibration, {words[name]}"))
        curves.append(figure(risk_figure(one.selective), f"k-{name}", f"Risk, {words[name]}"))
    point = report.asked.manifest.operating_point
    how = (
        f"Below a probability of {report.asked.settings.min_probability:g} the answer is UNKNOWN"
        + (f", fitted by `{point.made_by}`." if point else "; this bundle brings none of its own.")
    )
    return [
        Section(
            "Simulated test data",
            ("Subjects and seeds that no training saw.",),
            (answers, label_table("test", test.main)),
            tuple(matrices),
            links=(("All numbers", "test/index.html"), ("Shifted", "shifted/index.html")),
        ),
        Section("Can its doubt be trusted?", (how,), tuple(doubt), tuple(curves)),
        Section(
            "Volumes of kinds that no training saw",
            (floors(strange), passed(strangers)),
            (strangers_table(strange),),
            links=(("All numbers", "strangers/index.html"),),
        ),
    ]


def header_section(report: Report, folder: Path, count: int) -> Section:
    """Pixels, header and both, on headers that are right, gone and wrong."""
    rows: list[tuple[Cell, ...]] = []
    for header, evidence, answers, conflicts in studies(report.asked, folder, count):
        found = evaluate(answers, draws=DRAWS)
        rows.append((f"{evidence}, headers {header}", *cells(found), conflicts))
    settings = report.asked.settings
    words = (
        f"Simulated studies through the whole chain, physics left out. Reliability of the pixels"
        f" {settings.pixel_reliability:g}, of the header {settings.header_reliability:g}.",
    )
    table = Table(
        "headers", "By header and evidence", "", ("Used", *HEADS, "Conflicts"), tuple(rows)
    )
    return Section("Pixels, header and both", words, (table,))


def real_section(report: Report, name: str, answered: Mapping[str, list[Outcome]]) -> Section:
    """Every source of real scans."""
    rows: list[tuple[Cell, ...]] = []
    figures = []
    for evidence, outcomes in answered.items():
        sources: dict[str, list[Outcome]] = defaultdict(list)
        for one in outcomes:
            sources[source_of(one.case.patient)].append(one)
        for source, part in (*sorted(sources.items()), ("all", outcomes)):
            found = evaluate(real_predictions(report.asked, part), draws=DRAWS)
            right = sum(one.right for one in part)
            rows.append((f"{source}, {evidence}", f"{right} of {len(part)}", *cells(found)[1:]))
            if evidence == "pixels":
                drawn = confusion_figure({"all": found.main})
                caption = f"{source}, pixels alone: {right} of {len(part)}"
                figures.append(figure(drawn, f"m-{name}-{source}".replace(" ", "-"), caption))
    heads = ("Source, evidence", "Right of", *HEADS[1:])
    words = (
        "An answer that the label table accepts is right. No real volume here has fat-suppressed"
        " T2, so that T2W_FS was not measured.",
        scored(),
    )
    return Section(
        f"Real scans, {name}",
        words,
        (
            Table(
                f"real-{name.replace(' ', '-')}", "By source and evidence", "", heads, tuple(rows)
            ),
        ),
        tuple(figures),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bundle", type=Path, default=shipped_bundle_path("sim"))
    parser.add_argument("--out", type=Path, default=FOLDER.parent / "model-report")
    parser.add_argument("--held-out", type=Path, default=FOLDER)
    parser.add_argument("--subjects", type=int, default=SUBJECTS)
    parser.add_argument("--studies", type=int, default=30)
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--ablations", type=Path, default=ABLATIONS)
    parser.add_argument("--locked", action="store_true", help="also ask the locked volumes")
    given = parser.parse_args()
    report = Report(given.out, Asked(Network(Bundle.load(given.bundle))))
    given.out.mkdir(parents=True, exist_ok=True)

    tables = simulated(report.asked, given.held_out, given.subjects)
    found = {name: report.evaluated(name, table) for name, table in tables.items()}
    sections = simulated_sections(report, found, tables["strangers"])
    sections.append(header_section(report, given.held_out / version() / "studies", given.studies))
    real_ones, wrong = real_sections(report, given)
    sections += real_ones
    for name in ("test", "shifted"):
        wrong[f"simulated, {name}"] = tables[name].rows(tables[name].split == "test")
    sections.append(Section("What remains wrong", (REMAINS,), (remaining_table(wrong),)))
    sections.append(Section("Speed", (), (speed_table(report.asked.network),)))
    sections.append(Section("Ablations", *ablation_table(given.ablations)))
    pool = held_out("test", given.held_out, given.subjects)
    data = given.data if given.data.is_dir() else None
    words = ("Middle slices, prepared as for the network. Real ones of patients to look at.",)
    sections.append(
        Section("Simulated beside real", words, pictures=picture_rows(report.asked, pool, data))
    )
    show(report, found["test"], sections)


def real_sections(
    report: Report, given: argparse.Namespace
) -> tuple[list[Section], dict[str, Predictions]]:
    """Of what there is, and what was said of it from pixels; says so where there is nothing."""
    if not given.data.is_dir():
        words = (f"{given.data} is not there, so nothing was measured on real scans.",)
        return [Section("Real scans", words)], {}
    looked = real(report.asked, given.data, given.bundle, locked=False)
    sections = [real_section(report, "looked at", looked)]
    said = {"real, looked at": real_predictions(report.asked, looked["pixels"])}
    if not given.locked:
        words = (f"Not asked this time. {scored()}",)
        return [*sections, Section("Real scans, locked", words)], said
    answered = real(report.asked, given.data, given.bundle, locked=True)
    graded = {evidence: [one.graded for one in own] for evidence, own in answered.items()}
    record("model_report.py --locked", report.asked.network.bundle.id, graded)
    said["real, locked"] = real_predictions(report.asked, answered["pixels"])
    return [*sections, real_section(report, "locked", answered)], said


def show(report: Report, test: Evaluation, sections: Sequence[Section]) -> None:
    """Print the tables, and write the page."""
    right = test.main.overall["accuracy"]
    sentences = (
        f"{report.name.capitalize()}: {right.value:.3f} of simulated test volumes right from"
        f" pixels alone ({right.low:.3f} to {right.high:.3f}).",
        "Local report; pictures of real scans must not leave this machine.",
    )
    write_sections(report.out / "index.html", f"Model report, {report.name}", sentences, sections)
    console = open_console(sys.stdout)
    console.print(sentences[0])
    for section in sections:
        console.print(Text(f"\n{section.title}", "bold"))
        for words in section.words:
            console.print(words)
        for table in section.tables:
            print_table(table, console)
    console.print(f"Pages: {report.out / 'index.html'}")


if __name__ == "__main__":
    main()
