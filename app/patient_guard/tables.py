"""The guard over a table: its headings, every cell of every row, and what columns and rows show together."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from app.patient_guard import abroad, aged, ages, births, headings, messages, names, numbers, people, results
from app.patient_guard.cells import Column, Row, Told, columns_of
from app.patient_guard.findings import Finding, Kind

_HEADER_SEARCH_ROWS = 60
_BLOCK = 200
_BIRTH_WORDS = re.compile(
    r"n[ée]e?(?:\(e\)s?|[.·/]e)? ?(?:le|en|:|=|\d)|n[ée]e |né |n[ée]·e |née?s |n[ée](?:\(e\)|\.e) |nais|ddn|dtn"
    r"|d\.d\.n|d\.n\.|born|dob|d\.o\.b|birth|geb|nacid|nat[oa] il|nascid|nascita"
)
_MESSAGE_MARKS = (
    "MSH|", "PID|", "OBX|", "OBR|", "FHS|", "BHS|", "H|", "P|", "resourceType", "ClinicalDocument", "recordTarget",
    "patientRole", "Patient/",
)  # fmt: skip
_DATEISH = re.compile(r"[/.-]\d\d?[/.-]\d|[12][089]\d\d|(?<!\d)\d{6}(?!\d)")
_LONGEST_NOTE = 400
_LONGEST_LABEL = 40
_SAYS_BIRTH = ("nais", "ne le", "nee le", "ne e le", "ddn", "born", "birth")
_GROWN = 2010
"""A month or a day without separators before this year, beside a name written as staff write theirs, is a birth."""


def examine(
    rows: Sequence[Row],
    header_rows: int,
    fields_of: headings.FieldsOf,
    told_fields: Collection[str] = (),
) -> list[Finding]:
    """The traces of patients in a table.

    `header_rows`: how many rows come before the data; `fields_of`: which column is which field by its heading;
    `told_fields`: fields that name who transcoded or answers for a row, and when. Time is linear in the cells.
    """
    header = rows[:header_rows]
    found = _Found()
    _look_at_headings(rows, header_rows, fields_of, found)
    if found.found:
        return found.findings()
    told = _told(header, fields_of, told_fields)
    _look_at_cells(rows, header_rows, told, found)
    data = rows[header_rows:]
    columns = columns_of(data, told)
    _look_at_columns(columns, data, found)
    return found.findings()


class _Found:
    """Rows by kind and column, gathered."""

    def __init__(self) -> None:
        self.found: dict[tuple[Kind, int], set[int]] = {}

    def add(self, kind: Kind, column: int, *rows: int) -> None:
        if rows:
            self.found.setdefault((kind, column), set()).update(rows)

    def findings(self) -> list[Finding]:
        ordered = sorted(self.found.items(), key=lambda item: (item[0][1], item[0][0]))
        return [Finding(kind, column, tuple(sorted(rows))) for (kind, column), rows in ordered]


def _look_at_headings(rows: Sequence[Row], header_rows: int, fields_of: headings.FieldsOf, found: _Found) -> None:
    first = next((index for index, row in enumerate(rows) if any(cell.strip() for cell in row.cells)), 0)
    for index, row in enumerate(rows[: max(header_rows, _HEADER_SEARCH_ROWS)]):
        if index >= header_rows and not headings.is_unmarked_header(row.cells, 2 if index == first else 3):
            continue
        for column in headings.suspicious(row.cells, fields_of):
            found.add(Kind.HEADING, column, row.row_number)
        if found.found:
            return


def _told(
    header: Sequence[Row], fields_of: headings.FieldsOf, told_fields: Collection[str]
) -> Mapping[int, Told]:
    """What the headings say of the columns of staff, of earlier work, and of days."""
    told: dict[int, Told] = {}
    for row in header:
        for column, cell in enumerate(row.cells):
            if cell.strip():
                said = told.setdefault(column, Told())
                said.staff |= headings.names_staff(cell)
                said.dated |= headings.says_when(cell)
                said.reference |= headings.says_reference(cell)
                said.aged |= headings.says_age(cell)
                said.is_headed = True
    head = next((row for row in reversed(header) if any(cell.strip() for cell in row.cells)), None)
    for name, column in (fields_of(head.cells) if head else {}).items():
        if name in told_fields:
            said = told.setdefault(column, Told())
            said.staff = said.dated = True
    return told


def _blocks(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], str]]:
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        yield block, "\n".join("\n".join(row.cells) for row in block)


class _Count:
    """The long numbers of one column."""

    def __init__(self) -> None:
        self.keyed: set[int] = set()
        self.keyed_alike: set[int] = set()
        self.alike: dict[int, str] = {}
        self.form: set[int] = set()
        self.article: set[int] = set()
        self.other = 0
        """Numbers of 13 digits that are nothing of the kind."""
        self.other_long = 0
        """Of 15 digits."""
        self.abroad: set[int] = set()
        self.abroad_bare: set[int] = set()
        self.abroad_other = 0
        """Numbers as long as those of other countries that are nothing of the kind."""


def _look_at_cells(rows: Sequence[Row], header_rows: int, told: Mapping[int, Told], found: _Found) -> None:
    """What one cell shows alone; the header is looked at too, where a row of data may pass for one."""
    counts: dict[int, _Count] = {}
    surnames: dict[int, dict[int, str]] = {}
    aged_texts: dict[tuple[str, bool], ages.Aged] = {}
    for block, text in _blocks(rows):
        small = text.lower()
        has_births = _BIRTH_WORDS.search(small) is not None
        has_messages = any(mark in text for mark in _MESSAGE_MARKS)
        has_people = names.MAY_ADDRESS.search(text) is not None
        has_cards = numbers.holds_card(text)
        signs = abroad.signs_in(text)
        has_ages = ages.may_tell(small)
        for row in block:
            _count_numbers(row, counts)
            if messages.message_in_cells(row.cells):
                found.add(Kind.MESSAGE, 0, row.row_number)
            if has_cards and numbers.holds_card("\n".join(row.cells)):
                _place_card(row, found)
        if not (has_births or has_messages or has_people or signs or has_ages):
            continue
        for row in block:
            line = "\n".join(row.cells)
            number = row.row_number
            if signs:
                _count_abroad(row, signs, counts)
            if has_ages:
                _look_for_ages(row, told, found, aged_texts)
            if has_births and _BIRTH_WORDS.search(line.lower()):
                if births_across(row.cells) or birth_beside(row.cells):
                    found.add(Kind.BIRTH, 0, number)
                for column, cell in enumerate(row.cells):
                    if births.tells_a_birth(cell):
                        found.add(Kind.BIRTH, column, number)
            if has_messages and messages.message_in(line):
                column = next((place for place, cell in enumerate(row.cells) if messages.message_in(cell)), 0)
                found.add(Kind.MESSAGE, column, number)
            if has_people and names.MAY_ADDRESS.search(line):
                _look_for_civilities(row, told, found, surnames)
    for column, count in counts.items():
        _judge_numbers(column, count, found)
    for column, named in surnames.items():
        if len(set(named.values())) >= 2:
            found.add(Kind.NAME, column, *named)


def births_across(cells: Sequence[str]) -> bool:
    """Whether a row gives the births of several people, one in each column: « Né le ; 12/03/1961 ; 04/05/1978 »."""
    said, *others = [cell for cell in cells if cell.strip()] or [""]
    if len(others) < 2 or len(said) > _LONGEST_LABEL or not headings.certain([headings.folded(said)]):
        return False
    years = [year for cell in others if (year := births.year_of(cell)) is not None]
    return len(years) >= 2 and 2 * len(years) > len(others) and min(years) < births.FEW_CREATIONS


def birth_beside(cells: Sequence[str]) -> bool:
    """Whether a row is a line of a form about one person: « Né(e) le ; 120361 », « Date de naissance ; mars 1961 »."""
    filled = [cell for cell in cells if cell.strip()]
    if not 2 <= len(filled) <= 3 or len(filled[-2]) > _LONGEST_LABEL:
        return False
    said = headings.folded(filled[-2])
    if not any(word in said for word in _SAYS_BIRTH) or not headings.certain([said]):
        return False
    return (births.year_of(filled[-1]) or births.year_of_part(filled[-1])) is not None


def _place_card(row: Row, found: _Found) -> None:
    """Note a number in the groups of a card, in the cell that holds it or where its first group stands."""
    within = (place for place, cell in enumerate(row.cells) if numbers.holds_card(cell))
    starts = (place for place in range(len(row.cells)) if not numbers.holds_card("\n".join(row.cells[place + 1 :])))
    found.add(Kind.NUMBER, next(within, next(starts, 0)), row.row_number)


def _count_numbers(row: Row, counts: dict[int, _Count]) -> None:
    for column, cell in enumerate(row.cells):
        if len(cell) < 13:
            continue
        if not (numbers.may_be_one(cell) if cell.isdigit() else numbers.LIKELY.search(cell)):
            if len(cell) in (13, 15) and cell.isdigit():
                count = counts.setdefault(column, _Count())
                count.other += len(cell) == 13 and not numbers.is_article(cell)
                count.other_long += len(cell) == 15
            continue
        count = counts.setdefault(column, _Count())
        said = numbers.numbers_in(cell)
        number = row.row_number
        if said.alike:
            count.alike[number] = said.alike[0]
            if said.keyed:
                count.keyed_alike.add(number)
        elif said.keyed:
            count.keyed.add(number)
        if said.form and not said.keyed:
            count.form.add(number)
        if said.article:
            count.article.add(number)
        count.other += said.other


def _count_abroad(row: Row, signs: Sequence[re.Pattern[str]], counts: dict[int, _Count]) -> None:
    """Count the national numbers of a row; `signs`: those that its block shows."""
    for column, cell in enumerate(row.cells):
        if len(cell) < 9:
            continue
        if not (abroad.may_be_one(cell) if cell.isdigit() else any(sign.search(cell) for sign in signs)):
            continue
        said = abroad.abroad_in(numbers.unveiled(cell))
        if not (said.sure or said.bare or said.form or said.article or said.other):
            continue
        count = counts.setdefault(column, _Count())
        number = row.row_number
        if said.sure:
            count.abroad.add(number)
        if said.bare:
            count.abroad_bare.add(number)
        if said.form:
            count.form.add(number)
        if said.article:
            count.article.add(number)
        count.abroad_other += said.other and not said.bare


def _look_for_ages(
    row: Row, told: Mapping[int, Told], found: _Found, seen: dict[tuple[str, bool], ages.Aged]
) -> None:
    """Note the ages of people with results; `seen` keeps what was said of texts, most of which come again."""
    for column, cell in enumerate(row.cells):
        if len(cell) < 4 or cell.isdigit():
            continue
        is_reference = _is_reference(told, column)
        said = seen.get((cell, is_reference))
        if said is None:
            said = seen[cell, is_reference] = ages.aged(cell, is_reference=is_reference)
        if said is ages.Aged.WITH_RESULT:
            found.add(Kind.AGE, column, row.row_number)
        elif said is ages.Aged.ALONE and column + 1 < len(row.cells) and not _is_reference(told, column, column + 1):
            beside = row.cells[column + 1]
            # What a separator cut in two: « femme de 45 ans ; Hb 7,8 ».
            is_text = len(beside) > 3 and " " in beside.strip()
            if is_text and ages.tells_a_person(f"{cell} ; {beside}", needs_name=True):
                found.add(Kind.AGE, column, row.row_number)


def _is_reference(told: Mapping[int, Told], *columns: int) -> bool:
    return any(column in told and told[column].reference for column in columns)


def _judge_numbers(column: int, count: _Count, found: _Found) -> None:
    found.add(Kind.NUMBER, column, *count.keyed)
    found.add(Kind.ABROAD, column, *count.abroad)
    # Among many other long numbers some have a right key by chance.
    if count.abroad_other < 10 or 10 * len(count.abroad_bare) >= 3 * (len(count.abroad_bare) + count.abroad_other):
        found.add(Kind.ABROAD, column, *count.abroad_bare)
    # Other long numbers have a right key by chance, one in a hundred.
    if 2 * len(count.keyed_alike) >= len(count.alike):
        found.add(Kind.NUMBER, column, *count.keyed_alike)
    elif (
        len(set(count.alike.values())) >= max(5, 0.8 * len(count.alike)) and 4 * count.other_long <= len(count.alike)
    ):
        found.add(Kind.NUMBER_FORM, column, *count.alike)
    # So do numbers of 13 digits have the form by chance, three in a hundred.
    if count.other < 20 or 10 * len(count.form) >= 3 * (len(count.form) + count.other):
        found.add(Kind.NUMBER_FORM, column, *count.form)
        found.add(Kind.ARTICLE, column, *count.article)


def _look_for_civilities(
    row: Row, told: Mapping[int, Told], found: _Found, surnames: dict[int, dict[int, str]]
) -> None:
    for column, cell in enumerate(row.cells):
        if not cell or (column in told and told[column].staff):
            continue
        if names.addressed(cell):
            found.add(Kind.NAME, column, row.row_number)
        elif surname := names.addressed_by_surname(cell):
            surnames.setdefault(column, {})[row.row_number] = surname


def _dated_names(column: Column) -> set[int]:
    """The rows where a full name and a date stand in one cell: « GARCIA Sandrine 12/04/1983 »."""
    if column.told.staff:
        return set()
    return column.rows(
        text
        for text in column.rows_of
        if 12 <= len(text) <= _LONGEST_NOTE and _DATEISH.search(text) and _is_dated_name(text)
    )


def _is_dated_name(text: str) -> bool:
    """Whether a text holds a full name and a day, of any year, or a month, a day without separators or a year of
    birth; or a doubtful name, or a civility and a surname, and nothing but a day from before computers."""
    year = births.dated(text)
    is_whole = births.holds_a_date(text)
    if (year is None and not is_whole) or names.AUTHORED.search(text):
        return False
    strength = names.names_within(text)
    if is_whole and strength >= names.Strength.SURE:
        return True
    if year is None:
        return False
    if names.addressed_by_surname(text) or strength is names.Strength.STRONG:
        return True
    if strength >= names.Strength.SURE:
        return year < _GROWN
    return year < births.FEW_CREATIONS and names.strength_of(births.undated(text)) > names.Strength.NONE


def _look_at_columns(columns: Sequence[Column], data: Sequence[Row], found: _Found) -> None:
    named: set[int] = set()
    for column in columns:
        rows = people.names_in(column) | _dated_names(column)
        named |= rows
        found.add(Kind.NAME, column.index, *rows)
    for places in (people.pairs(columns), people.together(columns), people.beside_a_birth(columns)):
        for place, rows in places.items():
            named |= rows
            found.add(Kind.NAME, place, *rows)
    for column in columns:
        found.add(Kind.BIRTH, column.index, *people.births_in(column, columns, named))
    for place in {*results.results_in(columns, data), *aged.results_of_aged(columns, data)}:
        found.add(Kind.RESULTS, place, *(row.row_number for row in data if place < len(row.cells) and row.cells[place]))
