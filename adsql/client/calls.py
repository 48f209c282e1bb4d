"""The client: a method for each call of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack
from urllib.parse import quote

from adsql.client.bodies import ARROW, request_of, table_of
from adsql.client.connection import ApiKey, Connection, Session
from adsql.client.jobs import Job
from adsql.errors import InvalidOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from adsql.client.bodies import Rows
    from adsql.client.options import DetectionOptions, EvaluationOptions, TrainingOptions

T = TypeVar("T")
API = "/api/v1"
_ARROW = {"Accept": ARROW}
_JOB = {"Prefer": "respond-async"}


class Client:
    """A client of one gateway, for one user. Threads may share it.

    Rows are given as the name of a table or view of the tenant, a SELECT, a `pathlib.Path` of a file (CSV, NDJSON,
    Parquet, Arrow), a list of dicts, a `pyarrow.Table`, or a DataFrame of pandas or Polars. Rows that come back are
    a `pyarrow.Table`: `.to_pylist()` makes dicts of them, `.to_pandas()` a DataFrame.

    An access token that has expired is renewed, once for all threads. Requests that the gateway is too busy for (429
    and 503) are sent again when it says so, up to a minute later; those that can be repeated are sent again as well
    when the connection breaks. Training, dropping and starting jobs are not repeated once they may have been done.

    Parameters
    ----------
    url
        Where the gateway is, such as `https://anomalies.example.org`.
    username, password
        A user's login.
    api_key
        Or an API key instead.
    timeout
        Seconds that connecting, or a pause within an answer, may take. The default is longer than the gateway lets
        a request take.
    attempts
        How often a request is sent at most.

    Raises
    ------
    InvalidOption
        If there is no credential, or more than one.

    Examples
    --------
    >>> from adsql.client import Client
    >>> trips = [{"fare": 12.5 + i % 7, "km": 3 + i % 5} for i in range(500)] + [{"fare": 950, "km": 3}]
    >>> with Client(url, api_key=key) as client:
    ...     client.train("taxi trips", trips)["version"]
    ...     found = client.detect(trips, model="taxi trips").to_pylist()
    1
    >>> [row["fare"] for row in found if row["is_anomaly"]]
    [950.0]
    """

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        timeout: float = 150.0,
        attempts: int = 5,
    ) -> None:
        api = f"{url.rstrip('/')}{API}"
        if api_key is not None and username is None and password is None:
            self._connection = Connection(api, ApiKey(api_key), timeout, attempts)
        elif username is not None and password is not None and api_key is None:
            self._connection = Connection(api, Session(api, username, password), timeout, attempts)
        else:
            raise InvalidOption("the client needs one credential", allowed="username and password, or api_key")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def me(self) -> dict[str, Any]:
        """Return who is calling: `username`, `tenant`, `role`."""
        found: dict[str, Any] = self._json("/auth/me")
        return found

    def detect(self, rows: Rows, **options: Unpack[DetectionOptions]) -> pa.Table:
        """Find anomalies: every column of the rows, and `anomaly_score`, `severity`, `is_anomaly`.

        Parameters
        ----------
        rows
            What to look at.
        options
            How a model is trained on the way, or `model` and `version` of a saved one.

        Returns
        -------
        pyarrow.Table
            As many rows.

        Raises
        ------
        AdsqlError
            The same as from SQL, such as `adsql.errors.UnknownModel`; `GatewayError` for what concerns the gateway.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     client.detect([{"x": float(i % 7)} for i in range(50)] + [{"x": 99.0}], algorithm="mad").num_rows
        51
        """
        return self._table("POST", "/detect", request_of(rows, options))

    def score(self, model: str, rows: Rows, *, version: int | None = None) -> pa.Table:
        """Score rows with a saved model: the three results of each, in their order.

        Parameters
        ----------
        model, version
            Which model; by default its newest version.
        rows
            What to score. A single record is the fastest.

        Returns
        -------
        pyarrow.Table
            Columns `anomaly_score`, `severity` and `is_anomaly`.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     trained = client.train("small", [{"x": float(i % 7)} for i in range(50)])
        ...     client.score("small", [{"x": 99.0}])["is_anomaly"].to_pylist()
        [True]
        """
        return self._table("POST", f"/models/{_segment(model)}/score", request_of(rows, {"version": version}))

    def train(self, model: str, rows: Rows, **options: Unpack[TrainingOptions]) -> dict[str, Any]:
        """Train a model and store it. Once this returns, the model is on the gateway's disk.

        Parameters
        ----------
        model
            Its name; one that exists gets a further version.
        rows
            What to train on.
        options
            How.

        Returns
        -------
        dict
            `name`, `version`, `algorithm`, `n_rows`, `n_features`, `threshold`.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     client.train("readings", [{"x": float(i % 7)} for i in range(50)], algorithm="mad")["algorithm"]
        'mad'
        """
        sent = request_of(rows, {"model": model, **options})
        trained: dict[str, Any] = self._connection.send("POST", "/train", repeatable=False, **sent).json()
        return trained

    def evaluate(
        self, model: str, rows: Rows, label: str, **options: Unpack[EvaluationOptions]
    ) -> list[dict[str, Any]]:
        """Evaluate a model on labelled rows.

        Parameters
        ----------
        model
            Which model.
        rows
            Rows with a column that says which are anomalies.
        label
            That column.
        options
            `k` for metrics at the k strangest rows, and the model's `version`.

        Returns
        -------
        list of dict
            One a metric: `metric`, `value`, and where they are known `lower` and `upper`.
        """
        sent = request_of(rows, {"label": label, **options})
        path = f"/models/{_segment(model)}/evaluate"
        metrics: list[dict[str, Any]] = self._connection.send("POST", path, repeatable=True, **sent).json()["metrics"]
        return metrics

    def explain(
        self, model: str, rows: Rows, *, top_k: int = 3, key: str | None = None, version: int | None = None
    ) -> pa.Table:
        """Tell why the anomalies among rows are anomalies; the SQL function is `explain_anomalies`.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     trained = client.train("heights", [{"x": float(i % 7)} for i in range(50)], algorithm="mad")
        ...     client.explain("heights", [{"x": 3.0}, {"x": 99.0}])["row_number"].to_pylist()
        [2]
        """
        sent = request_of(rows, {"top_k": top_k, "key": key, "version": version})
        return self._table("POST", f"/models/{_segment(model)}/explain", sent)

    def suggest_normal(self, model: str, rows: Rows) -> pa.Table:
        """Tell what would have to change for the anomalies among rows to be normal; see the SQL function of this name.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     trained = client.train("widths", [{"x": float(i % 7)} for i in range(50)], algorithm="mad")
        ...     client.suggest_normal("widths", [{"x": 3.0}, {"x": 99.0}])["suggested"].to_pylist()
        ['6']
        """
        return self._table("POST", f"/models/{_segment(model)}/suggest-normal", request_of(rows, {}))

    def thresholds(self, model: str, rows: Rows, *, version: int | None = None) -> pa.Table:
        """Tell what each threshold of a model would flag; the SQL function is `threshold_report`."""
        return self._table("POST", f"/models/{_segment(model)}/thresholds", request_of(rows, {"version": version}))

    def drift(self, model: str, rows: Rows, *, version: int | None = None) -> pa.Table:
        """Tell whether rows are still like those of the training; the SQL function is `check_drift`."""
        return self._table("POST", f"/models/{_segment(model)}/drift", request_of(rows, {"version": version}))

    def compare(
        self,
        models: Sequence[str],
        rows: Rows,
        label: str,
        *,
        k: int | None = None,
        versions: Sequence[int] | None = None,
    ) -> pa.Table:
        """Compare models on labelled rows; the SQL function is `compare_models`."""
        sent = {"models": list(models), "label": label, "k": k, "versions": versions and list(versions)}
        return self._table("POST", "/compare", request_of(rows, sent))

    def profile(self, rows: Rows) -> pa.Table:
        """Tell what the columns of rows are like; the SQL function is `profile_data`."""
        return self._table("POST", "/profile", request_of(rows, {}))

    def stability(
        self,
        rows: Rows,
        *,
        algorithm: str | None = None,
        columns: Sequence[str] | None = None,
        params: dict[str, Any] | None = None,
        seed: int | None = None,
    ) -> pa.Table:
        """Tell how much results depend on the seed and on the rows; the SQL function is `model_stability`."""
        sent = {"algorithm": algorithm, "columns": columns and list(columns), "params": params, "seed": seed}
        return self._table("POST", "/stability", request_of(rows, sent))

    def agreement(
        self,
        rows: Rows,
        *,
        algorithms: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        seed: int | None = None,
    ) -> pa.Table:
        """Tell how far detectors agree on rows; the SQL function is `detector_agreement`."""
        sent = {"algorithms": algorithms and list(algorithms), "columns": columns and list(columns), "seed": seed}
        return self._table("POST", "/agreement", request_of(rows, sent))

    def contrast(self, rows: Rows, flag: str, dimensions: Sequence[str]) -> pa.Table:
        """Tell which groups flagged rows come from; the SQL function is `contrast_anomalies`."""
        return self._table("POST", "/contrast", request_of(rows, {"flag": flag, "dimensions": list(dimensions)}))

    def give_feedback(
        self, model: str, row: dict[str, Any], verdict: str, *, key: str | None = None, note: str | None = None
    ) -> None:
        """Keep a verdict on a row: `anomaly` or `normal`; the SQL function is `give_feedback`."""
        sent = {"row": row, "verdict": verdict, "key": key, "note": note}
        self._connection.send("POST", f"/models/{_segment(model)}/feedback", repeatable=key is not None, json=sent)

    def preview_feedback(self, model: str, rows: Rows, *, version: int | None = None) -> list[dict[str, Any]]:
        """Tell what a model would make of its verdicts; the SQL function is `preview_feedback`."""
        path, sent = f"/models/{_segment(model)}/feedback/preview", request_of(rows, {"version": version})
        effects: list[dict[str, Any]] = self._connection.send("POST", path, repeatable=True, **sent).json()["effects"]
        return effects

    def apply_feedback(self, model: str, rows: Rows, *, version: int | None = None) -> dict[str, Any]:
        """Let a model learn from its verdicts, as a new version; the SQL function is `apply_feedback`."""
        path, sent = f"/models/{_segment(model)}/feedback/apply", request_of(rows, {"version": version})
        trained: dict[str, Any] = self._connection.send("POST", path, repeatable=False, **sent).json()
        return trained

    def sql(self, query: str) -> pa.Table:
        """Run one SELECT, which changes nothing; it needs the role `write`.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     client.sql("SELECT 42 AS answer").to_pylist()
        [{'answer': 42}]
        """
        return self._table("POST", "/sql", {"json": {"query": query}})

    def models(self) -> list[dict[str, Any]]:
        """Return the saved models, one dict a version."""
        return self._list("/models")

    def model_info(self, model: str, *, version: int | None = None) -> list[dict[str, Any]]:
        """Return all that is known about a model: dicts of `section`, `name`, `value`, `segment`."""
        params = {} if version is None else {"version": version}
        facts: list[dict[str, Any]] = self._json(f"/models/{_segment(model)}", params)["facts"]
        return facts

    def drop_model(self, model: str, *, version: int | None = None) -> list[int]:
        """Delete a model, or one version of it, and return the versions that are gone."""
        path = f"/models/{_segment(model)}" + ("" if version is None else f"/versions/{version}")
        dropped: list[int] = self._connection.send("DELETE", path, repeatable=False).json()["versions"]
        return dropped

    def tables(self) -> list[dict[str, Any]]:
        """Return the tables and views that a source can name, with their columns."""
        return self._list("/tables")

    def detectors(self) -> list[dict[str, Any]]:
        """Return the algorithms, with their parameters."""
        return self._list("/detectors")

    def start_detect(self, rows: Rows, **options: Unpack[DetectionOptions]) -> Job[pa.Table]:
        """Do what `detect` does as a job.

        Examples
        --------
        >>> with Client(url, api_key=key) as client:
        ...     job = client.start_detect([{"x": float(i % 7)} for i in range(50)])
        ...     job.wait(progress=lambda status: None).num_rows
        50
        """
        return self._job("/detect", request_of(rows, options), lambda table: table)

    def start_train(self, model: str, rows: Rows, **options: Unpack[TrainingOptions]) -> Job[dict[str, Any]]:
        """Do what `train` does as a job."""
        return self._job("/train", request_of(rows, {"model": model, **options}), lambda table: table.to_pylist()[0])

    def start_evaluate(
        self, model: str, rows: Rows, label: str, **options: Unpack[EvaluationOptions]
    ) -> Job[list[dict[str, Any]]]:
        """Do what `evaluate` does as a job."""
        sent = request_of(rows, {"label": label, **options})
        return self._job(f"/models/{_segment(model)}/evaluate", sent, lambda table: table.to_pylist())

    def jobs(self) -> list[dict[str, Any]]:
        """Return the tenant's newest jobs."""
        return self._list("/jobs")

    def job(self, job_id: str) -> Job[pa.Table]:
        """Return a job that was started before; its result is a table, whatever it did."""
        return Job(self._connection, job_id, lambda table: table)

    def _json(self, path: str, params: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        return self._connection.send("GET", path, repeatable=True, params=params).json()

    def _list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._json(path)
        return found

    def _table(self, method: str, path: str, sent: dict[str, Any]) -> pa.Table:
        headers = {**sent.pop("headers", {}), **_ARROW}
        return table_of(self._connection.send(method, path, repeatable=True, headers=headers, **sent).content)

    def _job(self, path: str, sent: dict[str, Any], convert: Callable[[pa.Table], T]) -> Job[T]:
        headers = {**sent.pop("headers", {}), **_JOB}
        job = self._connection.send("POST", path, repeatable=False, headers=headers, **sent).json()
        return Job(self._connection, job["id"], convert)


def _segment(name: str) -> str:
    return quote(name, safe="")
