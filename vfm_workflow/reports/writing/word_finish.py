"""What a Word file needs after its template was filled: widths of columns, figures to the right, lists that begin at 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vfm_workflow.reports.writing.view import Grid

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TEXT, FIGURE, NUMBERED = "Table text", "Table figure", "List Number"


def finish(document: Any, grids: Sequence[Grid], *, sideways: bool) -> None:
    """Finish a filled document. `sideways`: its last pages lie on their side."""
    if sideways:
        _turn(document.sections[-1])
    waiting = list(grids)
    widths = list(_widths_of_pages(document))
    for table in document.tables:
        if waiting and _title(table) == " ".join(waiting[0].title.split()):
            _table(document, table, waiting.pop(0), widths)
    _lists(document)


def _title(table: Any) -> str:
    found = table._tbl.tblPr.find(f"{W}tblCaption")
    return " ".join(found.get(f"{W}val", "").split()) if found is not None else ""


def _widths_of_pages(document: Any) -> Iterator[tuple[bool, int]]:
    """Yield for each run of pages whether it lies on its side, and how broad its text is, in twentieths of a point."""
    for section in document.sections:
        room = section.page_width - section.left_margin - section.right_margin
        yield section.page_width > section.page_height, room // 635


def _table(document: Any, table: Any, grid: Grid, pages: Sequence[tuple[bool, int]]) -> None:
    upright = next((room for turned, room in pages if not turned), 9864)
    room = next((room for turned, room in pages if turned), upright) if grid.turned else upright
    shares = [head.letters + 2 for head in grid.head]
    widths = [room * share // sum(shares) for share in shares]
    _fixed(table, widths)
    styles = {style.name: style for style in document.styles}
    for row in table._tbl.tr_lst:
        for n, cell in enumerate(row.tc_lst):
            if n < len(widths):
                cell.width = widths[n] * 635
            if FIGURE in styles and n < len(grid.head) and grid.head[n].numeric:
                for paragraph in cell.p_lst:
                    paragraph.style = styles[FIGURE].style_id


def _fixed(table: Any, widths: Sequence[int]) -> None:
    """Give a table these widths of columns, so that every program draws it alike."""
    table.autofit = False
    grid = table._tbl.tblGrid
    for old in list(grid):
        grid.remove(old)
    for width in widths:
        column = grid.makeelement(f"{W}gridCol", {f"{W}w": str(width)})
        grid.append(column)
    total = table._tbl.tblPr.find(f"{W}tblW")
    if total is not None:
        total.set(f"{W}w", str(sum(widths)))
        total.set(f"{W}type", "dxa")


def _lists(document: Any) -> None:
    """Let each numbered list begin at 1: Word would go on where the one before it ended."""
    style = next((one for one in document.styles if one.name == NUMBERED), None)
    number = style.element.find(f"{W}pPr/{W}numPr/{W}numId") if style is not None else None
    if number is None:
        return
    numbering = document.part.numbering_part.element
    abstract = numbering.num_having_numId(int(number.get(f"{W}val"))).abstractNumId.val
    current = None
    for paragraph in document.paragraphs:
        if paragraph.style is None or paragraph.style.name != NUMBERED:
            current = None
            continue
        if current is None:
            current = numbering.add_num(abstract)
            current.add_lvlOverride(ilvl=0).add_startOverride(1)
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = current.numId


def _turn(section: Any) -> None:
    """Lay the last pages on their side, as those before them."""
    section.page_width, section.page_height = section.page_height, section.page_width
    size = section._sectPr.find(f"{W}pgSz")
    size.set(f"{W}orient", "landscape")


def text_of(document: Any) -> str:
    """Return all words of a document, of its tables as well."""
    return _words([document.element.body])


def heads_of(document: Any) -> str:
    """Return the words at the head and the foot of its pages."""
    return _words([part._element for one in document.sections for part in (one.header, one.footer)])


def _words(parts: Sequence[Any]) -> str:
    paragraphs = [paragraph for part in parts for paragraph in part.iter(f"{W}p")]
    return "\n".join("".join(node.text or "" for node in one.iter(f"{W}t")) for one in paragraphs)
