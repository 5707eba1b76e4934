"""Volumes of a study against each other -> evidence about each of them.

`fuse.add_physics` weighs it; `docs/decisions/physics-evidence.md` says how and why.
"""

from collections.abc import Sequence

from mrsift.infer.diffusion_evidence import diffusion_evidence
from mrsift.infer.enhancement import enhancement_evidence
from mrsift.infer.repetition import repetition_evidence
from mrsift.infer.sample import Reader, Sampled, on_one_grid
from mrsift.types import PhysicsEvidence


def physics_of_study(
    volumes: Sequence[Sampled], read: Reader | None, *, pictures: bool = False
) -> dict[str, PhysicsEvidence]:
    """Everything that volumes of one study say of each other.

    Args:
        volumes: All that were sampled.
        read: Gives voxels again, for volumes whose grids differ by less than a voxel.
        pictures: Add plots and pictures.

    Returns:
        volume_id -> evidence, for those of which something can be said.
    """
    found: dict[str, PhysicsEvidence] = {}
    for group in on_one_grid(list(volumes), read):
        found |= repetition_evidence(group)
        found |= enhancement_evidence(group, pictures=pictures)
        found |= diffusion_evidence(group, pictures=pictures)
    return found
