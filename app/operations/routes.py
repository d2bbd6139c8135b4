"""What machines ask: is the process alive, can it serve, how much does it do. No session; no name ever answered."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from app.errors import NotAllowedError
from app.operations.access import MetricsAccess
from app.operations.metrics import MEDIA_TYPE, Metrics
from app.operations.readiness import LABELS, failing_checks
from app.platform.request_session import EngineDep, SettingsDep

router = APIRouter(tags=["operations"])
READS = ["GET", "HEAD"]


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


@router.api_route("/healthz", methods=READS)
async def show_health(request: Request) -> Response:
    """Whether the process answers; it looks at nothing else, and waits for no thread."""
    return JSONResponse({"status": "ok"}) if _wants_json(request) else PlainTextResponse("En marche.\n")


@router.api_route("/readyz", methods=READS)
def show_readiness(request: Request, engine: EngineDep, settings: SettingsDep) -> Response:
    """Whether the installation can serve; else 503 and the names of the checks that fail, nothing more."""
    failing = failing_checks(engine, settings)
    status_code = 503 if failing else 200
    if _wants_json(request):
        content = {"status": "unavailable" if failing else "ok", "failing": failing}
        return JSONResponse(content, status_code=status_code)
    text = f"Pas prêt : {', '.join(LABELS[check] for check in failing)}.\n" if failing else "Prêt.\n"
    return PlainTextResponse(text, status_code=status_code)


@router.get("/metrics")
def show_metrics(request: Request) -> Response:
    """The metrics, for a program of this machine or the bearer of the token of the settings."""
    access: MetricsAccess = request.app.state.metrics_access
    if not access.admits(request):
        raise NotAllowedError("Les mesures ne sont données qu'à la machine même, ou avec le jeton des réglages.")
    metrics: Metrics = request.app.state.metrics
    return Response(metrics.exposition(), media_type=MEDIA_TYPE)
