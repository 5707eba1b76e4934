from dataclasses import replace

import pytest

from mrsift.export import rows
from mrsift.types import Skipped
from tests.report_values import b, head, opinion, pelvis, prediction, volume


def test_control_characters_cannot_steer_a_terminal() -> None:
    assert rows.one_line("a\x1b[31mb\nc\u202ed\udcff ") == "a�[31mb�c�d�"


def test_long_dynamic_series_folds_and_short_ones_do_not() -> None:
    folded = rows.fold(pelvis().predictions, rows.prediction_key)
    assert [len(row) for row in folded] == [1] * 11 + [37] + [1] * 2
    assert sum(map(len, folded)) == len(pelvis().predictions)


def test_a_folded_row_stands_where_its_first_volume_stood() -> None:
    assert rows.fold("abcadab", key=str) == [("a", "a", "a"), ("b",), ("c",), ("d",), ("b",)]


@pytest.mark.parametrize(
    "other",
    [
        {"b_value": b(400)},
        {"shape": (24, 384, 380)},
        {"image_component": "phase"},
        {"derived_kind": "ADC"},
        {"echo_time_ms": 90.0},
        {"calculated": True},
        {"complete": False},
        {"order_assumed": True},
        {"series_instance_uid": "1.2.4"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_volumes_that_differ_in_more_than_time_stay_apart(other: dict[str, object]) -> None:
    fields = {"b_value": b(800), "echo_time_ms": 60.0}
    times = [volume(5, "dwi", temporal_position=time, **fields) for time in range(2)]
    assert rows.volume_key(times[0]) == rows.volume_key(times[1])
    assert rows.volume_key(volume(5, "dwi", **(fields | other))) != rows.volume_key(times[0])


def test_answers_that_differ_stay_apart() -> None:
    info = volume(5, "x")
    keys = {
        rows.prediction_key(prediction(info, "T1W", 0.9)),
        rows.prediction_key(prediction(info, "T1W_CE", 0.9)),
        rows.prediction_key(prediction(info, "T1W", 0.9, conflict=True)),
        rows.prediction_key(prediction(info, "T1W", 0.9, pixels=opinion("ADC", 0.6))),
        rows.prediction_key(
            prediction(info, "T1W", 0.9, conflict=True, pixels=opinion("ADC", 0.6))
        ),
    }
    assert len(keys) == 4


def test_words_tell_a_volume_from_its_series_and_no_more() -> None:
    echoes = [volume(2, "megre", echo_time_ms=time) for time in (4.92, 7.38)]
    assert rows.volume_words(echoes[:1], echoes) == ["TE 4.92 ms", "axial"]
    assert rows.volume_words(echoes[:1], echoes[:1]) == ["axial"]
    component = volume(2, "dixon", image_component="opposed_phase", plane="coronal")
    assert rows.volume_words([component], [component]) == ["opposed phase", "coronal"]
    weighted = volume(2, "dwi", b_value=b(1000.0))
    assert rows.volume_words([weighted] * 30, [weighted] * 30) == ["b 1000", "axial", "30 volumes"]
    times = [volume(2, "dce", temporal_position=time) for time in range(60)]
    assert rows.volume_words(times, times) == ["axial", "60 time points", "0–59"]
    assert rows.volume_words(times[7:8], times) == ["axial", "time 7"]
    four_d = [replace(volume(2, None), series_instance_uid=None, index=n) for n in range(2)]
    assert rows.volume_words(four_d[1:], four_d) == ["axial", "index 1"]


def test_description_is_as_found_or_a_dash_or_the_file_without_dicom() -> None:
    assert rows.description(volume(1, " t2 ")) == "t2"
    assert rows.description(volume(1, " ")) == "–"
    assert rows.description(volume(1, None)) == "–"
    research = replace(volume(1, None), series_instance_uid=None, files=("a.zip!b/t1.nii",))
    assert rows.description(research) == "t1.nii"


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], ""), ([3], "3"), ([0, 1, 2], "0–2"), ([5, 1, 2, 9], "1–2, 5, 9"),
     (range(0, 20, 2), "0, 2, 4, 6, …")],
)  # fmt: skip
def test_ranges(numbers: list[int], words: str) -> None:
    assert rows.ranges(numbers) == words


def test_probabilities_promise_no_certainty() -> None:
    assert rows.probability_words([0.9999]) == ">0.99"
    assert rows.probability_words([0.994]) == "0.99"
    assert rows.probability_words([0.934, 0.931]) == "0.93"
    assert rows.probability_words([0.5, 0.999, 0.7]) == "0.50–>0.99"


def test_notes_name_every_doubt() -> None:
    doubtful = prediction(
        volume(1, "x", localizer=True, calculated=True, complete=False, order_assumed=True),
        *("UNKNOWN", 0.3),
        **{"conflict": True, "in_distribution": 0.0},
        pixels=opinion("T2W", 0.81),
        header=opinion("ADC", 0.9),
    )
    assert rows.notes([doubtful]) == [
        "conflict", "pixels T2W 0.81, header ADC 0.90", "unfamiliar image",
        "localizer", "calculated", "incomplete", "order assumed",
    ]  # fmt: skip
    assert rows.notes([prediction(volume(1, "x"), "T2W", 0.9)]) == []


def test_an_answer_outside_the_profile_says_what_it_is_like() -> None:
    inside = prediction(volume(1, "x"), "FLAIR", 0.9)
    assert rows.notes([replace(inside, label="UNKNOWN")]) == ["most like FLAIR 0.90"]


def test_skipped_groups_put_mr_first_then_the_most() -> None:
    items = [Skipped(str(n), "report") for n in range(3)]
    items += [Skipped("x", "broken", is_mr=True), Skipped("y", "text")]
    grouped = rows.skipped_by_reason(items)
    assert [(reason, len(group)) for reason, group in grouped] == [
        ("broken", 1), ("report", 3), ("text", 1),
    ]  # fmt: skip


def test_notes_of_a_row_say_how_many_volumes_they_concern() -> None:
    sure = prediction(volume(1, "x"), "T2W", 0.9)
    unsure = replace(sure, pixels=opinion("ADC", 0.6))
    strange = replace(sure, in_distribution=0.0)
    assert rows.notes([sure, unsure, unsure, strange]) == [
        "pixels ADC 0.60, header T2W 0.97 (2 of 4)",
        "unfamiliar image (1 of 4)",
    ]


def test_series_numbers_of_a_row() -> None:
    assert rows.series_number([volume(7, None)]) == "7"
    assert rows.series_number([volume(number, None) for number in (1, 2, 3)]) == "1–3"
    assert rows.series_number([replace(volume(1, None), series_number=None)]) == "–"


def test_counts() -> None:
    assert [rows.count(1, "study"), rows.count(2, "study")] == ["1 study", "2 studies"]
    assert rows.count(0, "file") == "0 files"


def test_files_of_a_head_fold_by_file() -> None:
    folded = rows.fold(head().predictions, rows.prediction_key)
    assert [len(row) for row in folded] == [1, 1, 1, 12]
