"""Simulated MR volumes, so that a model can be trained without a patient.

In: a seed. Out: volumes with the truth about them, or whole studies as DICOM.

    tissues.toml     what tissue is made of           tissue.py       one subject's draw of it
    grid.py          where the samples lie            noise.py        textures
    shapes.py        solids                           painting.py     lists of solids
    pelvis.py        the pelvis                       pelvic_organs.py
    head.py          the procedural head              label_map.py    a head from a label map
    anatomy.py       subject -> maps of PD, T1, T2, ADC, fat
    protocol.py      TR, TE, TI, b, fat suppression, drawn per label
    signal.py        sequence equations               maps.py         computed volumes
    artefact.py      coils, k-space, noise, distortion
    geometry.py      planes, fields of view           volume.py       all of it, from a seed
"""

from mrsift.simulate.volume import SimulatedVolume, draw, draw_subject

__all__ = ["SimulatedVolume", "draw", "draw_subject"]
