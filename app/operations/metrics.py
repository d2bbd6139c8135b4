"""What is counted while the server runs: requests and decisions. One registry an application, in Prometheus's terms.

Labels are bounded: templates of routes, a closed list of methods, statuses. None names a person or a laboratory.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Engine

from app.operations.collector import InstallationCollector
from app.web.request_log import FinishedRequest

REVIEWED_ROW = "/catalogues/{catalogue_id}/revue/{local_test_id}"
APPROVALS = "/catalogues/{catalogue_id}/approbation"
ACTS = {
    f"{REVIEWED_ROW}/decision": "decide",
    f"{REVIEWED_ROW}/annulation": "undo",
    f"{APPROVALS}/{{local_test_id}}": "judge",
    APPROVALS: "approve_many",
}
"""Template of the route that a decision is posted to → what the person did."""
REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
DECISION_SECONDS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
"""Finer around 0.1 s, in which the next case must be there."""
MEDIA_TYPE = CONTENT_TYPE_LATEST

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counters of one application, and what is read from its database when they are asked for."""

    def __init__(self, engine: Engine) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "transcodeur_requests", "HTTP requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._latency = Histogram(
            "transcodeur_request_duration_seconds",
            "From the first header received to the last byte of the answer.",
            ("route", "method"),
            buckets=REQUEST_SECONDS,
            registry=self._registry,
        )
        self._decisions = Histogram(
            "transcodeur_decision_duration_seconds",
            "The same, for the acts of review and approval.",
            ("act", "outcome"),
            buckets=DECISION_SECONDS,
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)
        self._registry.register(InstallationCollector(engine))

    def observe(self, request: FinishedRequest) -> None:
        """Count a request that is over."""
        self._requests.labels(request.route, request.method, str(request.status)).inc()
        self._latency.labels(request.route, request.method).observe(request.seconds)
        act = ACTS.get(request.route) if request.method == "POST" else None
        if act is not None:
            self._decisions.labels(act, "done" if request.status < 400 else "refused").observe(request.seconds)

    def exposition(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self._registry)
