"""What the reader says of volumes; kept on disk before the page shows it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from mrsift.serve.reading import Reading

MOST_VOLUMES = 10_000


class Said(BaseModel):
    """A label for volumes of one study.

    Attributes:
        study: Its number on the page, from 1.
    """

    model_config = ConfigDict(extra="forbid")

    study: Annotated[int, Field(ge=1)]
    volumes: Annotated[list[str], Field(min_length=1, max_length=MOST_VOLUMES)]
    label: str


def label_routes(reading: Reading) -> APIRouter:
    """The routes that change answers."""
    router = APIRouter()

    @router.post("/label")
    def label(said: Said) -> dict[str, object]:
        if said.study > len(reading.report.studies):
            raise HTTPException(404, "There is no such study in this run. Load the page again.")
        count = reading.set_label(said.study - 1, said.volumes, said.label)
        if count == 0:
            raise HTTPException(404, "There is no such volume in this study. Load the page again.")
        table = reading.table(reading.report.studies[said.study - 1])
        many = f" for {count} volumes" if count > 1 else ""
        return {"said": f"{said.label}{many}, kept in {table.name}"}

    @router.post("/take-back")
    def take_back() -> dict[str, object]:
        step = reading.take_back()
        if step is None:
            return {"said": "Nothing to take back.", "study": None, "volumes": []}
        return {
            "said": f"Taken back: {step.before[0].label} again",
            "study": step.study + 1,
            "volumes": [one.volume.volume_id for one in step.before],
        }

    return router
