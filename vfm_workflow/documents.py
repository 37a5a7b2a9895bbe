"""YAML and TOML that a council writes, read so that every error can name file, line and remedy."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from vfm_workflow.errors import ConfigError, Problem

Path = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """Base of every document model: immutable, and an unknown key is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Document:
    """Parsed text with the line on which each key stands."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int | None:
        """Return the 1-based line of `path`, or of the nearest parent that has one."""
        for length in range(len(path), -1, -1):
            if (found := self.lines.get(tuple(path[:length]))) is not None:
                return found
        return None

    def problem(self, path: Sequence[str | int], what: str, remedy: str) -> Problem:
        """Return a Problem that stands on the line of `path`."""
        return Problem(self.file, self.line(*path), what, remedy)


class _Loader(yaml.SafeLoader):
    """Reads YAML that says everything once and in full, and can tell the line of whatever it cannot read."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse `*name`: a text of ten lines could otherwise say a thing a billion times."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
            said = f"`*{event.anchor}` repeats another part"
            raise yaml.composer.ComposerError(None, None, said, event.start_mark)
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Say where the value stands that is none, such as the 30th of February."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            said = f"“{getattr(node, 'value', '')}” cannot be read, {error}"
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark) from error


def parse_yaml(text: str, file: str) -> Document:
    """Return the document in `text`. Raises ConfigError where it is no YAML or says a key twice."""
    try:
        node, loader = _compose(text)
        lines: dict[Path, int] = {}
        if node is not None and (twice := list(_index(node, (), lines))):
            raise ConfigError(
                [Problem(file, line, f"`{key}` is there twice.", "Remove one.") for key, line in twice]
            )
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        what = f"this is not valid YAML: {error.problem or 'it cannot be read'}."
        remedy = "Check indentation, colons and quotes there."
        raise ConfigError([Problem(file, line, what, remedy)]) from error
    except yaml.YAMLError as error:
        what = f"this is not valid YAML: {error}."
        raise ConfigError([Problem(file, None, what, "Save it as plain text.")]) from error
    except RecursionError as error:
        what = "this is not valid YAML: it is nested too deeply."
        raise ConfigError([Problem(file, None, what, "Check brackets and indentation.")]) from error
    if node is None:
        raise ConfigError([Problem(file, None, "the file is empty.", "Run `vfm init` for a fresh copy.")])
    return Document(file, data, lines)


def _compose(text: str) -> tuple[yaml.Node | None, Any]:
    """Return the text's root node and what makes data of it.

    libyaml reads what is right ten times faster; what it refuses is read again by the parser with the better words.
    """
    try:
        if "*" not in text or not _has_alias(text):
            quick = yaml.CSafeLoader(text)
            node: yaml.Node | None = quick.get_single_node()
            return node, _Loader("")
    except (AttributeError, yaml.YAMLError):  # no libyaml here, or nothing it can read
        pass
    slow = _Loader(text)
    return slow.get_single_node(), slow


def _has_alias(text: str) -> bool:
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.CSafeLoader))


def _index(node: yaml.Node, path: Path, lines: dict[Path, int]) -> Iterator[tuple[str, int]]:
    """Fill `lines`; yield (key, line) for every key that a mapping says twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                yield name, line
            seen.add(name)
            lines[(*path, name)] = line
            yield from _index(value, (*path, name), lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _index(item, (*path, number), lines)


def parse_toml(text: str, file: str) -> Document:
    """Return the document in `text`, with the lines of its top-level keys. Raises ConfigError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = [int(word.rstrip(",)")) for word in str(error).split() if word.rstrip(",)").isdigit()]
        line = found[0] if found else None
        what = f"this is not valid TOML: {error}."
        raise ConfigError([Problem(file, line, what, 'Write each setting as name = "value".')]) from error
    lines: dict[Path, int] = {}
    for number, row in enumerate(text.splitlines(), 1):
        name = row.split("=", 1)[0].strip(" []\t")
        if ("=" in row or row.startswith("[")) and name and not name.startswith("#"):
            lines.setdefault((name.partition(".")[0],), number)
    return Document(file, data, lines)


def validate(model: type[M], document: Document) -> M:
    """Return `document` as a `model`. Raises ConfigError that lists every problem with its line."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError([_problem(document, model, item) for item in error.errors()]) from error


def _problem(document: Document, model: type[BaseModel], item: Any) -> Problem:
    where: Path = tuple(item["loc"])
    name = ".".join(str(part) for part in where) or "the document"
    if item["type"] == "extra_forbidden":
        accepted = _accepted(model, where[:-1])
        return document.problem(where, f"`{name}` is not known here.", suggestion(str(where[-1]), accepted))
    if item["type"] == "missing":
        return document.problem(where[:-1], f"`{name}` is missing.", f"Add `{where[-1]}:`.")
    got = item.get("input")
    shown = f" (it says {got!r})" if isinstance(got, str | int | float | bool) else ""
    return document.problem(where, f"`{name}` cannot be used{shown}:", f"{item['msg']}.")


def _accepted(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that the model at `path` takes, as far as its annotations tell."""
    current: Any = model
    for part in path:
        fields = getattr(current, "model_fields", None)
        if fields is None:
            return []
        by_name = {(info.alias or name): info for name, info in fields.items()}
        if isinstance(part, str) and part in by_name:
            current = _inner(by_name[part].annotation)
    fields = getattr(current, "model_fields", {})
    return [info.alias or name for name, info in fields.items()]


def _inner(annotation: Any) -> Any:
    """Return the model inside `dict[str, Model]`, `list[Model]` or `Model | None`."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _inner(argument)
        if found is not None:
            return found
    return None


def suggestion(wrong: str, accepted: Sequence[str]) -> str:
    """Return the remedy for an unknown name: the nearest accepted one, or the list."""
    near = difflib.get_close_matches(wrong, accepted, n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Use one of: {', '.join(accepted)}." if accepted else "Remove it."
