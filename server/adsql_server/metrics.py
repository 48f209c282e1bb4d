"""What Prometheus reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """The counters and gauges of one gateway.

    Attributes
    ----------
    requests, duration
        By method, route and (requests) status. Addresses that are no route are counted as one, so that strangers
        cannot make labels.
    anomalies
        Rows that were found anomalous.
    jobs
        Of this process, by state.
    database_up
        Whether the last check of the databases succeeded.
    models, accuracy
        By tenant (and model and metric). They name tenants, so they are given to those with the token only.
    """

    def __init__(self) -> None:
        self._public, self._private = CollectorRegistry(), CollectorRegistry()
        self.requests = Counter(
            "adsql_requests_total", "Requests answered", ["method", "route", "status"], registry=self._public
        )
        self.duration = Histogram(
            "adsql_request_duration_seconds", "Time until the last byte of the answer", ["method", "route"],
            buckets=_SECONDS, registry=self._public,
        )  # fmt: skip
        self.anomalies = Counter("adsql_anomalies_detected_total", "Anomalies in answers", registry=self._public)
        self.jobs = Gauge("adsql_jobs", "Jobs of this process", ["state"], registry=self._public)
        self.database_up = Gauge("adsql_database_up", "Whether the databases answer", registry=self._public)
        self.models = Gauge("adsql_models", "Saved models", ["tenant"], registry=self._private)
        self.accuracy = Gauge(
            "adsql_model_accuracy", "Metrics of the last evaluation", ["tenant", "model", "metric"],
            registry=self._private,
        )  # fmt: skip

        ProcessCollector(registry=self._public)

    def watch_jobs(self, counts: Mapping[str, Callable[[], int]]) -> None:
        """Count jobs by state whenever Prometheus asks."""
        for state, count in counts.items():
            self.jobs.labels(state).set_function(count)

    def text(self, *, private: bool) -> bytes:
        """Return all in Prometheus' text format."""
        return generate_latest(self._public) + (generate_latest(self._private) if private else b"")
