"""Which values a template asks for, read without running it: a branch no sample takes is checked too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from jinja2 import meta, nodes


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value the template asks for and never gets."""

    name: str
    """As it stands in the template, such as `project.refernce`."""
    line: int
    accepted: tuple[str, ...]
    """The last part could have been one of these."""


def unknown(tree: nodes.Template, sample: Mapping[str, Any]) -> list[Unknown]:
    """Return each name, and each attribute of a name, that `sample` has not, once per line, in order.

    Followed are `a.b`, `a["b"]`, `a[0]` and the variable of a loop over a list of the sample. What a template
    sets or passes on itself is left to the dry run.
    """
    made = set(_made(tree))
    found: dict[tuple[str, int], Unknown] = {}
    for name in sorted(meta.find_undeclared_variables(tree) - made - sample.keys()):
        for node in tree.find_all(nodes.Name):
            if node.name == name and node.ctx == "load":
                found[name, node.lineno] = Unknown(name, node.lineno, tuple(sorted(sample)))
    for wrong in _walk(tree, {name: value for name, value in sample.items() if name not in made}):
        found.setdefault((wrong.name, wrong.line), wrong)
    return sorted(found.values(), key=lambda wrong: (wrong.line, wrong.name))


def _made(tree: nodes.Template) -> Iterator[str]:
    """Yield the names that a template imports, sets or defines at its top, which its blocks see too."""
    for node in tree.body:
        if isinstance(node, nodes.FromImport):
            yield from (name if isinstance(name, str) else name[1] for name in node.names)
        elif isinstance(node, nodes.Import):
            yield node.target
        elif isinstance(node, nodes.Macro):
            yield node.name
        elif isinstance(node, nodes.Assign):
            yield from (name.name for name in node.find_all(nodes.Name) if name.ctx == "store")


def _walk(node: nodes.Node, known: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield the attributes that cannot be; `known` maps each name in scope to its sample."""
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        yield from _attribute(node, known)
    inner = dict(known)
    for name in _set_by(node):
        inner.pop(name, None)
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        rows = _value(node.iter, known)
        if isinstance(rows, list | tuple) and rows:
            inner[node.target.name] = rows[0]
    for child in node.iter_child_nodes():
        yield from _walk(child, inner)


def _set_by(node: nodes.Node) -> Iterator[str]:
    """Yield the names that a node gives a value of its own."""
    targets = [getattr(node, "target", None)] if isinstance(node, nodes.For | nodes.Assign) else []
    if isinstance(node, nodes.Macro | nodes.CallBlock):
        targets += node.args
    if isinstance(node, nodes.Template | nodes.Block):
        targets += [each.target for each in node.find_all(nodes.Assign)]
    for target in targets:
        if target is not None:
            yield from (
                name.name for name in [target, *target.find_all(nodes.Name)] if isinstance(name, nodes.Name)
            )


class _Missing:
    """Stands for a value that cannot be told from the sample."""


def _attribute(node: nodes.Getattr | nodes.Getitem, known: Mapping[str, Any]) -> Iterator[Unknown]:
    owner, key = _value(node.node, known), _key(node)
    names = _names(owner)
    if isinstance(key, str) and names and key not in names:
        yield Unknown(f"{_written(node.node)}.{key}", node.lineno, names)


def _value(node: nodes.Node, known: Mapping[str, Any]) -> Any:
    """Return the sample's value of an expression, or `_Missing` where it cannot be told."""
    if isinstance(node, nodes.Name):
        return known.get(node.name, _Missing)
    if not isinstance(node, nodes.Getattr | nodes.Getitem):
        return _Missing
    owner, key = _value(node.node, known), _key(node)
    if isinstance(owner, list | tuple) and isinstance(key, int):
        return owner[0] if owner else _Missing
    if isinstance(owner, Mapping) and isinstance(key, str):
        return owner.get(key, _Missing)
    return getattr(owner, key, _Missing) if isinstance(key, str) and _names(owner) else _Missing


def _key(node: nodes.Getattr | nodes.Getitem) -> str | int | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    value = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return value if isinstance(value, str | int) else None


def _names(owner: Any) -> tuple[str, ...]:
    """Return what a value has that a template may ask for, or nothing where that is anybody's guess."""
    if isinstance(owner, Mapping):
        return tuple(sorted(owner))
    if is_dataclass(owner) and not isinstance(owner, type):
        return tuple(field.name for field in fields(owner))
    return ()


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return f"{_written(node.node)}[{node.arg.value!r}]"
    return "…"
