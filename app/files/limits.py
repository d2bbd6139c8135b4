"""Sizes beyond which a received file is refused rather than read."""

MAX_ROWS = 100_000
MAX_COLUMNS = 256
MAX_CELLS = 3_000_000
"""Rows times columns, empty cells included: what a reader reserves."""
MAX_CELLS_TOGETHER = 2 * MAX_CELLS
"""The same for all the sheets of a workbook, which are held together."""
MAX_CELL_CHARACTERS = 32_767
"""What a spreadsheet can hold in one cell."""
MAX_TEXT_CHARACTERS = 200_000_000
"""Characters of all cells of a workbook together, a text shown in many cells counted each time."""
MAX_FILES = 10
MAX_ZIP_ENTRIES = 1_000
MAX_INFLATED_BYTES = 200_000_000
MAX_INFLATION = 100
"""Inflated size against compressed size: a real workbook stays under 30."""
INFLATION_FLOOR_BYTES = 5_000_000
"""Below this inflated size the ratio says nothing: a small empty workbook compresses very well."""
