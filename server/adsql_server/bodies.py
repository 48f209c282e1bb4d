"""Reads the bodies of requests that work on rows: JSON, a file, or a form with a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from adsql_server.databases.statements import is_name
from adsql_server.problems import Forbidden, InvalidRequest, RequestTooLarge
from adsql_server.requests import Given, from_texts
from adsql_server.tables import Upload, from_file, from_records, upload_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from starlette.requests import Request

    from adsql_server.databases import Databases, Session
    from adsql_server.settings import Settings

M = TypeVar("M", bound=Given)
JSON, FORM = "application/json", "multipart/form-data"
# How many times as large as a body its rows may be in memory.
_EXPANSION = 4
_FIELDS = 40


@dataclass
class Body:
    """What a request works on.

    Parameters
    ----------
    given
        Its rows or its source.
    upload, file
        Or its file, and what that is.
    most_bytes
        How large the file may be in memory.
    """

    given: Given
    upload: Upload | None
    file: IO[bytes] | None
    most_bytes: int

    def check(self, databases: Databases, *, statements: bool) -> None:
        """Raise if a source is not for the caller.

        Parameters
        ----------
        databases
            They know what a statement may do.
        statements
            Whether the caller may send statements, and not only names.
        """
        source = self.given.source
        if source is None:
            return
        if not statements and not is_name(source):
            raise Forbidden("a statement as the source needs the role write", allowed="the name of a table or view")
        databases.check_source(source)

    def table(self) -> pa.Table | None:
        """Return the rows that came with the request; blocks while they are read."""
        if self.file is not None and self.upload is not None:
            return from_file(self.upload, self.file, self.most_bytes)
        return None if self.given.rows is None else from_records(self.given.rows)

    def source(self, session: Session) -> str:
        """Return the source that a call in a session names."""
        table = self.table()
        return str(self.given.source) if table is None else session.lend(table)


async def received(request: Request, model: type[M], settings: Settings) -> tuple[M, Body]:
    """Return what a request says, and what it works on.

    Raises
    ------
    RequestValidationError, InvalidRequest, UnsupportedContent, RequestTooLarge
        If it cannot be read, or has no rows, no source and no file.
    """
    media_type = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    upload: Upload | None = None
    file: IO[bytes] | None = None
    try:
        if media_type == JSON:
            asked = model.model_validate_json(await request.body() or b"{}")
        elif media_type == FORM:
            asked, upload, file = await _form(request, model)
        else:
            upload = upload_of(media_type)
            asked = from_texts(model, request.query_params.multi_items())
            file = io.BytesIO(await request.body())
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in _errors(error)]) from error
    if [asked.source, asked.rows, file].count(None) != 2:  # noqa: PLR2004 - two of the three
        raise InvalidRequest("the request has nothing to work on", allowed="exactly one of rows, a source and a file")
    if asked.rows is not None and len(asked.rows) > settings.max_inline_rows:
        raise RequestTooLarge(
            f"the request has more than {settings.max_inline_rows} rows", hint="upload them as a file"
        )
    return asked, Body(asked, upload, file, _EXPANSION * settings.max_request_bytes)


async def _form(request: Request, model: type[M]) -> tuple[M, Upload | None, IO[bytes] | None]:
    form = await request.form(max_files=1, max_fields=_FIELDS)
    file = form.get("file")
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    asked = from_texts(model, texts)
    if not isinstance(file, UploadFile):
        return asked, None, None
    media_type = (file.content_type or "").partition(";")[0].strip().lower()
    # It is open until the request ends.
    return asked, upload_of(media_type, file.filename or ""), file.file


def _errors(error: ValidationError) -> Iterator[dict[str, Any]]:
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        yield dict(one)
