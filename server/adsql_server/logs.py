"""The log: one JSON object a line on standard output, with the request's id, and no secret in it."""

from __future__ import annotations

import atexit
import logging
import re
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from adsql_server.settings import Settings

# Nothing logs these on purpose. This is for what libraries put into messages and tracebacks.
_SECRET_NAMES = re.compile(r"password|passwd|secret|token|authorization|api_?key|cookie", re.IGNORECASE)
_SECRETS = re.compile(
    r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|\badsql_[0-9a-f]{16}_[\w-]{43}"  # an API key
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user and password of a URL
    r"|(?<=password=)\S+"  # libpq's way
)
HIDDEN = "[hidden]"
_SECONDS = 0.1
_OURS = "adsql_server"
_QUIET = ("uvicorn.access", "httpx", "httpcore")


class Lines(logging.Handler):
    """Writes the lines of requests together, some moments after they were logged, and all others at once.

    A write for each request takes as long as much of the request, and a slow reader of the log would hold it up.

    Parameters
    ----------
    stream
        Where they go.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        threading.Thread(target=self._run, name="log", daemon=True).start()
        atexit.register(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line for the next write."""
        self._lines.append(self.format(record))
        if record.name != _OURS or record.levelno >= logging.ERROR:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            waiting = [self._lines.popleft() for _ in range(len(self._lines))]
            if waiting:
                self._stream.write("\n".join(waiting) + "\n")
                self._stream.flush()

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        self.flush()
        super().close()

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            self.flush()


def configure(settings: Settings) -> None:
    """Have this process log as JSON, libraries included."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = Lines(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in _QUIET:
        # Each request is logged once, without its query string.
        logging.getLogger(name).disabled = True


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what is, or looks like, a secret.

    >>> hide_secrets(None, "info", {"event": "at postgresql://me:s3cret@host/db", "password": "s3cret"})
    {'event': 'at postgresql://[hidden]@host/db', 'password': '[hidden]'}
    """
    event.pop("color_message", None)  # uvicorn's message again, for a terminal
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = _SECRETS.sub(HIDDEN, value)
    return event


def logger() -> structlog.stdlib.BoundLogger:
    """Return the gateway's logger."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(_OURS)
    return bound
