"""The gateway's settings: environment variables named `ADSQL_...`, of which docs/gateway_reference.md has the table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from limits import parse_many
from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from adsql_server.problems import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = "docs/gateway_reference.md has all settings"
_POSTGRES = ("postgresql://", "postgres://")


def _rate(text: str) -> str:
    try:
        parse_many(text)
    except ValueError:
        raise ValueError("no rate, such as 100/minute;1000/hour") from None
    return text


def _database(url: SecretStr) -> SecretStr:
    if url.get_secret_value() and not url.get_secret_value().startswith(_POSTGRES):
        raise ValueError("it begins with postgresql://, or is not set for DuckDB")
    return url


Rate = Annotated[str, AfterValidator(_rate)]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Settings(BaseSettings):
    """All settings. What is secret is never printed.

    >>> Settings(data_dir="/srv/adsql").keys_dir
    PosixPath('/srv/adsql/keys')
    """

    model_config = SettingsConfigDict(env_prefix="ADSQL_", extra="ignore", frozen=True)

    # Where it listens and what it keeps
    host: str = Field("127.0.0.1", description="Address that `adsql serve` listens on")
    port: int = Field(8080, ge=0, le=65535, description="Port that `adsql serve` listens on")
    database_url: Annotated[SecretStr, AfterValidator(_database)] = Field(
        SecretStr(""),
        validation_alias=AliasChoices("database_url", "ADSQL_DATABASE_URL", "DATABASE_URL"),
        description="`postgresql://...` of a role that may create roles and schemas, in a database with the extension; "
        "without it, DuckDB files in `ADSQL_DATA_DIR`. `DATABASE_URL` is read as well",
    )
    data_dir: Path = Field(
        Path("adsql-data"), description="Folder of DuckDB files and, unless given elsewhere, of the keys and the secret"
    )
    readable_dirs: list[Path] = Field(
        [], description="JSON list of the only folders that SQL may read files from (DuckDB)"
    )

    # Identity
    admin_username: str = Field("admin", description="Name of the administrator that the first start creates")
    admin_password: SecretStr | None = Field(
        None, description="Its password; without it, one is made and printed, and has to be changed at the first login"
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret that passwords of tenants' roles in PostgreSQL are derived from; by default made once and "
        "kept in the data folder",
    )
    jwt_keys_dir: Path | None = Field(
        None,
        description="Folder of the keys that sign access tokens, one a file: `<kid>.pem` (EC P-256: ES256, or RSA: "
        "RS256) or `<kid>.secret` (HS256, 32 bytes or more); by default `keys` in the data folder, with a key made at "
        "the first start",
    )
    jwt_signing_kid: str | None = Field(
        None, description="Which key signs; by default the last by name. The others only verify"
    )
    jwt_issuer: str = Field("adsql", min_length=1, description="Issuer (`iss`) of access tokens")
    jwt_audience: str = Field("adsql", min_length=1, description="Audience (`aud`) of access tokens")
    access_token_seconds: int = Field(900, ge=30, le=3600, description="How long an access token is valid")
    refresh_token_seconds: int = Field(
        1_209_600, ge=60, description="How long a session can be refreshed without a login"
    )
    identity_cache_seconds: Seconds = Field(
        5.0, le=60, description="How long a revocation by another process may go unnoticed"
    )
    password_memory_kib: int = Field(65_536, ge=1024, description="Memory of argon2id for each password, in KiB")
    password_iterations: int = Field(3, ge=1, description="Passes of argon2id")

    # Protection
    rate_limit_user: Rate = Field("6000/minute", description="Requests of each user, as the library `limits` writes it")
    rate_limit_address: Rate = Field("12000/minute", description="Requests of each address")
    rate_limit_login: Rate = Field(
        "10/minute;100/hour", description="Logins and refreshes from each address, and failed logins of each user"
    )
    rate_limit_storage: SecretStr = Field(
        SecretStr("memory://"),
        description="Where requests are counted: `memory://`, or `redis://...` for several processes",
    )
    trusted_proxies: list[str] = Field(
        [], description="JSON list of proxies' addresses whose `X-Forwarded-For` is believed by `adsql serve`"
    )
    concurrent_requests: Count = Field(128, description="Requests at once; more are answered 503")
    concurrent_requests_per_user: Count = Field(32, description="Requests of one user at once; more are answered 429")
    max_request_bytes: Count = Field(64 * 2**20, description="Size of a request's body; larger ones are answered 413")
    request_seconds: Seconds = Field(120.0, description="Time of a request with its answer; longer work goes to a job")
    cors_origins: list[str] = Field([], description="JSON list of origins whose pages may call; none by default")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token with which `/metrics` also gives what names tenants and models",
    )

    # Work in the databases
    max_inline_rows: Count = Field(100_000, description="Rows in the body of a request; files may have more")
    max_result_rows: Count = Field(1_000_000, description="Rows of an answer; it is refused if it would have more")
    statement_seconds: Seconds = Field(100.0, description="Time of one statement outside jobs")
    database_threads: Count = Field(16, description="Statements at once")
    duckdb_memory_limit: str = Field("1GB", description="Memory of each tenant's DuckDB")
    duckdb_threads: Count = Field(2, description="Threads of each tenant's DuckDB")
    tenant_connections: Count = Field(8, description="Connections to PostgreSQL for each tenant")
    concurrent_jobs: Count = Field(2, description="Jobs that run at once; others wait")
    queued_jobs_per_tenant: Count = Field(20, description="Jobs of a tenant that wait; more are answered 429")
    job_kept_seconds: Seconds = Field(86_400.0, description="How long a job that is over is kept, with its result")
    shutdown_seconds: Seconds = Field(30.0, description="How long requests and jobs may finish once it is told to stop")

    # Observation
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")

    @property
    def postgres(self) -> bool:
        """Whether PostgreSQL keeps the data, and not DuckDB."""
        return self.database_url.get_secret_value().startswith(_POSTGRES)

    @property
    def keys_dir(self) -> Path:
        """Where the signing keys are."""
        return self.jwt_keys_dir or self.data_dir / "keys"


def settings_from(given: Mapping[str, object]) -> Settings:
    """Return the settings of the environment, with some given otherwise.

    Raises
    ------
    Misconfigured
        Naming each variable that cannot be used, and no value: it may be a secret.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type] # pydantic validates them
    except SettingsError as error:
        # It names the field, and its cause would show the value.
        raise Misconfigured(f"no JSON: {error}", hint=_PAGE) from None
    except ValidationError as error:
        wrong = (f"ADSQL_{str(one['loc'][0]).removeprefix('ADSQL_').upper()}: {one['msg']}" for one in error.errors())
        raise Misconfigured("; ".join(wrong), hint=_PAGE) from None
