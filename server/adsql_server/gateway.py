"""All that a running gateway has: opened once at the start, closed at the end, and given to endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from adsql_server.audit import AuditLog
from adsql_server.databases import Databases, open_databases
from adsql_server.identity.api_keys import ApiKeys
from adsql_server.identity.keys import load_keys
from adsql_server.identity.passwords import Passwords
from adsql_server.identity.recognition import Recognition
from adsql_server.identity.sessions import Sessions
from adsql_server.identity.tokens import AccessTokens
from adsql_server.identity.users import Users
from adsql_server.jobs import Jobs
from adsql_server.metrics import Metrics
from adsql_server.rates import RateLimits
from adsql_server.readiness import Readiness
from adsql_server.row_scoring import RowScoring
from adsql_server.secret import load_secret
from adsql_server.store import Store, open_store
from adsql_server.work import Work

if TYPE_CHECKING:
    from adsql_server.settings import Settings


@dataclass(frozen=True)
class Gateway:
    """The parts of a running gateway.

    Parameters
    ----------
    settings
        As they were at the start.
    store
        The gateway's own tables.
    databases, work, row_scoring
        The tenants' databases, the threads that wait for them, and what gathers single rows.
    jobs
        What outlives its request.
    users, sessions, api_keys, recognition
        Who calls.
    rates
        How often they may.
    audit, metrics, readiness
        What is told about it.
    one_time_password
        Of the administrator whom this start has made, if the settings gave none.
    """

    settings: Settings
    store: Store
    databases: Databases
    work: Work
    row_scoring: RowScoring
    jobs: Jobs
    users: Users
    sessions: Sessions
    api_keys: ApiKeys
    recognition: Recognition
    rates: RateLimits
    audit: AuditLog
    metrics: Metrics
    readiness: Readiness
    one_time_password: str | None

    @classmethod
    def open(cls, settings: Settings) -> Gateway:
        """Open everything; blocks while databases are opened.

        Raises
        ------
        Misconfigured
            If a setting, or a file that it names, cannot be used.
        """
        # Only this user reads hashes of passwords, keys and tenants' files.
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        ring = load_keys(settings.keys_dir, settings.jwt_signing_kid)
        tokens = AccessTokens(ring, settings.jwt_issuer, settings.jwt_audience, settings.access_token_seconds)
        passwords = Passwords(settings.password_memory_kib, settings.password_iterations)
        store = open_store(settings)
        users = Users(store, passwords)
        given = settings.admin_password.get_secret_value() if settings.admin_password else None
        databases = open_databases(settings, load_secret(settings))
        metrics = Metrics()
        jobs = Jobs(store, databases, settings)
        metrics.watch_jobs({"running": lambda: jobs.running, "queued": lambda: jobs.queued})
        work = Work(databases, settings.database_threads, settings.statement_seconds)
        return cls(
            settings=settings,
            store=store,
            databases=databases,
            work=work,
            row_scoring=RowScoring(work),
            jobs=jobs,
            users=users,
            sessions=Sessions(store, passwords, tokens, settings.refresh_token_seconds),
            api_keys=ApiKeys(store),
            recognition=Recognition(store, tokens, settings.identity_cache_seconds),
            rates=RateLimits(settings),
            audit=AuditLog(store),
            metrics=metrics,
            readiness=Readiness(store, databases, metrics),
            one_time_password=users.first_start(settings.admin_username, given),
        )

    def close(self) -> None:
        """Finish and close everything, in the opposite order."""
        self.jobs.close()
        self.work.close()
        self.databases.close()
        self.audit.close()
        self.store.close()


def _of_request(request: Request) -> Gateway:
    gateway: Gateway = request.app.state.gateway
    return gateway


# What an endpoint writes to get the gateway.
Opened = Annotated[Gateway, Depends(_of_request)]
