"""Voxels of a volume, by its id; where its files lie never comes from the browser."""

from fastapi import APIRouter, HTTPException, Response

from mrsift.serve.reading import Reading
from mrsift.serve.voxels import NiftiShelf

NO_SUCH_VOLUME = "There is no such volume in this run. Load the page again."


def volume_routes(reading: Reading, shelf: NiftiShelf) -> APIRouter:
    """The route of the volumes of a reading."""
    router = APIRouter()

    @router.get("/volume/{volume_id}")
    def volume(volume_id: str) -> Response:
        info = reading.info(volume_id)
        if info is None:
            raise HTTPException(404, NO_SUCH_VOLUME)
        return Response(shelf.nifti(info), media_type="application/octet-stream")

    return router
