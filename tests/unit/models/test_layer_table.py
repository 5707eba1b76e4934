"""Table 1 of the papers, from the networks that run."""

from pathlib import Path

import pytest

from mrsift.config import Depth
from mrsift.models.layer_table import (
    DEPTHS,
    PRINTED,
    layers,
    main,
    multiply_adds,
    network_settings,
)


@pytest.mark.parametrize("depth", DEPTHS)
def test_multiply_adds_are_the_printed_ones(depth: Depth) -> None:
    assert multiply_adds(depth, "1x1") / 1e9 == pytest.approx(PRINTED[depth], abs=0.07)
    more = multiply_adds(depth, "3x3") - multiply_adds(depth, "1x1")
    assert more == 0 if depth == 34 else 0.2e9 < more < 0.25e9


@pytest.mark.parametrize("depth", DEPTHS)
def test_sizes_halve_as_printed(depth: Depth) -> None:
    assert [layer.size for layer in layers(network_settings(depth))] == [112, 56, 56, 28, 14, 7, 1]


@pytest.mark.parametrize("depth", DEPTHS)
def test_layers_with_weights_are_as_many_as_the_name_says(depth: Depth) -> None:
    rows = layers(network_settings(depth))
    convolutions = sum(
        (row.times or 1) * sum("maximum" not in part for part in row.parts) for row in rows[:-1]
    )
    assert convolutions + 1 == depth  # and the linear layer


def test_blocks_are_the_printed_ones() -> None:
    rows = {row.name: row.words for row in layers(network_settings(101))}
    assert rows["stage 3"] == "[1×1, 256 · 3×3, 256 · 1×1, 1024] × 23"
    assert layers(network_settings(34))[2].words == "[3×3, 64 · 3×3, 64] × 3"
    assert layers(network_settings(50))[0].words == "7×7, 64, stride 2"


def test_the_command_prints_what_the_page_holds(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    page = Path(__file__).parents[3] / "docs/reference/networks.md"
    assert capsys.readouterr().out in page.read_text("utf-8")
