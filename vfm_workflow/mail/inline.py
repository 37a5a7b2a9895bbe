"""CSS inlined once, when a template is compiled.

Mail programs drop a <style> element, so each tag must carry its own style. Doing that per mail costs more
than the rendering, and an HTML parser tears a template apart (it moves a {% for %} between table rows out of
the table). So the template's text is left as it is: each tag in it is looked up on its own, by name and
class, and gets a style attribute. That gives what inlining the finished mail gives, as long as a rule looks
at nothing but the tag itself; `contextual` finds the rules that look further.
"""

from __future__ import annotations

import re
from functools import cached_property

import css_inline

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_TOKEN = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.S)
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.S | re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_TAG = re.compile(
    r"<!--.*?-->|<style\b.*?</style>|<(?P<name>[a-z][a-z0-9]*)(?P<rest>(?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>",
    re.S | re.I,
)
_CLASS = re.compile(r"\sclass\s*=\s*([\"'])(.*?)\1", re.S | re.I)
_OWN = re.compile(r"\sstyle\s*=\s*([\"'])(.*?)\1", re.S | re.I)
_SIMPLE = re.compile(r"[a-z][a-z0-9]*(\.[\w-]+)*|(\.[\w-]+)+")
_HEAD = frozenset({"html", "head", "meta", "title", "link", "base", "script", "style"})
_VOID = frozenset({"br", "hr", "img", "input", "col", "wbr"})
_AROUND = {
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption", "colgroup"), ("<table>", "</table>")),
    "tr": ("<table><tbody>", "</tbody></table>"),
    "td": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "th": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "col": ("<table><colgroup>", "</colgroup></table>"),
}

Look = tuple[str, str, str]
"""What a tag's style depends on: its name, its classes, its own style."""


def stylesheet(frame: str) -> str:
    """Return the CSS in the first <style> element of the frame's source, or the empty string."""
    found = _STYLE.search(frame)
    return found[2] if found else ""


def contextual(css: str) -> list[tuple[str, int]]:
    """Return (selector, line of the CSS) for each rule outside @media that looks beyond a tag and its class.

    A template is styled file by file, so `.card p` could not see a card that another file opens.
    """
    blank = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), _hide(css, [], "c"))
    wrong: list[tuple[str, int]] = []
    depth, start, line = 0, 0, 1
    for place, letter in enumerate(blank):
        if letter == "{":
            if depth == 0 and not blank[start:place].strip().startswith("@"):
                names = [name.strip() for name in blank[start:place].split(",")]
                wrong += [(name, line) for name in names if not _SIMPLE.fullmatch(name)]
            depth += 1
        elif letter == "}":
            depth -= 1
        line += letter == "\n"
        if depth == 0 and letter in "};":
            start = place + 1
    return wrong


def changing_classes(source: str) -> list[int]:
    """Return the line of each class that a template computes: no style can be found for it beforehand."""
    tokens: list[str] = []
    hidden = _hide(source, tokens, "t")
    lines = []
    for tag in _TAG.finditer(hidden):
        found = _CLASS.search(tag["rest"] or "")
        if found and re.search(r"vfmt\d+q", found[2]):
            before = _show(hidden[: tag.start()], tokens, "t")
            lines.append(before.count("\n") + 1)
    return lines


class Stylesheet:
    """The frame's rules, ready to be written into the tags of any template."""

    def __init__(self, css: str) -> None:
        self._tokens: list[str] = []
        self._css = _hide(css, self._tokens, "c")
        self._known: dict[Look, str] = {}

    def inline(self, source: str) -> str:
        """Return the template's source with a style attribute on each tag that a rule applies to.

        A <style> element keeps its @media rules alone. Nothing moves to another line.
        """
        tokens: list[str] = []
        hidden = _hide(source, tokens, "t")
        self._learn({_look(tag) for tag in _TAG.finditer(hidden) if _styled(tag)})
        done = _TAG.sub(self._write, _STYLE.sub(self._at_rules_only, hidden))
        return _show(_show(done, self._tokens, "c"), tokens, "t")

    def _write(self, tag: re.Match[str]) -> str:
        style = self._known[_look(tag)] if _styled(tag) else ""
        if not style:
            return tag[0]
        rest = _OWN.sub("", tag["rest"])
        slash = "/" if rest.endswith("/") else ""
        return f'<{tag["name"]}{rest.removesuffix("/").rstrip()} style="{style}"{slash}>'

    def _at_rules_only(self, style: re.Match[str]) -> str:
        missing = max(style[0].count("\n") - self._at_rules.count("\n"), 0)
        same_lines = "{#" + "\n" * missing + "#}"
        return f"{style[1]}{same_lines}{self._at_rules}{style[3]}"

    @cached_property
    def _at_rules(self) -> str:
        kept = stylesheet(
            _INLINER.inline(f"<html><head><style>{self._css}</style></head><body></body></html>")
        )
        return kept.strip()

    def _learn(self, looks: set[Look]) -> None:
        """Ask css_inline, once, how each tag not met before is styled."""
        new = sorted(looks - self._known.keys())
        if not new:
            return
        body = "".join(_probe(number, look) for number, look in enumerate(new) if look[0] != "body")
        opened = next(
            (_opening(number, look) for number, look in enumerate(new) if look[0] == "body"), "<body>"
        )
        page = f"<html><head><style>{self._css}</style></head>{opened}{body}</body></html>"
        found = {}
        for tag in _TAG.finditer(_INLINER.inline(page)):
            number, own = re.search(r'data-vfm="(\d+)"', tag[0]), _OWN.search(tag[0])
            if number and own:
                found[int(number[1])] = own[2]
        self._known.update({look: found.get(place, "") for place, look in enumerate(new)})


def _hide(text: str, tokens: list[str], kind: str) -> str:
    """Return the text with each Jinja token as one word, which neither HTML nor CSS takes apart."""

    def word(found: re.Match[str]) -> str:
        tokens.append(found[0])
        return f"vfm{kind}{len(tokens) - 1}q"

    return _TOKEN.sub(word, text)


def _show(text: str, tokens: list[str], kind: str) -> str:
    return re.sub(rf"vfm{kind}(\d+)q", lambda found: tokens[int(found[1])], text)


def _styled(tag: re.Match[str]) -> bool:
    return tag["name"] is not None and tag["name"].lower() not in _HEAD


def _look(tag: re.Match[str]) -> Look:
    classes, own = _CLASS.search(tag["rest"] or ""), _OWN.search(tag["rest"] or "")
    return (tag["name"] or "").lower(), classes[2] if classes else "", own[2] if own else ""


def _opening(number: int, look: Look) -> str:
    name, classes, own = look
    quoted = own.replace('"', "&quot;")
    return f'<{name} class="{classes}" style="{quoted}" data-vfm="{number}">'


def _probe(number: int, look: Look) -> str:
    before, after = _AROUND.get(look[0], ("", ""))
    end = "" if look[0] in _VOID else f"</{look[0]}>"
    return f"{before}{_opening(number, look)}{end}{after}"
