"""Small files of the kinds a project takes, made here."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x11" * 64 + b"\xff\xd9"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0")
    + _chunk(b"IDAT", zlib.compress(b"\0\0"))
    + _chunk(b"IEND", b"")
)


def zipped(entries: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    """Return a package with these entries, in their order."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as package:
        for name, text in entries.items():
            package.writestr(name, text)
    return data.getvalue()


def ooxml(kind: str, main: str, more: Mapping[str, bytes] | None = None, *, stored: bool = False) -> bytes:
    """Return an Office document; `kind` is such as `wordprocessingml.document`."""
    mark = f'<Override ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
    entries = {"[Content_Types].xml": mark.encode(), main: b"<x/>", **(more or {})}
    return zipped(entries, stored=stored)


def odt(kind: str, more: Mapping[str, bytes] | None = None) -> bytes:
    """Return an OpenDocument file; `kind` is such as `text`."""
    entries = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
        "content.xml": b"<x/>",
        **(more or {}),
    }
    return zipped(entries)
