"""What is read, and who may ask -> the application: data passed to a constructor."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException

from mrsift.errors import MrsiftError, OutputError
from mrsift.serve.explain import Explainer
from mrsift.serve.guard import HEADERS, Guard
from mrsift.serve.reading import Reading
from mrsift.serve.routes.label import label_routes
from mrsift.serve.routes.page import page_routes
from mrsift.serve.routes.saliency import saliency_routes
from mrsift.serve.routes.static import static_routes
from mrsift.serve.routes.volume import volume_routes
from mrsift.serve.voxels import NiftiShelf

NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI would hand requests on to OpenTelemetry where the environment asks for it."""


def make_app(reading: Reading, explainer: Explainer, guard: Guard) -> FastAPI:
    """The reader's view.

    Args:
        reading: The report, and where corrections go.
        explainer: Works out what answers rest on.
        guard: Who may ask.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, telemetry=NO_TELEMETRY)
    app.include_router(page_routes(reading, guard))
    app.include_router(volume_routes(reading, NiftiShelf(reading.found.read)))
    app.include_router(saliency_routes(reading, explainer))
    app.include_router(label_routes(reading))
    app.include_router(static_routes())
    _tell_errors_in_words(app)

    @app.middleware("http")
    async def guarded(
        request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        why_not = guard.refusal(request)
        response = await answer(request) if why_not is None else PlainTextResponse(why_not, 403)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _tell_errors_in_words(app: FastAPI) -> None:
    """Every error becomes `{"error": one line}`, for the page to show."""

    @app.exception_handler(MrsiftError)
    def known(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 507 if isinstance(error, OutputError) else 422)

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": str(error.detail)}, error.status_code)

    @app.exception_handler(RequestValidationError)
    def not_ours(_: Request, __: Exception) -> Response:
        return JSONResponse({"error": "This is not a request of mrsift's own page."}, 422)
