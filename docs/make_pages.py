"""Writes the pages that follow from the code.

docs/detectors.md from the Specs, docs/errors.md from the classes, docs/gateway_reference.md from the gateway's
settings, problems and endpoints.

Usage: python docs/make_pages.py. A test compares the committed pages with what this writes.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from adsql import errors, registry
from adsql_server import problems
from adsql_server.access import Requirement
from adsql_server.app import application
from adsql_server.description import declared
from adsql_server.settings import Settings

HERE = Path(__file__).parent

DETECTORS = """# Detectors

<!-- Written by docs/make_pages.py from each detector's Spec: change it there. -->

Take `auto` unless you know better: on public data it ranks anomalies as well as any ([accuracy](accuracy.md)), it is
linear in the rows, and has nothing to tune. The others, by what they are good for:

- **One column at a time**, explained in a sentence and cheap: `zscore`, `mad` and `iqr` for bell-shaped columns, `mad`
  and `iqr` also where anomalies are many; `hbos`, `ecod` and `copod` for any shape. They miss rows that are strange
  in combination only.
- **Columns that rise and fall together**: `pca`, and `mcd`, which anomalies do not mislead.
- **Several centres**, such as kinds of customers in one table: `gmm`, `cblof`; of any shape: `kde`, `kpca`, `ocsvm`.
- **Neighbours**: `auto` and `knn`; `lof` where dense and sparse regions are both normal, `abod` with many columns.
- **Random partitions and projections**, fast on large and wide tables: `iforest`, `eif`, `inne`, `loda`.
- **Curved relations** between many columns: `autoencoder`.
- **Several opinions**: `ensemble` combines any of the above; `consensus` tells how far they agree ([SQL](sql.md)).
- **One table, ranked**: those marked `fit_only` compare all its rows with each other and leave no model.

`SELECT * FROM detectors()` has all of them in SQL, with what they can do: be updated, explained, written as SQL.
Parameters are passed as JSON or as a struct: `params => {'n_neighbors': 10}`.

"""

ERRORS = """# Errors

<!-- Written by docs/make_pages.py from adsql/errors.py: change it there. -->

Every error that adsql raises on purpose has a stable code, names the offending value, and says what is allowed and what
to do. In SQL it arrives inside the database's own exception, with the code in brackets;
`adsql.errors.from_message(str(error))` turns the text back into the class. The command line prints it on one line and
leaves with the exit code.

Exit codes: 0 done, 1 any other error (DuckDB's own among them), 2 a wrong option, 3 the source or its columns,
4 a model, 5 the database, 130 interrupted, 141 the reader of the output has left (`adsql detect ... | head`).

In PostgreSQL an error also has a SQLSTATE, for clients that know nothing of adsql: 42P01 for an unknown source, 42703
for an unknown or missing column, 42804 for a type that changed, 42704 for an unknown model or version, XX001 for a
corrupt model, 55000 for the database, 22023 for all others. Errors of PostgreSQL's own, such as 42501 for a missing
right and 57014 for a cancelled statement, keep theirs.

| code | exit code | meaning |
| ---- | --------- | ------- |
"""


GATEWAY = """# The gateway's settings, endpoints and problems

<!-- Written by docs/make_pages.py from adsql_server: change it there. -->

## Settings

They are environment variables, read once at the start. `adsql serve` takes the first three as options too.

| variable | default | meaning |
| -------- | ------- | ------- |
{settings}

## Endpoints

The role is the least one that a caller needs: `write` may do all that `read` may, and `admin` all that `write` may.
All of them concern the caller's own tenant. Administrators of the first tenant, `default`, run the gateway: they also
create tenants, and users in any of them. Whoever has a one-time password can only change it.

| method | address | role |
| ------ | ------- | ---- |
{endpoints}

## Problems

Answers that are no success have the type `application/problem+json`: `type`, `title`, `status` and `detail` as
RFC 9457 says, `code`, and where they help `allowed`, `hint` and `errors`. `request_id` finds the request in the log and
in the audit. Besides the codes of the [library](errors.md) there are:

| code | status | meaning |
| ---- | ------ | ------- |
{codes}

The library's codes have the status of their family, unless they stand here by themselves:

| code | status |
| ---- | ------ |
{families}
"""


def detectors_page() -> str:
    """Return docs/detectors.md."""
    parts = [DETECTORS]
    for name, cls in registry.detectors().items():
        spec = cls.spec
        description = inspect.getdoc(cls) or ""
        prose = description.split("\nParameters\n", maxsplit=1)[0].split("\nReferences\n", maxsplit=1)[0].strip()
        parts.append(f"## `{name}`\n\n{spec.summary}\n\n{prose}\n\n")
        parts.append(f"- Score: {spec.score}.\n- Cost: {spec.cost}.\n")
        if spec.max_rows is not None:
            parts.append(
                f"- Only ranks the rows it is given (`{spec.capability}`): at most {spec.max_rows:,}, fewer where "
                f"there are many columns. Nothing can be trained; `{spec.instead}` resembles it and can.\n"
            )
        if spec.aliases:
            parts.append(f"- Also called: {', '.join(f'`{alias}`' for alias in spec.aliases)}.\n")
        parts.append(f"- Source: {'; '.join(spec.references)}.\n")
        if spec.parameters:
            parts.append("\n| parameter | default | allowed | meaning |\n| --- | --- | --- | --- |\n")
            parts.extend(f"| `{p.name}` | `{p.default}` | {p.allowed()} | {p.description} |\n" for p in spec.parameters)
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def errors_page() -> str:
    """Return docs/errors.md."""
    classes = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.AdsqlError)]
    rows = [
        f"| `{cls.code}` | {cls.exit_code} | {(inspect.getdoc(cls) or '').splitlines()[0]} |"
        for cls in sorted(classes, key=lambda cls: (cls.exit_code, cls.code))
        if not cls.__subclasses__()
    ]
    return ERRORS + "\n".join(rows) + "\n"


def gateway_page() -> str:
    """Return docs/gateway_reference.md."""
    settings = [
        f"| `{_variable(name)}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    endpoints = [
        f"| `{method}` | `{path}` | {_asked(declaration)} |"
        for method, path, declaration in declared(application(Settings()))
    ]
    own = [cls for _, cls in inspect.getmembers(problems, inspect.isclass) if issubclass(cls, problems.Problem)]
    codes = [
        f"| `{cls.code}` | {cls.status} | {(inspect.getdoc(cls) or '').splitlines()[0]} |"
        for cls in sorted(own, key=lambda cls: (cls.status, cls.code))
        if cls not in {problems.Problem, problems.Retryable}
    ]
    families = [
        f"| `{cls.code}` | {status} |" if not cls.__subclasses__() else f"| {cls.__name__}: all others | {status} |"
        for cls, status in sorted(problems.STATUS.items(), key=lambda item: (item[1], item[0].code))
        if cls is not errors.AdsqlError
    ]
    return GATEWAY.format(
        settings="\n".join(settings),
        endpoints="\n".join(endpoints),
        codes="\n".join(codes),
        families="\n".join(families),
    )


def _variable(name: str) -> str:
    return f"ADSQL_{name.upper()}"


def _default(value: object) -> str:
    if value is None or str(value) == "":
        return ""
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    return f"`{value}`" if str(value) else ""


def _asked(declaration: object) -> str:
    if not isinstance(declaration, Requirement):
        return "anyone"
    return f"{declaration.role}, of the first tenant" if declaration.operators_only else str(declaration.role)


PAGES = {"detectors.md": detectors_page, "errors.md": errors_page, "gateway_reference.md": gateway_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
        print(f"wrote {name}")
