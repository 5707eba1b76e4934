"""A port on this computer alone, and the server until Ctrl-C."""

import errno
import socket
from collections.abc import Callable
from types import FrameType

from mrsift.errors import ConfigError

LOOPBACK = "127.0.0.1"
_SECONDS_TO_FINISH = 5


def open_port(port: int = 0) -> socket.socket:
    """A socket that no other computer can reach.

    Args:
        port: 0 for a free one.

    Raises:
        ConfigError: The port is in use, or may not be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen()  # a browser that is quicker than we are waits
    except OSError as error:
        listening.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise ConfigError(
            f"port {port} {what}; choose another, or leave --port out for a free one"
        ) from error
    return listening


def serve(app: Callable[..., object], listening: socket.socket, at_end: Callable[[], None]) -> None:
    """Answer requests until Ctrl-C.

    Args:
        app: ASGI application.
        listening: Of `open_port`; closed at the end.
        at_end: Called when the end begins, to cut short what answers are waiting for.
    """
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            at_end()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,  # addresses hold ids
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    try:
        Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # given on after the server has ended
        pass
    finally:
        listening.close()
