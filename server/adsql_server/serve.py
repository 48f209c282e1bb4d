"""`adsql serve`: the command line finds this by the entry point `adsql.gateway`."""

from __future__ import annotations

import uvicorn

from adsql_server.app import create_app
from adsql_server.problems import Misconfigured
from adsql_server.settings import settings_from

_UNKNOWN = Misconfigured("the gateway could not start", hint="its log says why")


def serve(host: str | None = None, port: int | None = None, database: str | None = None) -> None:
    """Serve until told to stop.

    Parameters
    ----------
    host, port
        Where it listens; by default as the settings say.
    database
        `postgresql://...`, or the folder of DuckDB's files.

    Raises
    ------
    Misconfigured
        If settings cannot be used.
    """
    given: dict[str, object] = {"host": host, "port": port}
    if database is not None:
        given["database_url" if "://" in database else "data_dir"] = database
    settings = settings_from({name: value for name, value in given.items() if value is not None})
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        # The log is configured already, and has each request once.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=int(settings.shutdown_seconds),
        h11_max_incomplete_event_size=32 * 1024,
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit:
        # uvicorn has logged a traceback; whoever started it by hand is told what to do.
        raise getattr(app.state, "failure", _UNKNOWN) from None
    if not server.started:
        raise getattr(app.state, "failure", _UNKNOWN)
