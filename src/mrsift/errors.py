"""Every error mrsift raises on purpose, at a glance.

    MrsiftError
    ├── IngestError           input that cannot become a volume
    │   ├── NotDicom            a file that is no MR image in any format we read
    │   ├── IrregularSpacing    slice positions with a gap or unequal steps
    │   ├── MixedGeometry       planes of one volume that do not share a grid
    │   ├── UnreadablePixels    a header whose pixel data cannot be decoded
    │   └── MissingSequence     a study without a sequence that is asked for
    ├── ConfigError           a setting, profile or recipe that is not valid
    ├── BundleError           a model bundle that is damaged, unknown or too new
    ├── OutputError           a result that cannot be written
    └── ServiceError          a peer or store that does not do what it must

A message says what was found, what was expected and what to do. It names files, never
patients. Bad data becomes `types.Skipped` in one place, `ingest.scan`; bad code is never
caught.
"""


class MrsiftError(Exception):
    """Root of all errors raised on purpose."""


class IngestError(MrsiftError):
    """Input that cannot become a volume."""


class NotDicom(IngestError):
    """A file that is no MR image in any format mrsift reads."""


class IrregularSpacing(IngestError):
    """Slice positions with a gap or unequal steps."""


class MixedGeometry(IngestError):
    """Planes of one volume that do not share a grid."""


class UnreadablePixels(IngestError):
    """A header whose pixel data cannot be decoded."""


class MissingSequence(IngestError):
    """A study without a sequence that is asked for."""


class ConfigError(MrsiftError):
    """A setting, profile or recipe that is not valid."""


class BundleError(MrsiftError):
    """A model bundle that is damaged, unknown or too new."""


class OutputError(MrsiftError):
    """A result that cannot be written."""


class ServiceError(MrsiftError):
    """A peer or store that does not do what it must."""
