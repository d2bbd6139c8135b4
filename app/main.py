"""The application factory: middleware, error table, routers, static files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from sqlalchemy import Engine
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.accounts import link_routes as account_links
from app.accounts import routes as accounts
from app.accounts.signin import Purge
from app.administration import definition_routes as coverage_definitions
from app.administration import routes as administration
from app.approval import batch_routes as approval_batches
from app.approval import routes as approval
from app.assignments import routes as assignments
from app.audit.refusals import on_patient_text
from app.audit.sampled import SampledJournal, on_refused_access, tell_download
from app.batches import routes as batches
from app.catalogues import profile_routes as profiles
from app.catalogues import routes as catalogues
from app.claims import jobs as claim_jobs
from app.claims import routes as claims
from app.code_requests import routes as code_requests
from app.code_requests import told as requests_told
from app.consistency import routes as consistency
from app.coverage import bars as coverage_bars
from app.coverage import days as coverage_days
from app.coverage import jobs as coverage_jobs
from app.coverage import meter_routes as coverage_meter
from app.coverage import routes as coverage
from app.double_reading import routes as double_reading
from app.double_reading import share_routes as reading_shares
from app.earlier import reading_routes as earlier_readings
from app.earlier import routes as earlier
from app.effective import jobs as effective_jobs
from app.effective import routes as effective
from app.errors import NotAllowedError, NotFoundError
from app.exports import jobs as export_jobs
from app.exports import routes as exports
from app.fhir import routes as fhir
from app.fhir.answers import refuse
from app.fhir.published import PublishedCache
from app.home import routes as home
from app.identity_providers import routes as identity_providers
from app.identity_providers.service import provider_of
from app.jobs import routes as jobs
from app.jobs.queue import JobQueue
from app.jobs.streams import Streams
from app.laboratories import deadline_routes as deadlines
from app.memory import routes as memory
from app.operations import routes as operations
from app.operations.access import MetricsAccess
from app.operations.metrics import Metrics
from app.patient_guard.refusal import PatientTextError
from app.platform.apart import Apart, Here
from app.platform.bodies import BodyTimeLimit
from app.platform.database import make_engine
from app.portability import jobs as portability_jobs
from app.portability import routes as portability
from app.proposals import habits_job
from app.proposals import jobs as proposal_jobs
from app.proposals import method_rule_routes as method_rules
from app.proposals import routes as proposals
from app.reimport import jobs as import_jobs
from app.reimport import routes as reimport
from app.reports import jobs as report_jobs
from app.reports import routes as reports
from app.review import mark_routes as marks
from app.review import routes as review
from app.review import search_routes as review_search
from app.second_factor import enrolment_routes as enrolment
from app.second_factor import routes as second_factor
from app.settings import Settings, get_settings, resource_dir
from app.storage import routes as storage
from app.tallies import keeping
from app.terminology import routes as terminology
from app.tokens import routes as tokens
from app.upgrades import jobs as release_jobs
from app.upgrades import routes as upgrades
from app.versions import routes as versions
from app.versions import told as versions_told
from app.web.error_handlers import HANDLERS
from app.web.form_limits import FORM_LIMITS
from app.web.hosts import AllowedHosts
from app.web.proxies import TrustedProxies
from app.web.request_log import RequestLogMiddleware
from app.web.security import CrossSiteMiddleware, SecurityHeadersMiddleware
from app.web.static_files import VersionedFiles

ROUTERS = (
    accounts.router,
    account_links.router,
    second_factor.router,
    enrolment.router,
    identity_providers.router,
    administration.router,
    coverage_definitions.router,
    home.router,
    deadlines.router,
    catalogues.router,
    profiles.router,
    reimport.router,
    memory.router,
    earlier.router,
    earlier_readings.router,
    proposals.router,
    method_rules.router,
    reading_shares.router,
    double_reading.router,
    batches.router,
    marks.router,
    review.router,
    review_search.router,
    assignments.router,
    approval_batches.router,
    approval.router,
    consistency.router,
    coverage_meter.router,
    coverage.router,
    effective.router,
    reports.router,
    versions.router,
    exports.router,
    code_requests.router,
    claims.router,
    portability.router,
    storage.router,
    fhir.router,
    tokens.router,
    terminology.router,
    upgrades.router,
    jobs.router,
    operations.router,
)
JOBS = (
    import_jobs, proposal_jobs, habits_job, release_jobs, export_jobs, coverage_jobs, coverage_days, report_jobs,
    claim_jobs, effective_jobs, portability_jobs,
)  # fmt: skip
"""The modules that register the kinds of jobs, for the server and for the worker alike."""
HANDED_DOWN = (coverage_bars, versions_told, requests_told)
"""The modules that hand a function of theirs to a lower room."""
LISTENERS = (keeping,)
"""The modules that listen to what sessions write, and keep what follows from it."""


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncIterator[None]:
    """Start the job consumer with the server, when this installation runs jobs in the server."""
    queue: JobQueue = application.state.jobs
    settings: Settings = application.state.settings
    queue.start_consumer(settings.workers_in_server)
    try:
        yield
    finally:
        queue.stop_consumer()


def create_app(
    settings: Settings | None = None, engine: Engine | None = None, apart: Apart | None = None
) -> FastAPI:
    """Build the application; the database must have been migrated before. `apart` is closed by whoever gives it."""
    settings = settings or get_settings()
    application = FastAPI(
        title="Atelier de transcodage LOINC",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        max_body_size=3 * settings.max_upload_bytes + 1_000_000,
        form_limits=FORM_LIMITS,
        exception_handlers=HANDLERS
        | {PatientTextError: on_patient_text, NotAllowedError: on_refused_access, NotFoundError: on_refused_access},
    )
    application.state.settings = settings
    application.state.engine = engine or make_engine(settings.resolved_database_url)
    application.state.apart = apart or Here(application.state.engine)
    application.state.journal = SampledJournal(application.state.engine)
    application.state.tell_download = tell_download
    application.state.ask_again = second_factor.ask_again
    application.state.refusals = {"/fhir/": refuse}
    application.state.identity_provider = provider_of(settings)
    application.state.sign_in_purge = Purge()
    application.state.published = PublishedCache()
    application.state.streams = Streams()
    application.state.jobs = JobQueue(settings, application.state.engine)
    application.add_middleware(
        BodyTimeLimit, idle_seconds=settings.body_idle_seconds, total_seconds=settings.body_total_seconds
    )
    application.add_middleware(CrossSiteMiddleware, settings=settings)
    application.add_middleware(AllowedHosts, settings=settings)
    application.add_middleware(SecurityHeadersMiddleware, settings=settings)
    proxies = TrustedProxies.read(settings.trusted_proxies)
    if proxies:
        application.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)
    application.state.metrics_access = MetricsAccess(settings.metrics_token)
    application.state.metrics = Metrics(application.state.engine)
    application.add_middleware(RequestLogMiddleware, proxies=proxies, observe=application.state.metrics.observe)
    for router in ROUTERS:
        application.include_router(router)
    application.mount("/static", VersionedFiles(directory=resource_dir("static")), name="static")
    return application
