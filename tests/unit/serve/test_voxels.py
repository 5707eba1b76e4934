"""The shelf gives what it was given, keeps the last ones, and stays within its bound."""

from collections import Counter

import numpy as np

from mrsift.serve.voxels import NiftiShelf
from mrsift.types import Volume


def test_only_the_last_volumes_are_kept(volume_info):
    asked = Counter()

    def read(info):
        asked[info.volume_id] += 1
        return Volume(info, np.full(info.shape, ord(info.volume_id), np.float32))

    infos = {name: volume_info(volume_id=name) for name in "abc"}
    one = len(NiftiShelf(read).nifti(infos["a"]))
    asked.clear()
    shelf = NiftiShelf(read, 2 * one)
    for name in "aabab":
        shelf.nifti(infos[name])
    assert asked == {"a": 1, "b": 1}
    shelf.nifti(infos["c"])  # a was not asked for longest
    shelf.nifti(infos["b"])
    assert asked == {"a": 1, "b": 1, "c": 1}
    shelf.nifti(infos["a"])
    assert asked["a"] == 2


def test_a_volume_beyond_the_bound_is_given_all_the_same(volume_info):
    shelf = NiftiShelf(lambda info: Volume(info, np.zeros(info.shape, np.float32)), 10)
    info = volume_info()
    assert shelf.nifti(info) == shelf.nifti(info)
    assert len(shelf.nifti(info)) > 10
