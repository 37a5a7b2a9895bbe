"""Makes config/report.docx anew: the Word file that every report is written into, and that a council edits in Word.

    .venv/bin/python assets/report_docx.py

What stands in braces is filled by docxtpl; docs/reports.md explains it. Run it only to change what ships.
"""

from __future__ import annotations

import copy
import datetime as dt
import sys
from pathlib import Path

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

INK, QUIET, RULE = RGBColor(0x0B, 0x0C, 0x0C), RGBColor(0x48, 0x49, 0x49), "B1B4B6"
FILE = Path(__file__).parents[1] / "config" / "report.docx"


def styles(document) -> None:
    normal = document.styles["Normal"]
    _font(normal, 11, INK)
    normal.paragraph_format.space_after = Pt(7)
    normal.paragraph_format.line_spacing = 1.15
    lang = OxmlElement("w:lang")
    for name in ("val", "eastAsia"):
        lang.set(qn(f"w:{name}"), "en-GB")
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    defaults.append(lang)
    for name, size, before in (("Title", 22, 0), ("Heading 1", 15, 18), ("Heading 2", 12, 12)):
        style = document.styles[name]
        _font(style, size, INK, bold=True)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(6)
        style.paragraph_format.keep_with_next = True
        borders = style.element.pPr.find(qn("w:pBdr")) if style.element.pPr is not None else None
        if borders is not None:
            style.element.pPr.remove(borders)
    caption = document.styles["Caption"]
    _font(caption, 11, INK, bold=True)
    caption.font.italic = False
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(10), Pt(4)
    for name in ("List Number", "List Bullet"):
        _font(document.styles[name], 11, INK)
        document.styles[name].paragraph_format.space_after = Pt(4)
    made = {}
    for name, size, colour, align in (
        ("Table text", 9, INK, WD_ALIGN_PARAGRAPH.LEFT),
        ("Table figure", 9, INK, WD_ALIGN_PARAGRAPH.RIGHT),
        ("Table note", 8.5, QUIET, WD_ALIGN_PARAGRAPH.LEFT),
        ("Report mark", 11, INK, WD_ALIGN_PARAGRAPH.LEFT),
        ("Page turn", 1, INK, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        style = made[name] = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _font(style, size, colour, bold=name == "Report mark")
        style.paragraph_format.alignment = align
        style.paragraph_format.space_after = Pt(1 if name.startswith("Table f") or name.endswith("text") else 0)
        style.paragraph_format.line_spacing = 1.05
    made["Table note"].paragraph_format.space_before = Pt(4)
    made["Table note"].paragraph_format.space_after = Pt(10)
    made["Report mark"].paragraph_format.space_after = Pt(8)
    link = document.styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb, link.font.underline = RGBColor(0x1A, 0x65, 0xA6), True


def _font(style, size: float, colour, *, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.color.rgb = "Arial", Pt(size), bold, colour
    fonts = style.element.rPr.rFonts
    for name in ("ascii", "hAnsi", "cs", "eastAsia"):
        fonts.set(qn(f"w:{name}"), "Arial")
    for name in ("asciiTheme", "hAnsiTheme", "cstheme", "eastAsiaTheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)


def field(paragraph, instruction: str) -> None:
    for kind, text in (("begin", ""), ("", instruction), ("separate", ""), ("text", "1"), ("end", "")):
        run = paragraph.add_run()
        if kind == "text":
            run.text = text
        elif kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        else:
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._r.append(code)


def page(document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    section.header_distance = section.footer_distance = Mm(10)
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    for paragraph in (head, foot):
        paragraph.style = document.styles["Table note"]
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(174), WD_TAB_ALIGNMENT.RIGHT)
    head.add_run("{{ report.council }}\t")
    head.add_run("{{ report.mark }}").bold = True
    foot.add_run("{{ report.title }}\tPage ")
    field(foot, "PAGE")
    foot.add_run(" of ")
    field(foot, "NUMPAGES")


def turn(document, *, from_landscape: bool) -> None:
    """Add the end of a run of pages: those before it lie upright, or sideways."""
    paragraph = document.add_paragraph(style="Page turn")
    section = copy.deepcopy(document.element.body.sectPr)
    if from_landscape:
        size, margin = section.find(qn("w:pgSz")), section.find(qn("w:pgMar"))
        size.set(qn("w:w"), str(Mm(297).twips))
        size.set(qn("w:h"), str(Mm(210).twips))
        size.set(qn("w:orient"), "landscape")
        for side in ("left", "right"):
            margin.set(qn(f"w:{side}"), str(Mm(15).twips))
    paragraph._p.get_or_add_pPr().append(section)


def cell(found, text: str, style: str, *, bold: bool = False) -> None:
    found.paragraphs[0].style = style
    found.paragraphs[0].add_run(text).bold = bold or None


def borders(table, sides: dict[str, tuple[str, str]]) -> None:
    found = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        edge = OxmlElement(f"w:{side}")
        size, colour = sides.get(side, ("0", "auto"))
        edge.set(qn("w:val"), "single" if size != "0" else "nil")
        edge.set(qn("w:sz"), size)
        edge.set(qn("w:color"), colour)
        found.append(edge)
    table._tbl.tblPr.append(found)


def row_rule(row, *, head: bool = False, total: bool = False) -> None:
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))
    if head or total:
        for found in row.cells:
            edges = OxmlElement("w:tcBorders")
            for side in ("top", "bottom") if total else ("bottom",):
                edge = OxmlElement(f"w:{side}")
                for name, value in (("val", "single"), ("sz", "12"), ("color", "0B0C0C")):
                    edge.set(qn(f"w:{name}"), value)
                edges.append(edge)
            found._tc.get_or_add_tcPr().append(edges)


def described(table, title: str, description: str) -> None:
    for name, value in (("tblCaption", title), ("tblDescription", description)):
        found = OxmlElement(f"w:{name}")
        found.set(qn("w:val"), value)
        table._tbl.tblPr.append(found)


ORDER = "tblStyle tblpPr tblOverlap tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption"


def in_order(document) -> None:
    """Put what a table has in the order that the standard asks for: Word refuses a file that has it otherwise."""
    order = [qn(f"w:{name}") for name in (*ORDER.split(), "tblDescription")]
    for table in document.tables:
        properties = table._tbl.tblPr
        for child in sorted(properties, key=lambda one: order.index(one.tag)):
            properties.append(child)


def facts(document) -> None:
    table = document.add_table(rows=3, cols=2)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    table.autofit = False
    borders(table, {side: ("4", RULE) for side in ("top", "bottom", "insideH")})
    for n, (left, right) in enumerate((("{%tr for fact in report.facts %}", ""), ("{{ fact.label }}", "{{ fact.value }}"), ("{%tr endfor %}", ""))):
        cell(table.cell(n, 0), left, "Table text", bold=True)
        cell(table.cell(n, 1), right, "Table text")
        for width, found in zip((Mm(35), Mm(139)), table.rows[n].cells, strict=True):
            found.width = width
    row_rule(table.rows[1])
    described(table, "About this report", "To whom, from whom, when, and its standing")


def grid(document) -> None:
    table = document.add_table(rows=7, cols=3)
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    borders(table, {"bottom": ("4", RULE), "insideH": ("4", RULE)})
    lines = (
        ("{%tc for head in table.head %}", "{{ head.title }}", "{%tc endfor %}"),
        ("{%tr for row in table.rows %}", "", ""),
        ("{%tc for cell in row %}", "{{r cell }}", "{%tc endfor %}"),
        ("{%tr endfor %}", "", ""),
        ("{%tr if table.total %}", "", ""),
        ("{%tc for cell in table.total %}", "{{r cell }}", "{%tc endfor %}"),
        ("{%tr endif %}", "", ""),
    )
    for n, line in enumerate(lines):
        for place, text in enumerate(line):
            cell(table.cell(n, place), text, "Table text", bold=n in (0, 5))
    row_rule(table.rows[0], head=True)
    row_rule(table.rows[2])
    row_rule(table.rows[5], total=True)
    described(table, "{{ table.title }}", "{{ table.note }}")


def body(document) -> None:
    add = document.add_paragraph
    add("{{ report.title }}", style="Title")
    add("{%p if report.mark %}")
    add("{{ report.mark }}", style="Report mark")
    add("{%p endif %}")
    facts(document)
    add("{%p for part in report.parts %}")
    _turns(document, "part")
    add("{{ part.title }}", style="Heading 1")
    add("{%p if part.exempt %}")
    add("{{ part.exempt }}", style="Report mark")
    add("{%p endif %}")
    add("{%p for block in part.blocks %}")
    _turns(document, "block")
    add("{%p if block.tag == 'text' %}")
    add("{{ block.text }}")
    add("{%p elif block.tag == 'bullets' %}")
    add("{%p for item in block.lines %}")
    add("{%p if block.numbered %}")
    add("{{ item }}", style="List Number")
    add("{%p else %}")
    add("{{ item }}", style="List Bullet")
    add("{%p endif %}")
    add("{%p endfor %}")
    add("{%p else %}")
    add("{%p if block.tag == 'picture' %}")
    add("{{ block.title }}", style="Heading 2")
    add("{{ block.finding }}")
    add("{%p if block.image %}")
    add("{{ block.image }}")
    add("{%p endif %}")
    add("{%p endif %}")
    add("{%p with table = block.table %}")
    add("{{ table.title }}", style="Caption")
    add("{%p if table.rows %}")
    grid(document)
    add("{{ table.note }}", style="Table note")
    add("{%p else %}")
    add("{{ table.empty }}")
    add("{%p endif %}")
    add("{%p endwith %}")
    add("{%p endif %}")
    add("{%p endfor %}")
    add("{%p endfor %}")


def _turns(document, of: str) -> None:
    document.add_paragraph(f"{{%p if {of}.page == 'turn' %}}")
    turn(document, from_landscape=False)
    document.add_paragraph("{%p endif %}")
    document.add_paragraph(f"{{%p if {of}.page == 'back' %}}")
    turn(document, from_landscape=True)
    document.add_paragraph("{%p endif %}")


def main(file: Path = FILE) -> None:
    document = docx.Document()
    styles(document)
    page(document)
    body(document)
    in_order(document)
    properties = document.core_properties
    properties.title, properties.author, properties.language = "{{ report.title }}", "{{ report.council }}", "en-GB"
    properties.subject, properties.comments = "{{ report.standing }}", ""
    properties.created = properties.modified = dt.datetime(2026, 1, 1)
    properties.last_modified_by = ""
    document.save(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
