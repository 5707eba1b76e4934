"""Which objects are MR images, and what the others are."""

from typing import Final

from mrsift.errors import NotDicom
from mrsift.ingest import tags
from mrsift.ingest.elements import Elements

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_MR_IMAGES: Final = frozenset(
    (f"{_STORAGE}4", f"{_STORAGE}4.1", f"{_STORAGE}4.3", f"{_STORAGE}4.4")
)
_OTHERS: Final = (
    ("1.2.840.10008.1.3.10", "an index of a DICOM medium (DICOMDIR); its images are read directly"),
    (f"{_STORAGE}2", "a CT image"),
    (f"{_STORAGE}4.2", "an MR spectrum"),
    (f"{_STORAGE}7", "a secondary capture"),
    (f"{_STORAGE}9", "a waveform"),
    (f"{_STORAGE}11", "a presentation state"),
    (f"{_STORAGE}66.4", "a segmentation"),
    (f"{_STORAGE}66.5", "a surface segmentation"),
    (f"{_STORAGE}66", "raw data or a registration"),
    (f"{_STORAGE}67", "a real world value mapping"),
    (f"{_STORAGE}68", "a surface scan"),
    (f"{_STORAGE}88", "a structured report"),
    (f"{_STORAGE}104", "an encapsulated document"),
    (f"{_STORAGE}128", "a PET image"),
    (f"{_STORAGE}130", "a PET image"),
    (f"{_STORAGE}481", "a radiotherapy object"),
    (f"{_STORAGE}6", "an ultrasound image"),
    (f"{_STORAGE}1", "a projection radiograph"),
    (f"{_STORAGE}20", "a nuclear medicine image"),
    (f"{_STORAGE}30", "a parametric map"),
)
_MODALITIES: Final = {
    "SR": "a structured report",
    "SEG": "a segmentation",
    "PR": "a presentation state",
    "DOC": "an encapsulated document",
    "OT": "an object of modality OT (other)",
}


def check_is_mr_image(elements: Elements) -> None:
    """Refuse what is no MR image.

    Args:
        elements: The object's attributes.

    Raises:
        NotDicom: It is another kind of object; the message says which.
    """
    sop_class = elements.text(tags.SOP_CLASS_UID) or elements.text(tags.MEDIA_STORAGE_SOP_CLASS_UID)
    modality = (elements.text(tags.MODALITY) or "").upper()
    if sop_class in _MR_IMAGES:
        return
    if sop_class is None:
        if modality == "MR":
            return  # de-identified so far that only the modality is left
        if tags.DIRECTORY_RECORD_SEQUENCE in elements:
            sop_class = "1.2.840.10008.1.3.10"
    raise NotDicom(f"{_what(sop_class, modality)}, not an MR image; left out")


def _what(sop_class: str | None, modality: str) -> str:
    if sop_class is not None:
        fitting = [
            (len(uid), name)
            for uid, name in _OTHERS
            if sop_class == uid or sop_class.startswith(f"{uid}.")
        ]
        if fitting:
            return max(fitting)[1]
    if modality in _MODALITIES:
        return _MODALITIES[modality]
    if modality:
        return f"an object of modality {modality[:16]}"
    return "a DICOM object that names neither its class nor its modality"
