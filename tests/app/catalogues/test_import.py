"""Importing: what is written, what is linked whatever the order, and what is refused whole."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from app.errors import ImportRefusedError, InvalidInputError, NotFoundError
from app.files.ans_files import ANS_COLUMNS
from app.files.choices import Choices, Duplicates, IncomingFile
from app.models import (
    AuditEvent,
    Catalogue,
    FileKind,
    Level,
    LocalTest,
    ReviewState,
    SourceFile,
    SourceRow,
    Status,
)
from app.platform.database import reading, transaction
from tests.app.catalogues.conftest import (
    ANALYSES,
    CHAPTERS,
    EXAMS,
    Importer,
    ans_file,
    csv_bytes,
    free_file,
    loinc_1,
    loinc_2,
    loinc_3,
    side_file,
)
from tests.conftest import World


def refused(importer: Importer, *files: IncomingFile, catalogue_id: int | None = None) -> list[str]:
    """The problems for which an import is refused, after checking that nothing was written."""
    before = _counts(importer)
    with pytest.raises(ImportRefusedError) as caught:
        importer(*files, catalogue_id=catalogue_id)
    assert _counts(importer) == before
    return [str(problem) for problem in caught.value.problems]


def _counts(importer: Importer) -> list[int]:
    with reading(importer.engine) as session:
        tables = (Catalogue, SourceFile, SourceRow, LocalTest, ReviewState, AuditEvent)
        return [session.exec(select(func.count()).select_from(table)).one() for table in tables]


def test_the_three_files_together(importer: Importer) -> None:
    report = importer(loinc_3(), loinc_1(), loinc_2())
    assert (report.analyses, report.exams, report.chapters, report.rows) == (3, 2, 4, 9)
    assert report.sentence == "Import terminé : 3 analyses, 2 examens, 4 chapitres et sous-chapitres."
    catalogue = report.catalogue_id

    sodium = importer.test(catalogue, "NA")
    assert sodium.label == "Sodium"
    assert sodium.synonym == "natrémie"
    assert (sodium.unit_code, sodium.unit, sodium.timing) == ("U1", "mmol/L", "PT")
    assert (sodium.specimen_code, sodium.specimen, sodium.scale) == ("SE", "Sérum", "QN")
    assert (sodium.technique, sodium.nabm) == ("ISE", "1609")
    assert (sodium.chapter_code, sodium.subchapter_code, sodium.chapter) == ("BIO", "ION", "Biochimie")

    # Potassium belongs to two exams: the first one names its chapter.
    assert importer.test(catalogue, "K").chapter == "Biochimie"
    assert importer.test(catalogue, "VS").chapter == ""
    assert importer.test(catalogue, "KALI", Level.EXAM).chapter == "Hématologie"
    assert [test.code for test in importer.tests(catalogue, Level.CHAPTER)] == ["BIO", "HEM"]
    subchapters = importer.tests(catalogue, Level.SUBCHAPTER)
    assert [(test.code, test.chapter_code, test.label, test.chapter) for test in subchapters] == [
        ("ION", "BIO", "Ionogramme", "Biochimie"),
        ("LIP", "BIO", "Lipides", "Biochimie"),
    ]
    assert importer.links(catalogue) == [("IONO", "NA", True), ("IONO", "K", True), ("KALI", "K", True)]


def test_every_cell_and_every_byte_is_kept(importer: Importer) -> None:
    file = loinc_2()
    report = importer(file)
    with reading(importer.engine) as session:
        stored = session.exec(select(SourceFile)).one()
        assert stored.content == file.content
        assert stored.kind == FileKind.LOINC_2
        assert stored.row_count == 3
        assert stored.columns["analysis_code"] == 7
        rows = session.exec(select(SourceRow).order_by(SourceRow.row_number)).all()
        assert [row.row_number for row in rows] == [1, 2, 3, 4]
        assert rows[3].cells == list(EXAMS[2])
        exam = importer.test(report.catalogue_id, "KALI", Level.EXAM)
        assert exam.source_row_id == rows[3].id


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 1, 2)])
def test_files_that_arrive_one_by_one_give_the_same_catalogue(importer: Importer, order: tuple[int, ...]) -> None:
    files = {1: loinc_1, 2: loinc_2, 3: loinc_3}
    catalogue: int | None = None
    for number in order:
        catalogue = importer(files[number](), catalogue_id=catalogue).catalogue_id
    assert catalogue is not None
    sodium = importer.test(catalogue, "NA")
    assert (sodium.chapter_code, sodium.subchapter_code, sodium.chapter) == ("BIO", "ION", "Biochimie")
    assert importer.test(catalogue, "KALI", Level.EXAM).chapter == "Hématologie"
    assert all(known for _, _, known in importer.links(catalogue))


def test_exams_alone_wait_for_their_analyses(importer: Importer) -> None:
    report = importer(loinc_2())
    assert importer.tests(report.catalogue_id) == []
    assert importer.links(report.catalogue_id) == [
        ("IONO", "NA", False), ("IONO", "K", False), ("KALI", "K", False)
    ]  # fmt: skip
    # The code stands for the label of the chapter until LOINC_1 arrives.
    assert importer.test(report.catalogue_id, "IONO", Level.EXAM).chapter == "BIO"


def test_each_test_is_to_review_and_the_import_is_in_the_trail(importer: Importer) -> None:
    report = importer(loinc_1(), loinc_2(), loinc_3())
    importer(side_file(), catalogue_id=report.catalogue_id)
    with reading(importer.engine) as session:
        states = session.exec(select(ReviewState)).all()
        assert len(states) == 9
        assert {state.status for state in states} == {Status.TODO}
        assert {state.version for state in states} == {0}
        events = session.exec(select(AuditEvent).order_by(AuditEvent.id)).all()
        assert [event.action for event in events] == ["catalogue.create", "catalogue.import", "catalogue.import"]
        assert events[1].details["analyses"] == 3
        assert events[1].details["files"][1]["kind"] == "LOINC_2"
        assert events[1].laboratory_id == importer.world.laboratory_id


def test_the_same_kind_of_file_is_never_imported_twice(importer: Importer) -> None:
    report = importer(loinc_2(), loinc_3())
    (problem,) = refused(importer, loinc_3(), catalogue_id=report.catalogue_id)
    assert "ce catalogue contient déjà un fichier LOINC_3 (analyses)" in problem
    (problem,) = refused(importer, free_file("code;libelle\nX;Y\n"), catalogue_id=report.catalogue_id)
    assert "ce catalogue contient déjà un fichier LOINC_3" in problem
    (problem,) = refused(importer, loinc_3(), ans_file(FileKind.LOINC_3, ANALYSES, name="LOINC_3_bis.csv"))
    assert "apporte la même chose que" in problem


def test_a_new_catalogue_needs_a_free_name(importer: Importer) -> None:
    importer(loinc_3(), name="Un  nom")
    with pytest.raises(InvalidInputError, match="a déjà un catalogue nommé « Un nom »"):
        importer(loinc_3(), name="Un nom")
    with pytest.raises(InvalidInputError, match="Donnez un nom"):
        importer(loinc_3(), name=" ")
    with pytest.raises(InvalidInputError, match="au moins un fichier"):
        importer(name="Vide")


def test_a_catalogue_of_another_laboratory_does_not_exist(importer: Importer, world: World) -> None:
    other = world.add_catalogue("Ailleurs", world.other_laboratory.id)
    with pytest.raises(NotFoundError):
        importer(loinc_3(), catalogue_id=other.id)


def test_without_headings_the_order_of_columns_decides(importer: Importer) -> None:
    report = importer(
        ans_file(FileKind.LOINC_3, ANALYSES, header=False, name="export_a.csv"),
        ans_file(FileKind.LOINC_2, EXAMS, header=False, name="export_b.csv"),
        ans_file(FileKind.LOINC_1, CHAPTERS, header=False, name="export_c.csv"),
    )
    assert (report.analyses, report.exams, report.chapters) == (3, 2, 4)
    assert importer.test(report.catalogue_id, "NA").unit == "mmol/L"


def test_headings_in_another_order_are_followed(importer: Importer) -> None:
    text = "Libellé analyse;Code analyse;Libellé unité principale\nSodium;NA;mmol/L\n"
    report = importer(IncomingFile("LOINC_3_x.csv", text.encode("cp1252")))
    assert importer.test(report.catalogue_id, "NA").label == "Sodium"


def test_trailing_separators_and_blank_lines_say_nothing(importer: Importer) -> None:
    rows = [(*row, "", "") for row in ANALYSES]
    content = ans_file(FileKind.LOINC_3, rows, header=False).content + b"\r\n;;;\r\n\x1a"
    assert importer(IncomingFile("LOINC_3.csv", content)).analyses == 3


def test_wrong_rows_are_all_named(importer: Importer) -> None:
    content = (
        "Code analyse;Libellé analyse;Libellé unité principale\r\n"
        "NA;Sodium;mmol/L\r\n"
        ";Sans code;mmol/L\r\n"
        "K\r\n"
        "CL;Chlore;mmol/L;de trop\r\n"
        "NA;Sodium;g/L\r\n"
        f"LONG;{'x' * 501};\r\n"
    )
    problems = refused(importer, IncomingFile("LOINC_3_a.csv", content.encode()))
    where = "fichier « LOINC_3_a.csv », ligne"
    assert problems == [
        f"{where} 3, colonne « Code analyse » : cellule obligatoire vide.",
        f"{where} 4 : 3 colonnes attendues, 1 trouvée.",
        f"{where} 5 : 3 colonnes attendues, 4 trouvées (un séparateur dans un texte sans guillemets ?).",
        f"{where} 7, colonne « Libellé analyse » : texte de plus de 500 caractères.",
        "fichier « LOINC_3_a.csv » : 1 code sert à des lignes de contenu différent (« NA », lignes 2, 6) : choisissez "
        "ce qu'elles deviennent.",
    ]


SHORT = (
    "Code analyse;Libellé analyse;Libellé unité principale;Technique\r\n"
    "NA;Sodium;mmol/L;ISE\r\n"
    "K;Potassium;mmol/L\r\n"
    "CL;Chlore\r\n"
)


CLASHES = (
    "Code analyse;Libellé analyse;Libellé unité principale;Libellé milieu\r\n"
    "NA;Sodium;mmol/L;Sérum\r\n"
    "K;Potassium;mmol/L;Sérum\r\n"
    "NA;Sodium urinaire;mmol/L;Urines\r\n"
    "K;Potassium;mmol/L;Sérum\r\n"
    "NA;Sodium sudoral;mmol/L;Sueur\r\n"
    "CL;Chlore;mmol/L;Sérum\r\n"
)


@pytest.mark.parametrize(
    ("choice", "kept", "said"),
    [
        (Duplicates.KEEP, [("NA", 0, 2), ("K", 0, 3), ("NA", 1, 4), ("NA", 2, 6), ("CL", 0, 7)], "toutes sont"),
        (Duplicates.FIRST, [("NA", 0, 2), ("K", 0, 3), ("CL", 0, 7)], "2 lignes sont laissées de côté"),
        (Duplicates.LEAVE, [("K", 0, 3), ("CL", 0, 7)], "3 lignes sont laissées de côté"),
    ],
)
def test_a_person_says_what_becomes_of_rows_that_share_a_code(
    importer: Importer, world: World, choice: Duplicates, kept: list[tuple[str, int, int]], said: str
) -> None:
    (problem,) = refused(importer, IncomingFile("LOINC_3_a.csv", CLASHES.encode()))
    assert "(« NA », lignes 2, 4, 6) : choisissez ce qu'elles deviennent" in problem
    report = importer(IncomingFile("LOINC_3_a.csv", CLASHES.encode(), Choices(duplicates=choice)))
    assert said in "".join(report.warnings)
    assert "1 ligne répète une ligne précédente" in "".join(report.warnings)
    with reading(world.engine) as session:
        rows = session.exec(
            select(LocalTest.code, LocalTest.occurrence, SourceRow.row_number)
            .join(SourceRow, col(SourceRow.id) == col(LocalTest.source_row_id))
            .order_by(col(LocalTest.position))
        ).all()
        assert list(rows) == kept
        assert session.exec(select(SourceFile.dialect)).one()["duplicates"] == choice
        assert len(session.exec(select(SourceRow)).all()) == 7, "every received row stays"


def test_rows_that_only_miss_what_may_be_empty_are_read(importer: Importer) -> None:
    report = importer(IncomingFile("LOINC_3_a.csv", SHORT.encode()))
    assert report.analyses == 3
    assert "LOINC_3_a.csv : 2 lignes s'arrêtent avant la dernière colonne (3, 4)" in "".join(report.warnings)


def test_a_row_cut_in_two_is_not_taken_for_two_short_ones(importer: Importer) -> None:
    content = [*SHORT.splitlines(keepends=True)[:2], "K;Potas\r\n", "sium;mmol/L;ISE\r\n"]
    (problem,) = refused(importer, IncomingFile("LOINC_3_a.csv", "".join(content).encode()))
    assert problem.startswith("fichier « LOINC_3_a.csv », ligne 3 : cette ligne et la suivante semblent")


def test_where_many_rows_are_short_none_is_taken_for_a_cut_one(importer: Importer) -> None:
    rows = "".join(f"A{row};Analyse {row}\r\nB{row};Analyse b{row};mmol/L\r\n" for row in range(20))
    content = SHORT.splitlines(keepends=True)[0] + rows
    assert importer(IncomingFile("LOINC_3_a.csv", content.encode())).analyses == 40


def test_a_text_framed_for_a_spreadsheet_is_read_without_its_frame(importer: Importer, world: World) -> None:
    content = 'Code;Libellé;Unité\r\n"=""0012""";"=""Dit """"libre"""" """;mmol/L\r\nA;"=  ""B""";\r\n'
    report = importer(IncomingFile("a.csv", content.encode()))
    assert 'a.csv : 2 cellules sont écrites ="…"' in "".join(report.warnings)
    with reading(world.engine) as session:
        assert [(test.code, test.label) for test in session.exec(select(LocalTest).order_by(col(LocalTest.id)))] == [
            ("0012", 'Dit "libre"'), ("A", '=  "B"'),
        ]  # fmt: skip


def test_many_problems_are_counted(importer: Importer) -> None:
    rows = [("", f"Analyse {number}", *[""] * 10) for number in range(80)]
    problems = refused(importer, ans_file(FileKind.LOINC_3, rows))
    assert len(problems) == 51
    assert "et 30 autres problèmes" in problems[-1]


def test_a_whole_file_of_another_width_is_one_problem(importer: Importer) -> None:
    rows = [("NA", "Sodium", "mmol/L"), ("K", "Potassium", "mmol/L")]
    (problem,) = refused(importer, IncomingFile("LOINC_3.csv", csv_bytes(rows)))
    assert problem.endswith("12 colonnes attendues pour un fichier LOINC_3, 3 trouvées.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "le fichier est vide."),
        (b" \r\n\r\n", "le fichier est vide."),
        ("Code analyse;Libellé analyse\r\n".encode(), "aucune ligne de données"),
        (b"%PDF-1.4\x00\x01", "c'est un document PDF"),
        (b"code;a\x00\x01;b", "ligne 1 : l'octet n° 7 du fichier est nul (0x00)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", "le classeur est abîmé ou incomplet"),
        (b"foo;bar\r\nA;12\r\n", "aucune colonne n'est désignée pour « Code de l'analyse »."),
    ],
)
def test_unreadable_files_are_refused(importer: Importer, content: bytes, message: str) -> None:
    assert any(message in problem for problem in refused(importer, IncomingFile("a.csv", content)))


def test_a_byte_that_is_no_letter_comes_in_and_its_line_is_named(importer: Importer) -> None:
    report = importer(IncomingFile("a.csv", b"code;libell\xe9\r\nA;Ur\xe9e \x8f\r\n"))
    assert "contient des octets qui ne sont d'aucune lettre en ISO-8859-15 (Latin-9) (2)" in "".join(report.warnings)


def test_a_file_over_the_limit_is_refused(importer: Importer) -> None:
    assert "dépasse la taille admise (20 Mo)" in refused(importer, IncomingFile("a.csv", b"a" * 20_000_001))[0]


def test_patients_are_refused(importer: Importer) -> None:
    problems = refused(importer, loinc_3(), free_file("NOM;PRENOM;NAISSANCE;GLYC\nA;B;C;1\n", "analyses.csv"))
    assert "colonne « PRENOM »" in problems[0]
    assert "données de patients" in problems[0]


def test_exams_with_contradictory_rows_are_refused(importer: Importer) -> None:
    rows = [EXAMS[0], ("IONO", "Autre libellé", *EXAMS[1][2:])]
    (problem,) = refused(importer, ans_file(FileKind.LOINC_2, rows))
    assert "l'examen « IONO » a un autre libellé à la ligne 2" in problem


def test_doubled_links_and_renamed_analyses_are_only_told(importer: Importer) -> None:
    renamed = (*EXAMS[2][:8], "Kaliémie")
    report = importer(ans_file(FileKind.LOINC_2, [*EXAMS[:2], EXAMS[1], renamed]), loinc_3())
    assert len(importer.links(report.catalogue_id)) == 3
    assert any("1 ligne répète" in warning for warning in report.warnings)
    assert any("plusieurs libellés selon les examens (K)" in warning for warning in report.warnings)


def test_chapters_of_one_code_with_two_labels_are_refused(importer: Importer) -> None:
    rows = [("BIO", "Biochimie", "ION", "Iono"), ("BIO", "Biologie", "ION", "Ionogramme")]
    first, second = refused(importer, ans_file(FileKind.LOINC_1, rows))
    assert "le chapitre « BIO » a un autre libellé à la ligne 2" in first
    assert "le sous-chapitre « ION » a un autre libellé à la ligne 2" in second


def test_the_same_subchapter_code_under_two_chapters_is_two_subchapters(importer: Importer) -> None:
    rows = [("IMM", "Immunologie", "AUT", "Auto-immunité"), ("SER", "Sérologie", "AUT", "Autres sérologies")]
    report = importer(ans_file(FileKind.LOINC_1, rows))
    found = importer.tests(report.catalogue_id, Level.SUBCHAPTER)
    assert [(test.chapter_code, test.label, test.occurrence) for test in found] == [
        ("IMM", "Auto-immunité", 0), ("SER", "Autres sérologies", 1)
    ]  # fmt: skip


def test_chapters_without_code_go_by_their_label(importer: Importer) -> None:
    report = importer(ans_file(FileKind.LOINC_1, [("", "Biochimie", "", "Lipides"), ("", "Biochimie", "", "")]))
    assert [test.code for test in importer.tests(report.catalogue_id, Level.CHAPTER)] == ["Biochimie"]
    assert [test.code for test in importer.tests(report.catalogue_id, Level.SUBCHAPTER)] == ["Lipides"]
    (problem,) = refused(importer, ans_file(FileKind.LOINC_1, [("", "B" * 61, "", "")]), catalogue_id=None)
    assert "un chapitre sans code" in problem


def test_side_data_joins_by_code(importer: Importer) -> None:
    report = importer(loinc_2(), loinc_3(), side_file())
    sodium, sedimentation = (importer.test(report.catalogue_id, code) for code in ("NA", "VS"))
    assert (sodium.annual_volume, sodium.is_subcontracted, sodium.is_retired) == (15587, False, False)
    assert (sedimentation.is_subcontracted, sedimentation.is_retired) == (True, True)
    assert sedimentation.executing_laboratory == "Institut du Levant"
    assert sedimentation.annual_volume is None


def test_an_exam_is_subcontracted_when_all_its_analyses_are(importer: Importer) -> None:
    side = "Code analyse;Sous-traité\r\nK;oui\r\nINCONNU;non\r\n"
    report = importer(loinc_2(), loinc_3(), free_file(side, "annexes.csv"))
    assert importer.test(report.catalogue_id, "KALI", Level.EXAM).is_subcontracted
    assert not importer.test(report.catalogue_id, "IONO", Level.EXAM).is_subcontracted
    assert report.warnings == ("Données annexes : 1 code inconnu du catalogue (INCONNU).",)


def test_wrong_side_data_is_refused(importer: Importer) -> None:
    side = "Code analyse;Sous-traité;Volume annuel\r\nNA;peut-être;12,5\r\nNA;O;1\r\n"
    problems = refused(importer, loinc_3(), free_file(side, "annexes.csv"))
    assert [problem.partition(" : ")[2] for problem in problems] == [
        "« peut-être » n'est ni oui ni non.",
        "« 12,5 » n'est pas un nombre entier d'actes par an.",
        "le code « NA » est déjà à la ligne 2.",
    ]
    (problem,) = refused(importer, loinc_3(), free_file("Code analyse;Retiré\r\nZZ;O\r\n", "annexes.csv"))
    assert "aucun code de ces données annexes" in problem


def test_a_free_catalogue(importer: Importer) -> None:
    text = (
        "Catalogue 2026;;;;;;;\r\n"
        "Mnémonique;Désignation;Unités;Nature;Famille;Sous-traité;Nb annuel;Valeurs de référence\r\n"
        "NA;Sodium;mmol/L;Sérum;Biochimie;non;1200;135 à 145\r\n"
        "NA;Sodium urinaire;mmol/24h;Urines;Biochimie;oui;;\r\n"
        "NA;Sodium;mmol/L;Sérum;Biochimie;non;1200;135 à 145\r\n"
    )
    report = importer(free_file(text))
    tests = importer.tests(report.catalogue_id)
    assert [(test.code, test.occurrence, test.label, test.unit) for test in tests] == [
        ("NA", 0, "Sodium", "mmol/L"), ("NA", 1, "Sodium urinaire", "mmol/24h")
    ]  # fmt: skip
    assert [test.is_subcontracted for test in tests] == [False, True]
    assert [test.annual_volume for test in tests] == [1200, None]
    assert {test.chapter for test in tests} == {"Biochimie"}
    assert [warning.partition(" : ")[2] for warning in report.warnings] == [
        "1 ligne répète une ligne précédente (mêmes valeurs).",
        "1 code sert à plusieurs analyses, d'unité ou de milieu différents (« NA », lignes 3, 4) ; toutes sont "
        "gardées. Un SGL n'accepte qu'un code LOINC par code local : ces lignes ne comptent à la couverture et ne "
        "sortent avec un code que si leurs réponses approuvées sont les mêmes.",
    ]


def test_side_data_of_a_repeated_code_counts_its_volume_once(importer: Importer) -> None:
    free = free_file("code;libelle;unite\nNA;Sodium;mmol/L\nNA;Sodium;mg/L\n")
    side = free_file("Code analyse;Sous-traité;Volume annuel\nNA;O;100\n", "annexes.csv")
    tests = importer.tests(importer(free, side).catalogue_id)
    assert [(test.is_subcontracted, test.annual_volume) for test in tests] == [(True, 100), (True, None)]


def test_chosen_columns_are_followed(importer: Importer) -> None:
    choices = Choices(kind=FileKind.TABULAR, columns={"code": 2, "label": 0})
    report = importer(free_file("a;b;c\nSodium;x;12\n", choices=choices))
    assert importer.test(report.catalogue_id, "12").label == "Sodium"
    wrong = Choices(kind=FileKind.TABULAR, columns={"code": 2, "label": 2})
    assert "désignée deux fois" in refused(importer, free_file("a;b;c\nSodium;x;12\n", choices=wrong))[0]
    far = Choices(kind=FileKind.TABULAR, columns={"code": 2, "label": 9})
    assert "n'existe pas" in refused(importer, free_file("a;b;c\nSodium;x;12\n", choices=far))[0]


def statements_of(importer: Importer, count: int) -> int:
    """How many SQL statements an import of so many analyses takes, what is counted after it left aside."""
    shared = ("", "", "U", "mmol/L", "PT", "SE", "Sérum", "QN", "", "1609")
    rows = [(f"C{n}", f"Analyse {n}", *shared) for n in range(count)]
    sent: list[str] = []
    ended: list[Any] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not ended:
            sent.append(statement)

    def note_end(connection: Any) -> None:
        ended.append(connection)

    event.listen(importer.engine, "before_cursor_execute", listen)
    event.listen(importer.engine, "commit", note_end)
    try:
        report = importer(ans_file(FileKind.LOINC_3, rows), name=f"Essai {count}")
    finally:
        event.remove(importer.engine, "before_cursor_execute", listen)
        event.remove(importer.engine, "commit", note_end)
    assert report.analyses == count
    return len(sent)


def test_an_import_sends_rows_to_the_database_together(importer: Importer) -> None:
    """Work is counted, not timed: what makes ten thousand analyses take about a second."""
    few, many = statements_of(importer, 200), statements_of(importer, 3000)
    assert few < 40
    assert many - few < 2800 / 100, "a statement for each row would take minutes over a large catalogue"


def test_importing_never_touches_decisions(importer: Importer) -> None:
    report = importer(loinc_3())
    sodium = importer.test(report.catalogue_id, "NA")
    with transaction(importer.engine) as session:
        state = session.get_one(ReviewState, sodium.id)
        state.status, state.version = Status.DOUBT, 1
        session.add(state)
    importer(loinc_1(), loinc_2(), side_file(), catalogue_id=report.catalogue_id)
    with reading(importer.engine) as session:
        assert session.get_one(ReviewState, sodium.id).status == Status.DOUBT
        assert session.get_one(ReviewState, sodium.id).version == 1


def test_rows_that_only_reference_values_distinguish_are_one_analysis(importer: Importer) -> None:
    rows = "HB;Hémoglobine;g/dL;13 - 17\nHB;Hémoglobine;g/dL;12 - 16\nNA;Sodium;mmol/L;135 - 145\n"
    content = f"Code;Libellé;Unité;Valeurs de référence\n{rows}NA;Sodium;mmol/L;135 - 145\n"
    report = importer(IncomingFile("catalogue.csv", content.encode()))
    assert report.analyses == 2
    assert importer.test(report.catalogue_id, "HB").reference_range == "13 - 17 ; 12 - 16"
    assert importer.test(report.catalogue_id, "NA").reference_range == "135 - 145"
    assert [warning for warning in report.warnings if "valeurs de référence" in warning] == [
        "catalogue.csv : 1 analyse tient en plusieurs lignes, que seules leurs valeurs de référence distinguent (selon "
        "le sexe ou l'âge, par exemple) : ces valeurs sont réunies (« HB », lignes 2, 3)."
    ]
    assert "catalogue.csv : 1 ligne répète une ligne précédente (mêmes valeurs)." in report.warnings


def test_rows_whose_labels_differ_too_still_clash(importer: Importer) -> None:
    content = (
        "Code;Libellé;Unité;Valeurs de référence\nHB;Hémoglobine homme;g/dL;13 - 17\n"
        "HB;Hémoglobine femme;g/dL;12 - 16\n"
    )
    [problem] = refused(importer, IncomingFile("catalogue.csv", content.encode()))
    assert "« HB », lignes 2, 3" in problem


@pytest.mark.parametrize("heading", ["Examen prescriptible", "Examen", "Libellé examen"])
def test_columns_beside_those_of_loinc_3_name_exam_results_and_reference_values(
    importer: Importer, heading: str
) -> None:
    headings = ";".join(column.heading for column in ANS_COLUMNS[FileKind.LOINC_3])
    row = "NA;Sodium;;;;mmol/L;PT;;Sérum;QN;;;Ionogramme;135 - 145;138"
    content = f"{headings};{heading};Valeurs usuelles;Exemples de résultats\n{row}\n"
    report = importer(IncomingFile("LOINC_3_export.csv", content.encode()))
    test = importer.test(report.catalogue_id, "NA")
    assert (test.exam, test.reference_range, test.results) == ("Ionogramme", "135 - 145", "138")
