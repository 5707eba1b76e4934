"""Volumes -> labels with their evidence; no torch.

In: paths, or the volumes of a study from `ingest`. Out: `types.Report`.

    identify.py   paths -> report
    look.py       volumes -> what the network sees: reading, preparing, answering side by side
    runtime.py    a bundle's ONNX -> compiled network -> numbers
    evidence.py   header -> opinion: asks every witness and adds their log-odds
        witness.py           what a witness is, and how loudly it may speak
        witness_kind.py      b-value, derived maps, image component
        witness_physics.py   echo, repetition and inversion times
        witness_scan.py      fat suppression, contrast agent, sequence name
        witness_text.py      descriptions, the weakest
    fuse.py       two opinions -> one answer, and conflicts
    profile.py    which labels count as known in a study
    roles.py      one volume per role, with reasons and doubts
        role_rank.py         what makes a volume better than another
        grids.py             how grids lie to each other
    decide.py     what was seen of a study -> its report
    previews.py   a few slices for the report

Nothing is imported here, so that a part can be used without the rest.
"""
