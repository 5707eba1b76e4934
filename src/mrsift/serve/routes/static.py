"""Style, scripts and NiiVue: files of the package, chosen by name from a list."""

from importlib.resources import files

from fastapi import APIRouter, HTTPException, Response

_SCRIPT, _STYLE, _TEXT = "text/javascript", "text/css", "text/plain"
FILES = {
    "report.css": ("mrsift.export", "templates", _STYLE),
    "view.css": ("mrsift.serve", "pages", _STYLE),
    "view.js": ("mrsift.serve", "pages", _SCRIPT),
    "panel.js": ("mrsift.serve", "pages", _SCRIPT),
    "ask.js": ("mrsift.serve", "pages", _SCRIPT),
    "niivue.umd.js": ("mrsift.assets", "niivue", _SCRIPT),
    "LICENSES.txt": ("mrsift.assets", "niivue", _TEXT),
}
"""Name -> package, folder in it, media type."""


def static_routes() -> APIRouter:
    """The route of `FILES`."""
    router = APIRouter()

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in FILES:
            raise HTTPException(404, "There is no such file.")
        package, folder, media_type = FILES[name]
        content = (files(package) / folder / name).read_bytes()
        return Response(content, media_type=media_type)

    return router
