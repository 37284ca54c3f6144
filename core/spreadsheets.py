"""Texts in files that spreadsheets open: none of them is a formula."""

# What starts a formula in a spreadsheet, or hides one.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet executes: one that looks like a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def cell_text(cell: str) -> str:
    """Return the text of a cell without the apostrophe that `safe_cell` put before it."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_STARTS) else cell
