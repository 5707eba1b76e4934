"""Who may ask: pages of patients are for the person who started the server.

Other users of a computer can reach its 127.0.0.1 too, and any page that is open in the browser
can try to. So each request must name this server (a foreign name that was pointed at 127.0.0.1
does not), bring the key that was printed, and, where it changes something, come from our page.
"""

import secrets
from dataclasses import dataclass, field

from starlette.requests import Request

KEY_BYTES = 24

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline, no frames."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer. Images of patients stay out of the browser's cache on disk."""

NOT_HERE = "This is not the address that mrsift printed. Open that one."
NO_KEY = "Open the whole address that mrsift printed; its key is missing or from another run."
NOT_OUR_PAGE = "Only the page of mrsift itself may change something."


@dataclass(frozen=True, slots=True)
class Guard:
    """Of one server.

    Attributes:
        port: That it listens on.
        key: Made anew for each run; whoever has it may read.
    """

    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(KEY_BYTES), repr=False)

    @property
    def cookie(self) -> str:
        """Name of the cookie; a browser does not tell ports apart, so the name does."""
        return f"mrsift-{self.port}"

    @property
    def address(self) -> str:
        """What is printed."""
        return f"http://127.0.0.1:{self.port}/?key={self.key}"

    def is_key(self, text: str) -> bool:
        """Whether a text is the key, in a time that does not depend on how wrong it is."""
        return secrets.compare_digest(text.encode(), self.key.encode())

    def refusal(self, request: Request) -> str | None:
        """Why a request is not answered, or None."""
        hosts = {f"{name}:{self.port}" for name in ("127.0.0.1", "localhost")}
        host = request.headers.get("host", "")
        if host not in hosts:
            return NOT_HERE
        if request.method not in ("GET", "HEAD") and (
            request.headers.get("origin") != f"http://{host}"
            or request.headers.get("content-type", "").partition(";")[0] != "application/json"
        ):
            return NOT_OUR_PAGE
        given = request.cookies.get(self.cookie) or request.query_params.get("key", "")
        if self.is_key(given) or self.is_key(request.query_params.get("key", "")):
            return None
        return NO_KEY
