"""Settings, read from the environment with the prefix TRANSCODEUR_."""

import re
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.errors import WorkbenchError

SHORTEST_TOKEN = 20
LOINC_OID = "2.16.840.1.113883.6.1"
SECRET = frozenset({"database_url", "redis_url", "metrics_token", "secret_key", "oidc_client_secret"})
"""Settings whose value is never shown."""
PROJECT_ROOT = Path(__file__).resolve().parent.parent


def is_safe_address(address: str) -> bool:
    """Whether an address is in HTTPS, or plain HTTP to the machine itself; without name, password nor fragment."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not address.isascii() or not address.isprintable():
        return False
    is_loopback = host in ("localhost", "127.0.0.1", "::1")
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback)


class Settings(BaseSettings):
    """What an installation may choose; the defaults are an embedded installation on one machine.

    The descriptions are read by users, in `docs/guide/reglages.md`.
    """

    model_config = SettingsConfigDict(env_prefix="TRANSCODEUR_")

    data_dir: Path = Field(
        PROJECT_ROOT / "var",
        description="Dossier de la base embarquée, de la file des travaux et des caches ; "
        "par défaut, `var` à la racine du projet.",
    )
    database_url: str = Field(
        "",
        description="Adresse de la base de données : `postgresql+psycopg://compte:mot_de_passe@serveur/base` "
        "(`pip install 'transcodeur[postgresql]'`) ; vide, c'est un fichier SQLite du dossier ci-dessus.",
    )
    host: str = Field(
        "127.0.0.1",
        description="Adresse d'écoute du serveur web ; celle par défaut n'est joignable que depuis la machine même.",
    )
    port: int = Field(8000, description="Port d'écoute du serveur web ; 0 laisse le système en choisir un.")
    waiting_code_system: str = Field(
        "1.2.250.1.213.1.1.5.130",
        pattern=r"^[0-2](\.(0|[1-9][0-9]*)){2,}$",
        max_length=64,
        description="OID du système des codes d’attente, tant qu’un laboratoire n’en écrit pas un autre à sa page "
        "« Codes d’attente ». Un code d’attente n’est jamais compté comme un transcodage.",
    )
    national_request_columns: str = Field(
        "reference,laboratoires,niveau,codes_locaux,libelle,synonyme,unite,milieu,technique,grandeur,temporalite,echelle,"
        "nabm,volume,code_attente,systeme_attente,recherche,motif,etat",
        description="Colonnes de la liste nationale des demandes de code, dans l’ordre, séparées par des virgules ; le "
        "guide des demandes les décrit. La forme du formulaire national n’étant pas publique, celle-ci est la nôtre.",
    )
    public_address: str = Field(
        "",
        description="Adresse par laquelle on ouvre l'atelier, par exemple `https://atelier.exemple.fr` : les adresses "
        "FHIR données aux programmes en viennent, et le nom est accepté dans l'en-tête `Host` ; vide, c'est l'adresse "
        "de chaque requête. En `https://`, chaque réponse demande au navigateur de n'employer que HTTPS. Les clés de "
        "sécurité y sont liées, et le fournisseur d'identité y renvoie.",
    )
    allowed_hosts: str = Field(
        "",
        description="Autres noms, séparés par des virgules, sous lesquels l'atelier répond. Il répond toujours à celui "
        "de l'adresse publique, à ceux de la machine même (`localhost`, `127.0.0.1`) et à l'adresse IP où la "
        "connexion arrive ; tout autre en-tête `Host` est refusé (421).",
    )
    secure_cookies: bool = Field(
        False,
        description="À mettre à `true` derrière HTTPS : le cookie de session reçoit alors `Secure` et le préfixe "
        "`__Host-`, et chaque réponse demande au navigateur de n'employer que HTTPS.",
    )
    session_hours: int = Field(
        12, gt=0, description="Durée d'une session, en heures ; il faut ensuite se connecter de nouveau."
    )
    session_idle_minutes: int = Field(
        120, gt=0, description="Minutes sans activité après lesquelles une session se ferme."
    )
    invitation_hours: int = Field(
        72,
        gt=0,
        le=720,
        description="Heures pendant lesquelles le lien par lequel une personne choisit son mot de passe peut servir.",
    )
    temporary_password_hours: int = Field(
        72,
        gt=0,
        le=720,
        description="Heures pendant lesquelles un mot de passe provisoire (`transcodeur user add`, `user password`) "
        "ouvre le compte ; au-delà, il faut en donner un autre.",
    )
    second_factor_required: bool = Field(
        True,
        description="Un second facteur (application de codes ou clé de sécurité) est demandé à chacun, et mis en place "
        "à la première connexion. `false` le laisse au choix de chaque personne.",
    )
    second_factor_exceptions: str = Field(
        "",
        description="Adresses électroniques, séparées par des virgules, des comptes dont le second facteur n'est pas "
        "exigé ; les comptes de la démonstration ne le sont jamais.",
    )
    secret_key: str = Field(
        "",
        description="Clé de l'installation, qui chiffre les secrets des applications de codes et signe les cas "
        "ouverts à l'approbation : 64 chiffres hexadécimaux, par exemple de `openssl rand -hex 32`. Vide, elle est "
        "tirée au premier besoin et gardée dans le fichier `installation.key` du dossier de données ; à donner quand "
        "plusieurs machines servent la même base.",
    )
    reauthentication_minutes: int = Field(
        15,
        gt=0,
        description="Minutes après lesquelles il faut redire qui l'on est (mot de passe ou second facteur) avant "
        "d'approuver plusieurs lignes à la fois, de changer droits, jetons, mot de passe ou second facteur.",
    )
    run_jobs_in_server: bool = Field(
        True,
        description="`false` quand `transcodeur worker` exécute les travaux de fond hors du serveur web ; comme "
        "`SERVER_WORKERS` à 0.",
    )
    server_workers: int = Field(
        1,
        ge=0,
        le=64,
        description="Fils de travail du serveur web, pour les travaux de fond ; 0 quand des `transcodeur worker` "
        "les exécutent.",
    )
    worker_niceness: int = Field(
        10,
        ge=0,
        le=19,
        description="Politesse (`nice`) des processus `transcodeur worker` envers les autres de la machine, "
        "de 0 à 19 : le serveur web passe avant eux.",
    )
    redis_url: str = Field(
        "",
        description="Adresse `redis://…` par laquelle les processus se préviennent qu'un travail attend ; vide, "
        "c'est par la base de données. Les travaux eux-mêmes sont toujours dans la base.",
    )
    jobs_immediate: bool = Field(
        False,
        description="Pour les tests : `true` exécute chaque travail aussitôt, dans l'écriture qui le demande.",
    )
    engines_in_memory: int = Field(
        1,
        ge=1,
        description="Moteurs de proposition gardés en mémoire par chaque processus, un par version de LOINC employée "
        "(de 100 à 250 Mo pour une version officielle) ; le moins récemment employé est libéré.",
    )
    reading_processes: int = Field(
        2,
        ge=0,
        le=16,
        description="Processus, à côté du serveur web et moins prioritaires que lui, qui lisent les fichiers reçus : "
        "un gros classeur n'y ralentit personne. Ils ne démarrent qu'au premier fichier ; 0, c'est le serveur qui lit.",
    )
    reading_memory_bytes: int = Field(
        3_000_000_000,
        ge=1_000_000_000,
        description="Mémoire (adresses) que peut prendre chacun de ces processus, en octets ; un fichier qui en "
        "demanderait plus est refusé, et le serveur n'en souffre pas.",
    )
    max_upload_bytes: int = Field(
        20_000_000,
        gt=0,
        description="Taille maximale d'un fichier importé (catalogue, anciens transcodages), en octets.",
    )
    prepared_above_rows: int = Field(
        5_000,
        ge=0,
        description="Lignes d'un catalogue au-delà desquelles un export ou un rapport est préparé par un travail de "
        "fond, puis téléchargé depuis la page « Fichiers préparés » ; en deçà, il est rendu aussitôt.",
    )
    prepared_hours: int = Field(48, gt=0, description="Heures pendant lesquelles un fichier préparé se télécharge.")
    prepared_per_laboratory: int = Field(
        20,
        gt=0,
        description="Fichiers préparés gardés par laboratoire ; au-delà, les plus anciens expirent avant l'heure.",
    )
    prepared_total_bytes: int = Field(
        2_000_000_000,
        gt=0,
        description="Octets gardés en tout pour les fichiers préparés ; au-delà, les plus anciens expirent avant "
        "l'heure.",
    )
    trusted_proxies: str = Field(
        "",
        description="Adresses ou réseaux, séparés par des virgules, des serveurs mandataires placés devant l'atelier "
        "(`127.0.0.1` pour un mandataire de la même machine). D'eux seuls sont crus `X-Forwarded-For`, "
        "`X-Forwarded-Proto` et `X-Request-ID` ; vide, de personne.",
    )
    metrics_token: str = Field(
        "",
        description="Jeton que le collecteur de mesures présente à `/metrics` (`Authorization: Bearer …`), "
        "20 caractères au moins ; vide, seule la machine même les lit.",
    )
    log_level: str = Field(
        "info",
        description="Ce qui entre au journal : `warning` tait la ligne de chaque requête, `error` aussi les refus ; "
        "`debug` ajoute le texte des erreurs, qui peut citer des données : pour une mise au point seulement.",
    )
    shutdown_seconds: int = Field(
        20,
        ge=0,
        description="À l'arrêt, secondes laissées aux requêtes en cours pour finir, puis autant au travail de fond ; "
        "celui qui n'a pas fini s'interrompt sans rien écrire et reprend au démarrage suivant.",
    )
    body_idle_seconds: int = Field(
        30,
        gt=0,
        description="Secondes sans rien recevoir d'un envoi commencé (formulaire, fichier) avant de l'abandonner.",
    )
    body_total_seconds: int = Field(
        1800,
        gt=0,
        description="Secondes laissées à un envoi entier ; la distribution de LOINC est le plus long.",
    )
    chapters_file_name: str = Field(
        "LOINC_4_transcodage_chapitres_{date}.csv",
        description="Nom du fichier LOINC_4 ; `{date}` devient le jour de l'export (AAAAMMJJ). "
        "La réglementation n'en donne pas.",
    )
    exams_file_name: str = Field(
        "LOINC_5_transcodage_demandes_{date}.csv",
        description="Nom du fichier LOINC_5 ; `{date}` devient le jour de l'export (AAAAMMJJ).",
    )
    results_file_name: str = Field(
        "LOINC_6_transcodage_demandes_{date}.csv",
        description="Nom du fichier LOINC_6 ; `{date}` devient le jour de l'export (AAAAMMJJ). "
        "La réglementation y imprime `demandes` ; certains lecteurs attendent `resultats`.",
    )
    oidc_issuer: str = Field(
        "",
        description="Émetteur (`issuer`) du fournisseur d'identité OpenID Connect, exactement comme il se nomme, en "
        "HTTPS ; vide, on ne se connecte que par mot de passe.",
    )
    oidc_discovery: str = Field(
        "",
        description="Adresse du document de découverte du fournisseur, quand ce n'est pas l'émetteur suivi de "
        "`/.well-known/openid-configuration`.",
    )
    oidc_client_id: str = Field("", description="Identifiant de l'atelier chez le fournisseur.")
    oidc_client_secret: str = Field(
        "", description="Secret de l'atelier chez le fournisseur ; jamais affiché, jamais journalisé."
    )
    oidc_certificate: str = Field(
        "",
        description="Fichier PEM du certificat de l'atelier, pour un fournisseur qui en exige un (TLS mutuel, comme "
        "Pro Santé Connect en production).",
    )
    oidc_certificate_key: str = Field(
        "", description="Fichier PEM de sa clé privée, sans mot de passe ; vide si le fichier ci-dessus la porte."
    )
    oidc_profile: str = Field("generic", description="`pro-sante-connect`, ou `generic` pour tout autre fournisseur.")
    oidc_label: str = Field(
        "", description="Texte du bouton de connexion ; vide, celui qui convient au fournisseur."
    )
    oidc_acr_values: str = Field(
        "",
        description="Niveaux d'authentification (`acr`) acceptés, séparés par des virgules ; vide, `eidas1` pour "
        "Pro Santé Connect, tous pour un autre.",
    )
    oidc_two_factor_acr_values: str = Field(
        "",
        description="Parmi eux, ceux qui valent deux facteurs ; vide, `eidas1` pour Pro Santé Connect (carte ou e-CPS, "
        "et code), aucun pour un autre.",
    )
    oidc_identifier_claim: str = Field(
        "",
        description="Donnée du fournisseur qui nomme la personne ; vide, `SubjectNameID` (le RPPS) pour "
        "Pro Santé Connect, `sub` pour un autre.",
    )

    @field_validator("waiting_code_system")
    @classmethod
    def _not_that_of_loinc(cls, value: str) -> str:
        if value == LOINC_OID:
            raise ValueError("cet OID est celui de LOINC")
        return value

    @field_validator("oidc_issuer", "oidc_discovery")
    @classmethod
    def _is_safe_address(cls, value: str) -> str:
        if value and not is_safe_address(value):
            raise ValueError("not an https address")
        return value

    @field_validator("oidc_profile")
    @classmethod
    def _is_profile(cls, value: str) -> str:
        if value not in ("generic", "pro-sante-connect"):
            raise ValueError("not a profile")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _not_guessable(cls, value: str) -> str:
        if value and len(value) < SHORTEST_TOKEN:
            raise ValueError(f"trop court : {SHORTEST_TOKEN} caractères au moins ; par exemple : openssl rand -hex 32")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if value and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            raise ValueError("64 chiffres hexadécimaux ; par exemple : openssl rand -hex 32")
        return value

    @field_validator("chapters_file_name", "exams_file_name", "results_file_name")
    @classmethod
    def _a_file_name(cls, value: str) -> str:
        try:
            name = value.format(date="20260101")
        except (LookupError, ValueError, AttributeError) as error:
            raise ValueError("seul « {date} » peut y être entre accolades") from error
        if not name.strip(". ") or set(name) & set('/\\:*?"<>|') or not name.isprintable():
            raise ValueError("ce n'est pas un nom de fichier")
        return value

    @field_validator("public_address")
    @classmethod
    def _is_public_address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        # `port` raises for what is no number.
        if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 0) < 0:
            raise ValueError("not an address")
        if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("more than a scheme, a name and a port")
        return value.rstrip("/")

    @field_validator("allowed_hosts")
    @classmethod
    def _are_names(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+", part):
                raise ValueError("not a name")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        # `port` raises for what is no number.
        if value and not (re.match(r"[a-z][a-z0-9+]*://", value) and (urlsplit(value).port or True)):
            raise ValueError("not an address")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if value and not re.match(r"(redis|rediss|unix)://", value):
            raise ValueError("not an address of Redis")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error", "critical"):
            raise ValueError("not a level")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            ip_network(part, strict=False)
        return value

    def needs_second_factor(self, email: str) -> bool:
        """Whether the account of this address may not do without a second factor."""
        exceptions = {part.strip().lower() for part in self.second_factor_exceptions.split(",")}
        return self.second_factor_required and email not in exceptions

    @property
    def oidc_missing(self) -> list[str]:
        """What the provider of identities still needs, as environment variables; nothing when there is none."""
        needed = ("oidc_client_id", "oidc_client_secret", "public_address") if self.oidc_issuer else ()
        return [f"{self.model_config['env_prefix']}{name}".upper() for name in needed if not getattr(self, name)]

    @property
    def oidc_button(self) -> str:
        """The words of the button that signs in through the provider; empty when there is none."""
        if not self.oidc_issuer:
            return ""
        is_psc = self.oidc_profile == "pro-sante-connect"
        return self.oidc_label or f"Se connecter avec {'Pro Santé Connect' if is_psc else 'mon établissement'}"

    @property
    def workers_in_server(self) -> int:
        """How many threads of the web server do background work."""
        return self.server_workers if self.run_jobs_in_server else 0

    @property
    def resolved_database_url(self) -> str:
        """The database that is really used."""
        return self.database_url or f"sqlite:///{self.data_dir / 'transcodeur.sqlite3'}"

    @property
    def matcher_cache_dir(self) -> Path:
        """Where built engines are kept."""
        return self.data_dir / "cache"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process. Raises WorkbenchError, naming the variables, when one cannot be read."""
    try:
        settings = Settings()
    except ValidationError as error:
        prefix = Settings.model_config["env_prefix"]
        wrong = ", ".join(
            f"{prefix}{problem['loc'][0]}".upper() + ("" if problem["loc"][0] in SECRET else f"={problem['input']}")
            for problem in error.errors()
        )
        raise WorkbenchError(
            f"Réglage illisible : {wrong}. Les valeurs possibles sont dans docs/guide/reglages.md."
        ) from error
    if settings.oidc_missing:
        raise WorkbenchError(f"Le fournisseur d'identité demande aussi : {', '.join(settings.oidc_missing)}.")
    if settings.oidc_issuer and not is_safe_address(settings.public_address):
        raise WorkbenchError("Le fournisseur d'identité demande une adresse publique en HTTPS : "
                             f"{Settings.model_config['env_prefix']}PUBLIC_ADDRESS={settings.public_address}.")
    return settings


def resource_dir(name: str) -> Path:
    """The folder `templates`, `static` or `migrations`, in a checkout or in an installed wheel."""
    checkout = PROJECT_ROOT / name
    return checkout if checkout.is_dir() else Path(__file__).resolve().parent / "_resources" / name
