"""`bench.changed_images`: each change is what it says, and the parts of a volume stay in place."""

import numpy as np

from bench.changed_images import changes, largest_part


def _head() -> tuple[np.ndarray, np.ndarray]:
    """A bright ball with a dark hole and a brighter spot, a dim blob, an oblique affine."""
    grid = np.indices((12, 40, 40)) - np.array([6, 20, 20])[:, None, None, None]
    distance = np.sqrt((2 * grid[0]) ** 2 + grid[1] ** 2 + grid[2] ** 2)
    voxels = np.where(distance < 11, 100.0, 0.0)
    voxels[6, 19:22, 19:22] = 10
    voxels[6, 14, 20] = 300
    voxels[5:8, 34:38, 34:38] = 40
    affine = np.eye(4)
    affine[:3, :3] = [[0, 0.1, 1], [0.2, 1, 0], [3, 0, 0.1]]
    affine[:3, 3] = [-20, 5, 40]
    return voxels.astype(np.float32), affine


def test_every_change_changes_and_has_a_name_of_its_own() -> None:
    voxels, affine = _head()
    made = list(changes(voxels, affine))
    names = [name for name, _, _ in made]
    assert len(set(names)) == len(names)
    assert made[0][0] == "as it is"
    np.testing.assert_array_equal(made[0][1], voxels)
    assert not [name for name, changed, _ in made[1:] if np.array_equal(changed, voxels)]


def test_parts_keep_their_place_in_the_patient() -> None:
    _, affine = _head()
    voxels = np.arange(12 * 40 * 24, dtype=np.float32).reshape(12, 40, 24)
    made = {name: part.shape for name, part, _ in changes(voxels, affine)}
    assert made["cut to a square"] == (12, 24, 24)
    for name, part, moved in changes(voxels, affine):
        if part.shape != voxels.shape:
            value = int(part[1, 2, 3])
            index = np.array([*np.unravel_index(value, voxels.shape), 1])
            np.testing.assert_allclose(moved @ [1, 2, 3, 1], affine @ index, err_msg=name)


def test_the_largest_part_has_its_holes_and_nothing_apart_from_it() -> None:
    voxels, affine = _head()
    inside = largest_part(voxels)
    assert inside[6, 20, 20]
    assert not inside[6, 36, 36]
    made = {name: changed for name, changed, _ in changes(voxels, affine)}
    assert made["outside the largest part times 4"][6, 36, 36] == 160
    assert made["outside the largest part times 4"][6, 20, 10] == 100
    assert made["its dark places filled"][6, 20, 20] >= 70


def test_an_image_without_anything_bright_is_one_part() -> None:
    assert largest_part(np.zeros((3, 8, 8), dtype=np.float32)).all()
