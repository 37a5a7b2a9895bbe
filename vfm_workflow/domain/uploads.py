"""Which files a project may hold: known by their extension and by what they are, never by what they say they are.

A file is refused unless its kind is on the list, its bytes are of that kind from the first to the last, and, where it is
a packed document, what is inside is whole, of a bearable size and without macros.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import filetype  # type: ignore[import-untyped]  # it carries no types

from vfm_workflow.errors import BadInput

MOST_NAME = 120
MOST_FILES = 30
"""Files on one project's drafts."""
MOST_ENTRIES = 5_000
MOST_UNPACKED = 100 * 1024 * 1024
"""What a packed document may be unpacked, in bytes: more is a bomb, or no document to read."""
MOST_MARK = 256 * 1024
"""The part of a packed document that says what it is."""
CHUNK = 1 << 20

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."


class NotThat(ValueError):
    """The file is not what it must be; says why, to follow its name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: what it is served as, and how its bytes are looked through."""

    media_type: str
    check: Callable[[bytes, Kind], None]
    mark: str = ""
    """What a packed document says it is."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be kept."""

    name: str
    media_type: str


def check(name: str, data: bytes, most_bytes: int) -> Checked:
    """Return the file's cleaned name and its media type. Raises BadInput (field `file`) saying why it cannot be kept."""
    if not name.strip():
        raise BadInput({"file": "Choose a file"})
    cleaned = clean_name(name)
    extension = cleaned.rpartition(".")[2].lower()
    kind = KINDS.get(extension)
    if kind is None:
        raise BadInput({"file": f"“{cleaned}” is of no kind that is taken. Taken are: {', '.join(KINDS)}"})
    if not data:
        raise BadInput({"file": f"“{cleaned}” is empty"})
    if len(data) > most_bytes:
        raise BadInput({"file": f"“{cleaned}” must be {most_bytes // 1024 // 1024} MB or smaller"})
    try:
        kind.check(data, kind)
    except NotThat as why:
        raise BadInput({"file": f"“{cleaned}” {why}"}) from why
    return Checked(cleaned, kind.media_type)


_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)


def clean_name(name: str) -> str:
    """Return a file's name that is one on every system and shows what it is: no path, no hidden or turning characters."""
    flat = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    flat = re.split(r"[/\\]", flat)[-1]
    flat = "".join(char for char in flat if unicodedata.category(char)[0] != "C" and char not in '<>:"|?*')
    flat = " ".join(flat.split()).strip(". ")
    stem, dot, extension = flat.rpartition(".")
    if not dot:
        stem, extension = flat, ""
    stem = stem.strip(". ") or "document"
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    extension = extension[:10]
    room = MOST_NAME - len(extension) - 1
    return f"{stem[:room].rstrip('. ')}.{extension}" if extension else stem[:MOST_NAME]


def _pdf(data: bytes, kind: Kind) -> None:
    _signed(data, kind)
    if b"%%EOF" not in data[-1024:].rstrip(b"\0"):
        raise NotThat("is a PDF with something else at its end, or cut short")


def _png(data: bytes, kind: Kind) -> None:
    _signed(data, kind)
    if not data.endswith(b"IEND\xaeB`\x82"):
        raise NotThat("is a picture with something else at its end, or cut short")


def _jpeg(data: bytes, kind: Kind) -> None:
    _signed(data, kind)
    if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise NotThat("is a picture with something else at its end, or cut short")


def _signed(data: bytes, kind: Kind) -> None:
    """Raise NotThat unless the file begins as its kind does."""
    if filetype.guess_mime(data) != kind.media_type:
        raise NotThat("is not what its name says: its contents are of another kind")


def _text(data: bytes, _: Kind) -> None:
    if filetype.guess(data) is not None:
        raise NotThat("is not what its name says: its contents are no text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotThat("is no text in UTF-8. Save it as UTF-8 and add it again") from None
    if any(ord(char) < 32 and char not in "\t\n\r\f" for char in text):
        raise NotThat("has characters that no text has")


def _ooxml(data: bytes, kind: Kind) -> None:
    with _unpacked(data) as package:
        types = _mark(package, "[Content_Types].xml")
    if b"macroEnabled" in types:
        raise NotThat("has macros in it. Save it without them and add it again")
    if kind.mark.encode() not in types:
        raise NotThat("is not what its name says: it is packed as something else")


def _odf(data: bytes, kind: Kind) -> None:
    with _unpacked(data) as package:
        if package.infolist()[0].filename != "mimetype" or _mark(package, "mimetype") != kind.mark.encode():
            raise NotThat("is not what its name says: it is packed as something else")


def _mark(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as part:
            return part.read(MOST_MARK)
    except KeyError:
        raise NotThat("is not what its name says: it is packed as something else") from None


def _unpacked(data: bytes) -> zipfile.ZipFile:
    """Return the package of a document. Raises NotThat where it is broken, too large, locked, or has macros."""
    if not data.startswith(b"PK\x03\x04"):
        raise NotThat("is not what its name says: its contents are of another kind")
    if data[-22:-18] != b"PK\x05\x06":
        raise NotThat("is damaged, or has something else at its end")
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        entries = package.infolist()
        if not entries or min(entry.header_offset for entry in entries):
            raise NotThat("is not what its name says: something stands before its contents")
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
            raise NotThat("is too large when it is unpacked")
        for entry in entries:
            _refuse_entry(entry)
        _unpack(package, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise error if isinstance(error, NotThat) else NotThat("is damaged: it cannot be unpacked") from error
    return package


_MACROS = re.compile(
    r"(^|/)(vbaproject[^/]*\.bin|vbadata\.xml)$|^(basic|scripts)/|\.(exe|dll|js|vbs|ps1|bat|cmd|hta)$"
)


def _refuse_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.replace("\\", "/").lower()
    if entry.flag_bits & 0x1:
        raise NotThat("is locked with a password. Save it without one and add it again")
    if name.startswith("/") or ".." in name.split("/"):
        raise NotThat("is damaged: it would be unpacked outside its place")
    if _MACROS.search(name):
        raise NotThat("has macros in it. Save it without them and add it again")


def _unpack(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Unpack everything into nowhere, and stop where it is more than it says: the sizes in a package may lie."""
    total = 0
    for entry in entries:
        with package.open(entry) as part:
            while piece := part.read(CHUNK):
                total += len(piece)
                if total > MOST_UNPACKED:
                    raise NotThat("is too large when it is unpacked")


KINDS: Mapping[str, Kind] = {
    "pdf": Kind("application/pdf", _pdf),
    "docx": Kind(f"{_OOXML}wordprocessingml.document", _ooxml, f"{_OOXML}wordprocessingml.document.main+xml"),
    "xlsx": Kind(f"{_OOXML}spreadsheetml.sheet", _ooxml, f"{_OOXML}spreadsheetml.sheet.main+xml"),
    "pptx": Kind(
        f"{_OOXML}presentationml.presentation", _ooxml, f"{_OOXML}presentationml.presentation.main+xml"
    ),
    "odt": Kind(f"{_ODF}text", _odf, f"{_ODF}text"),
    "ods": Kind(f"{_ODF}spreadsheet", _odf, f"{_ODF}spreadsheet"),
    "odp": Kind(f"{_ODF}presentation", _odf, f"{_ODF}presentation"),
    "png": Kind("image/png", _png),
    "jpg": Kind("image/jpeg", _jpeg),
    "jpeg": Kind("image/jpeg", _jpeg),
    "csv": Kind("text/csv", _text),
    "txt": Kind("text/plain", _text),
}
"""Extension → kind. Old Office files, HTML, SVG and whatever may run are on no list."""


def size_text(size: int) -> str:
    """Return such as `312 KB` or `2.4 MB`."""
    if size < 1024:
        return f"{size} bytes"
    if size < 1024 * 1024:
        return f"{size / 1024:.0f} KB"
    return f"{size / 1024 / 1024:.1f} MB"
