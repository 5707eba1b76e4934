import base64
import io

import numpy as np
import pytest
from PIL import Image

from mrsift.export.pictures import PAGE_BYTES, SIDES, encode, largest_side
from tests.report_values import slices


def decoded(uri: str) -> np.ndarray:
    assert uri.startswith("data:image/jpeg;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_a_slice_survives_in_its_place() -> None:
    slice_ = np.zeros((96, 128), np.uint8)
    slice_[:48, 64:] = 200  # top right
    picture = encode(slice_, 256)
    assert (picture.height, picture.width) == (96, 128)
    assert np.abs(decoded(picture.uri).astype(int) - slice_).max() < 30


def test_a_large_slice_is_made_smaller_with_its_proportions() -> None:
    picture = encode(np.zeros((300, 150), np.uint8), 100)
    assert decoded(picture.uri).shape == (100, 50)


@pytest.mark.parametrize("count", [1, 50, 100, 300, 600, 1500])
def test_all_pictures_of_a_page_stay_in_its_budget(count: int) -> None:
    side = largest_side(count)
    noisy = slices(1, (256, 256))[0]
    assert count * len(encode(noisy, side).uri) < 1.1 * PAGE_BYTES


def test_few_pictures_are_large() -> None:
    assert largest_side(0) == largest_side(30) == SIDES[0]
