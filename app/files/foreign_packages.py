"""Documents that are packages — zip or compound files — and no workbook that is read: named for what they are."""

import zipfile
from io import BytesIO

from app.files.xls_check import OLE_SIGNATURE
from app.files.zip_safety import ZIP_SIGNATURE, entry_names

_ASK = "demandez au SGL un export en CSV ou en classeur"
_COPY = "copiez son tableau dans un tableur et enregistrez-le en XLSX, ou demandez au SGL un export en CSV"
_AS_XLSX = "ouvrez-le dans son logiciel, puis enregistrez-le en XLSX ou en CSV"
_BY_ENTRY = (
    ("word/document.xml", "un document Word (DOCX)", _COPY),
    ("ppt/presentation.xml", "une présentation PowerPoint (PPTX)", _COPY),
    ("xl/workbook.bin", "un classeur binaire d'Excel (XLSB)", "enregistrez-le dans Excel en XLSX"),
    ("visio/document.xml", "un dessin Visio", _ASK),
    ("index/document.iwa", "un document Numbers, Pages ou Keynote d'Apple", "exportez-le en XLSX ou en CSV"),
)
_BY_TYPE = (
    (b"application/epub+zip", "un livre EPUB", _ASK),
    (b"application/vnd.oasis.opendocument.text", "un document texte OpenDocument (ODT)", _COPY),
    (b"application/vnd.oasis.opendocument.presentation", "une présentation OpenDocument (ODP)", _COPY),
    (b"application/vnd.oasis.opendocument.graphics", "un dessin OpenDocument (ODG)", _ASK),
    (b"application/vnd.oasis.opendocument.database", "une base OpenDocument (ODB)", "exportez-en la table en CSV"),
)
_IN_COMPOUND = (
    ("WordDocument", "un document Word (DOC)", _COPY),
    ("PowerPoint Document", "une présentation PowerPoint (PPT)", _COPY),
    ("__substg1.0_", "un message d'Outlook (MSG)", "enregistrez sa pièce jointe, puis envoyez-la"),
    ("VisioDocument", "un dessin Visio", _ASK),
    ("WksSSWorkBook", "un classeur Works", _AS_XLSX),
)
_OF_WORKBOOKS = ("Workbook", "Book", "EncryptedPackage")


def foreign_package(content: bytes) -> tuple[str, str] | None:
    """(name, remedy) of a package that is a document of another sort; None for workbooks, and for zips of files."""
    if content.startswith(OLE_SIGNATURE):
        return _compound(content)
    if not content.startswith(ZIP_SIGNATURE):
        return None
    names = {name.lower() for name in entry_names(content)}
    for entry, name, remedy in _BY_ENTRY:
        if entry in names:
            return name, remedy
    return _of_type(_type_of(content)) if "mimetype" in names else None


def _of_type(media: bytes) -> tuple[str, str] | None:
    return next(((name, remedy) for known, name, remedy in _BY_TYPE if media.startswith(known)), None)


def _type_of(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive, archive.open("mimetype") as part:
            return part.read(100).strip()
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        return b""


def _compound(content: bytes) -> tuple[str, str] | None:
    """A workbook may hold a document: what has a stream of a workbook is one."""
    if any(f"{name}\0".encode("utf-16-le") in content for name in _OF_WORKBOOKS):
        return None
    return next(
        ((name, remedy) for stream, name, remedy in _IN_COMPOUND if stream.encode("utf-16-le") in content), None
    )
