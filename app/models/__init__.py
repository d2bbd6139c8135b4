"""All tables, imported here so that Alembic sees them."""

from app.files.kinds import FileKind, Level
from app.models import append_only, chained, edited_terms, public_identifiers, references
from app.models.account import (
    CONTRIBUTORS,
    KnownDevice,
    Membership,
    OneTimeLink,
    Role,
    SignInAttempt,
    User,
    UserSession,
)
from app.models.api_token import ApiToken, TokenScope
from app.models.assignment import AssignedRow, Assignment, CaseClaim
from app.models.audit import AuditEvent
from app.models.base import metadata, utc_now
from app.models.batch import BY_TRANSCODERS, Batch, BatchAnswer, BatchKind, BatchRow
from app.models.catalogue import Catalogue, CatalogueChange, ChangeKind, ExamAnalysis, LocalTest, SourceFile, SourceRow
from app.models.chain import INSTALLATION, ChainHead, ChainLink, Erasure, LinkKind, TextSalt
from app.models.code_request import CodeRequestStep, RequestAction, RequestStatus, WaitingCodeRule
from app.models.consistency import ConsistencyAction, ConsistencyAnswer, ConsistencyFinding, ConsistencyKind
from app.models.coverage import CoverageDay, CoverageDefinition
from app.models.decision import MARKS, Action, Decision, Outcome, Relation, ReviewState, Status
from app.models.double_reading import (
    ReadingOrigin,
    ReadingReconciliation,
    ReadingRequest,
    ReadingShare,
    SecondReading,
)
from app.models.earlier import EarlierStatement, EarlierUse, EarlierVerdict
from app.models.effective import EffectiveCluster, EffectiveCount, EffectiveRun, EffectiveWithdrawal
from app.models.export import ExportRecord
from app.models.grace import GraceDate
from app.models.habits import CatalogueHabits
from app.models.identity import ProviderAnswer, ProviderIdentity
from app.models.job import MAX_ATTEMPTS, Job, JobChunk, JobPlan, JobStatus, JobTurn
from app.models.laboratory import DeadlineKind, FhirNaming, Laboratory, LaboratoryDeadline
from app.models.memory import MappingWithdrawal, MemoryEntry
from app.models.method_rule import MethodChoice, MethodRule
from app.models.portability import ClosedLaboratory, ImportedArchive
from app.models.profile import ImportProfile
from app.models.proposal import Proposal, ProposalRun, RunStatus
from app.models.second_factor import RecoveryCode, SecurityKey, TotpSecret
from app.models.sign_off import Proof, SignOff, SignOffWithdrawal
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
    "BY_TRANSCODERS",
    "CONTRIBUTORS",
    "INSTALLATION",
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
    "ChainHead",
    "ChainLink",
    "ChangeKind",
    "ClosedLaboratory",
    "CodeRequestStep",
    "ConsistencyAction",
    "ConsistencyAnswer",
    "ConsistencyFinding",
    "ConsistencyKind",
    "CountFamily",
    "CoverageDay",
    "CoverageDefinition",
    "DeadlineKind",
    "Decision",
    "EarlierStatement",
    "EarlierUse",
    "EarlierVerdict",
    "EffectiveCluster",
    "EffectiveCount",
    "EffectiveRun",
    "EffectiveWithdrawal",
    "Erasure",
    "ExamAnalysis",
    "ExportRecord",
    "FhirNaming",
    "FileKind",
    "FrenchName",
    "GraceDate",
    "ImportProfile",
    "ImportedArchive",
    "Job",
    "JobChunk",
    "JobPlan",
    "JobStatus",
    "JobTurn",
    "KnownDevice",
    "Laboratory",
    "LaboratoryDeadline",
    "Level",
    "LinkKind",
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
    "OneTimeLink",
    "Outcome",
    "PanelMember",
    "Proof",
    "Proposal",
    "ProposalRun",
    "ProviderAnswer",
    "ProviderIdentity",
    "ReadingOrigin",
    "ReadingReconciliation",
    "ReadingRequest",
    "ReadingShare",
    "RecoveryCode",
    "Relation",
    "ReleaseStatus",
    "RequestAction",
    "RequestStatus",
    "ReviewState",
    "ReviewTask",
    "Role",
    "RunStatus",
    "SecondReading",
    "SecurityKey",
    "SignInAttempt",
    "SignOff",
    "SignOffWithdrawal",
    "SourceFile",
    "SourceRow",
    "Status",
    "StoredFile",
    "StoredFileChunk",
    "TallyRule",
    "TaskKind",
    "TextSalt",
    "TokenScope",
    "TotpSecret",
    "UploadDraft",
    "UploadDraftFile",
    "User",
    "UserSession",
    "ValueSet",
    "ValueSetKind",
    "ValueSetMember",
    "WaitingCodeRule",
    "WorklistEntry",
    "metadata",
    "utc_now",
]  # fmt: skip

append_only.install()
chained.install()
public_identifiers.install()
edited_terms.install()
references.install()
