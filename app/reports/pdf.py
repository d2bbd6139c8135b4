"""A document as a PDF, written in a process of its own: what it takes of memory goes with it.

WeasyPrint lays the document out; the fonts are those of the application, so that the same document gives the same
bytes wherever it is written. It fetches nothing but these fonts.
"""

import hashlib
import resource
import subprocess
import sys
import threading

import structlog

from app.errors import ConflictError, TooBusyError
from app.platform.open_transactions import forbid_open_transaction
from app.settings import resource_dir

SECONDS = 600
"""How long one document may take."""
MEMORY_BYTES = 1_500_000_000
"""Of address space; a document of 150 pages holds less than 500 MB of it in memory."""
MOST_PAGES = 150
FONTS = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf")
NO_LIBRARY = (
    "Ce serveur n'a pas la bibliothèque Pango, dont les PDF ont besoin (paquets Debian libpango-1.0-0, "
    "libpangoft2-1.0-0 et libharfbuzz-subset0). Les autres formats n'en ont pas besoin."
)
TOO_LONG = "Ce document a demandé trop de temps ou de mémoire et a été arrêté. Prenez le format HTML ou le tableau."
FAILED = "Ce document n'a pas pu être mis en pages. Prenez le format HTML ; le journal du serveur dit pourquoi."
TOO_MANY_PAGES = f"Ce document dépasserait {MOST_PAGES} pages. Prenez le format HTML, ou le tableau des lignes."
_NO_LIBRARY_STATUS, _TOO_MANY_PAGES_STATUS = 3, 4
_turn = threading.Semaphore(1)
log = structlog.get_logger(__name__)


def pdf_of(html: str) -> bytes:
    """The document as a PDF; raises ConflictError where it cannot be made, TooBusyError when it took too much.

    One at a time in a process of the application: a server of two processors stays quick for the others.
    """
    forbid_open_transaction("lay a document out")
    with _turn:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "app.reports.pdf"],
                input=html.encode(), capture_output=True, timeout=SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise TooBusyError(TOO_LONG) from error
    if done.returncode == _NO_LIBRARY_STATUS:
        raise ConflictError(NO_LIBRARY)
    if done.returncode == _TOO_MANY_PAGES_STATUS:
        raise ConflictError(TOO_MANY_PAGES)
    if done.returncode < 0 or b"MemoryError" in done.stderr:
        raise TooBusyError(TOO_LONG)
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        log.error("pdf.failed", status=done.returncode, said=done.stderr[-500:].decode(errors="replace"))
        raise ConflictError(FAILED)
    return done.stdout


def font_faces() -> str:
    """The CSS of the fonts that documents are written with."""
    folder = (resource_dir("static") / "vendor" / "fonts").resolve()
    regular, bold = (folder / name for name in FONTS)
    return (
        f"@font-face {{ font-family: Rapport; src: url('{regular.as_uri()}'); }}\n"
        f"@font-face {{ font-family: Rapport; font-weight: bold; src: url('{bold.as_uri()}'); }}\n"
    )


def _lay_out(html: bytes) -> bytes:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    allowed = font_faces()

    class OnlyFonts(URLFetcher):  # type: ignore[misc]
        """Fetches the fonts of the application and nothing else, whatever a document asks for."""

        def fetch(self, url: str, headers: object = None) -> object:
            """The file of a font; raises ValueError for anything else."""
            if f"url('{url}')" not in allowed:
                raise ValueError("a document fetches nothing")
            return super().fetch(url, headers)

    fetcher = OnlyFonts(allowed_protocols=["file"], allow_redirects=False)
    fonts = FontConfiguration()
    faces = CSS(string=allowed, font_config=fonts, url_fetcher=fetcher)
    document = HTML(string=html.decode(), url_fetcher=fetcher).render(font_config=fonts, stylesheets=[faces])
    if len(document.pages) > MOST_PAGES:
        # A document cut without a word would be a false one.
        raise OverflowError(f"{len(document.pages)} pages")
    written: bytes = document.write_pdf(pdf_identifier=hashlib.sha256(html).digest()[:16])
    return written


def main() -> int:
    """Write on standard output the PDF of the document on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    html = sys.stdin.buffer.read()
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return _NO_LIBRARY_STATUS
    try:
        sys.stdout.buffer.write(_lay_out(html))
    except OverflowError:
        return _TOO_MANY_PAGES_STATUS
    return 0


if __name__ == "__main__":
    sys.exit(main())
