"""All tables, imported here so that Alembic sees them."""

from app.files.kinds import FileKind, Level
from app.models import append_only, edited_terms, public_identifiers
from app.models.account import CONTRIBUTORS, Membership, Role, SignInAttempt, User, UserSession
from app.models.api_token import ApiToken
from app.models.assignment import AssignedRow, Assignment, CaseClaim
from app.models.audit import AuditEvent
from app.models.base import metadata, utc_now
from app.models.batch import Batch, BatchAnswer, BatchKind, BatchRow
from app.models.catalogue import Catalogue, CatalogueChange, ChangeKind, ExamAnalysis, LocalTest, SourceFile, SourceRow
from app.models.consistency import ConsistencyAction, ConsistencyAnswer, ConsistencyFinding, ConsistencyKind
from app.models.decision import MARKS, Action, Decision, Outcome, Relation, ReviewState, Status
from app.models.double_reading import (
    ReadingOrigin,
    ReadingReconciliation,
    ReadingRequest,
    ReadingShare,
    SecondReading,
)
from app.models.earlier import EarlierStatement, EarlierUse, EarlierVerdict
from app.models.export import ExportRecord
from app.models.grace import GraceDate
from app.models.habits import CatalogueHabits
from app.models.identity import ProviderAnswer, ProviderIdentity
from app.models.job import MAX_ATTEMPTS, Job, JobChunk, JobPlan, JobStatus, JobTurn
from app.models.laboratory import FhirNaming, Laboratory
from app.models.memory import MappingWithdrawal, MemoryEntry
from app.models.method_rule import MethodChoice, MethodRule
from app.models.profile import ImportProfile
from app.models.proposal import Proposal, ProposalRun, RunStatus
from app.models.storage import StoredFile, StoredFileChunk
from app.models.tally import CatalogueCount, CatalogueTally, CountFamily, TallyRule, WorklistEntry
from app.models.task import ReviewTask, TaskKind
from app.models.terminology import (
    FrenchName,
    LoincAxisValue,
    LoincRelease,
    LoincTerm,
    LoincTermText,
    MapTo,
    PanelMember,
    ReleaseStatus,
)
from app.models.upload import UploadDraft, UploadDraftFile
from app.models.value_set import NabmAlignment, ValueSet, ValueSetKind, ValueSetMember

__all__ = [
    "CONTRIBUTORS",
    "MARKS",
    "MAX_ATTEMPTS",
    "Action",
    "ApiToken",
    "AssignedRow",
    "Assignment",
    "AuditEvent",
    "Batch",
    "BatchAnswer",
    "BatchKind",
    "BatchRow",
    "CaseClaim",
    "Catalogue",
    "CatalogueChange",
    "CatalogueCount",
    "CatalogueHabits",
    "CatalogueTally",
    "ChangeKind",
    "ConsistencyAction",
    "ConsistencyAnswer",
    "ConsistencyFinding",
    "ConsistencyKind",
    "CountFamily",
    "Decision",
    "EarlierStatement",
    "EarlierUse",
    "EarlierVerdict",
    "ExamAnalysis",
    "ExportRecord",
    "FhirNaming",
    "FileKind",
    "FrenchName",
    "GraceDate",
    "ImportProfile",
    "Job",
    "JobChunk",
    "JobPlan",
    "JobStatus",
    "JobTurn",
    "Laboratory",
    "Level",
    "LocalTest",
    "LoincAxisValue",
    "LoincRelease",
    "LoincTerm",
    "LoincTermText",
    "MapTo",
    "MappingWithdrawal",
    "Membership",
    "MemoryEntry",
    "MethodChoice",
    "MethodRule",
    "NabmAlignment",
    "Outcome",
    "PanelMember",
    "Proposal",
    "ProposalRun",
    "ProviderAnswer",
    "ProviderIdentity",
    "ReadingOrigin",
    "ReadingReconciliation",
    "ReadingRequest",
    "ReadingShare",
    "Relation",
    "ReleaseStatus",
    "ReviewState",
    "ReviewTask",
    "Role",
    "RunStatus",
    "SecondReading",
    "SignInAttempt",
    "SourceFile",
    "SourceRow",
    "Status",
    "StoredFile",
    "StoredFileChunk",
    "TallyRule",
    "TaskKind",
    "UploadDraft",
    "UploadDraftFile",
    "User",
    "UserSession",
    "ValueSet",
    "ValueSetKind",
    "ValueSetMember",
    "WorklistEntry",
    "metadata",
    "utc_now",
]  # fmt: skip

append_only.install()
public_identifiers.install()
edited_terms.install()
