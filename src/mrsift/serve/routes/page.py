"""The page, one study of it after an answer changed, and the report as a file."""

from typing import Annotated

import jinja2
from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mrsift import __version__
from mrsift.export import rows
from mrsift.export.html_report import html_text, may_show_face
from mrsift.serve.guard import Guard
from mrsift.serve.listing import list_study, meaning
from mrsift.serve.reading import Reading

REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The report is one file without scripts, with its style inside."""

NO_SUCH_STUDY = "There is no such study in this run."


def page_routes(reading: Reading, guard: Guard) -> APIRouter:
    """The routes of a reading's pages."""
    router = APIRouter()
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("mrsift.serve", "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["count"] = rows.count
    environment.globals["meaning"] = meaning

    def rendered(template: str, number: int, **more: object) -> HTMLResponse:
        studies = reading.report.studies
        if not 1 <= number <= len(studies):
            raise HTTPException(404, NO_SUCH_STUDY)
        study = studies[number - 1]
        listing = list_study(reading.report, study)
        values = {"study": listing, "number": number, "labels": reading.labels, **more}
        return HTMLResponse(environment.get_template(template).render(values))

    @router.get("/")
    def page(
        key: Annotated[str | None, Query()] = None, study: Annotated[int, Query()] = 1
    ) -> Response:
        if key is not None:  # from here on the key is in a cookie, not in the address
            answer = RedirectResponse("/", 303)
            answer.set_cookie(guard.cookie, guard.key, httponly=True, samesite="strict")
            return answer
        report = reading.report
        if not 1 <= study <= len(report.studies):
            raise HTTPException(404, NO_SUCH_STUDY)
        one = report.studies[study - 1]
        return rendered(
            "view.html.j2",
            study,
            version=__version__,
            model=rows.model_words(report.bundle),
            studies=[rows.one_line(other.path) for other in report.studies],
            skipped=len(report.skipped),
            table=rows.one_line(reading.shown(reading.table(one))),
            why_not_kept=rows.one_line(reading.why_not_kept(one)),
            face_warning=may_show_face(one),
        )

    @router.get("/study/{number}")
    def study_part(number: int) -> Response:
        return rendered("study.html.j2", number)

    @router.get("/report")
    def report_file() -> Response:
        policy = {"Content-Security-Policy": REPORT_POLICY}
        return HTMLResponse(html_text(reading.report), headers=policy)

    return router
