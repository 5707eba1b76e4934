"""A run of `identify` -> pages in the browser of the person who reads it.

In: `types.Report` with the scan behind it. Out: a page with a viewer, on this computer only.

    listen.py     a port on 127.0.0.1, and the server until Ctrl-C
    app.py        what is read, who may ask -> the application: routes, guard, errors
    guard.py      who may ask: the right host, the key that was printed, the same origin
    reading.py    the report as it stands while a person corrects it
    voxels.py     volumes as NIfTI, read when asked for, the last ones kept
    explain.py    what the pixels' answer rests on, worked out when asked for
    listing.py    a study in rows for the page
    routes/       one file per address
    pages/        templates, style and scripts of the page; NiiVue is in assets/niivue

Nothing is imported here: FastAPI and uvicorn come with `pip install 'mrsift[view]'`.
"""
