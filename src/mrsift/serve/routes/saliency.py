"""What the pixels' answer for a volume rests on: a map to lay over it, and its meaning."""

from base64 import b64encode
from dataclasses import replace

from fastapi import APIRouter, HTTPException

from mrsift.export.rows import probability_words
from mrsift.infer.occlusion import Occlusion
from mrsift.serve.explain import Explainer
from mrsift.serve.reading import Reading
from mrsift.serve.routes.volume import NO_SUCH_VOLUME
from mrsift.types import Volume, VolumeInfo

FAINT = 0.1
"""Below this change of the log-odds no part of a volume matters by itself."""


def saliency_routes(reading: Reading, explainer: Explainer) -> APIRouter:
    """The route of the occlusion maps of a reading."""
    router = APIRouter()

    @router.get("/saliency/{volume_id}")
    def saliency(volume_id: str) -> dict[str, object]:
        info = reading.info(volume_id)
        if info is None:
            raise HTTPException(404, NO_SUCH_VOLUME)
        found = explainer.occlusion(info)
        return {
            "words": words(found),
            "largest": float(abs(found.change).max()),
            "nifti": b64encode(_nifti(info, found)).decode("ascii"),
        }

    return router


def words(found: Occlusion) -> str:
    """What is seen, how it was made, and how coarse it is."""
    block = "×".join(f"{edge:.0f}" for edge in found.block_mm)
    largest = float(abs(found.change).max())
    strength = (
        "No part matters much by itself"
        if largest < FAINT
        else f"Most: {largest:.1f} of the log-odds"
    )
    sure = probability_words([found.probability])
    return (
        f"Occlusion: how the network's {found.label} ({sure}, pixels alone) changes when a block "
        f"of {block} mm is greyed out, {found.questions} blocks. Warm colours speak for "
        f"{found.label}, cold ones against it. {strength}. Nothing finer than a block can be told."
    )


def _nifti(info: VolumeInfo, found: Occlusion) -> bytes:
    cells = replace(info, shape=found.change.shape, affine_lps_mm=found.affine_lps_mm)
    made: bytes = Volume(cells, found.change).to_nibabel().to_bytes()
    return made
