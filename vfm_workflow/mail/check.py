"""`vfm check` for the notifications: each template is read, looked through and filled in with a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, nodes

from vfm_workflow.documents import suggestion
from vfm_workflow.domain.notices import FILES, FRAGMENT, Catalogue, Notice, context_key
from vfm_workflow.errors import ConfigError, Problem
from vfm_workflow.mail.inline import changing_classes, contextual, stylesheet
from vfm_workflow.mail.loader import FRAME
from vfm_workflow.mail.names import unknown
from vfm_workflow.mail.render import SHARED, Group, Renderer, explain
from vfm_workflow.mail.samples import COUNCIL, DAY, SAMPLES, TASKS_URL

FRAME_FILES = (
    "_frame/base.html",
    "_frame/base.txt",
    "_frame/digest.html",
    "_frame/digest.txt",
    "_frame/subject.txt",
    *(f"{SHARED}/{name}" for name in FILES),
)


def check(search_path: Sequence[Path], catalogue: Catalogue) -> list[Problem]:
    """Return what is wrong with the templates on `search_path` (the council's folder first).

    Each notice has its three files and no other; each compiles, uses only values it is given, and can be
    filled in with the sample of its kind. A folder that the catalogue does not name is a problem too.
    """
    return _Check(search_path, catalogue).run()


class _Check:
    def __init__(self, search_path: Sequence[Path], catalogue: Catalogue) -> None:
        self._path = tuple(search_path)
        self._catalogue = catalogue
        self._renderer = Renderer(search_path, catalogue, COUNCIL)
        self._environment = self._renderer.environment

    def run(self) -> list[Problem]:
        found = [*self._strays(), *self._frame()]
        for key, notice in self._catalogue.notices.items():
            here = [
                problem
                for name in FILES
                for problem in self._template(self._renderer.template(key, name), self._sample(key, notice))
            ]
            found += here or self._dry_run(key, notice)
        return list(dict.fromkeys(found))

    def _sample(self, key: str, notice: Notice) -> dict[str, Any]:
        sample = SAMPLES[context_key(key, notice)]
        if notice.deliver == "at_once":
            return {**sample, "why": notice.why, "council": COUNCIL}
        values = {"items": [sample], "total": 1, "council": COUNCIL}
        return {name: values[name] for name in FRAGMENT}

    def _template(self, name: str, sample: Mapping[str, Any]) -> Iterator[Problem]:
        tree_or_problem = self._parse(name)
        if isinstance(tree_or_problem, Problem):
            yield tree_or_problem
            return
        file, tree = tree_or_problem
        for wrong in unknown(tree, sample):
            remedy = suggestion(wrong.name.rpartition(".")[2], wrong.accepted)
            yield Problem(file, wrong.line, f"`{wrong.name}` is not a value this template is given.", remedy)
        yield from self._references(file, tree)
        if name.endswith(".html"):
            yield from self._styles(file)

    def _references(self, file: str, tree: nodes.Template) -> Iterator[Problem]:
        """Yield each template that is extended, included or imported by name and is not there."""
        for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            named = getattr(node, "template", None)
            other = named.value if isinstance(named, nodes.Const) else None
            if isinstance(other, str) and not any((folder / other).is_file() for folder in self._path):
                remedy = "Write it, or take ours with `vfm init`."
                yield Problem(file, node.lineno, f"the template {other} is missing.", remedy)

    def _parse(self, name: str) -> tuple[str, nodes.Template] | Problem:
        loader = self._environment.loader
        if loader is None:
            raise ValueError("the environment has no loader")
        try:
            source, file, _ = loader.get_source(self._environment, name)
            self._environment.get_template(name)
            return file or name, self._environment.parse(source, name, file)
        except TemplateNotFound as error:
            what = f"the template {error.name} is missing."
            return Problem(self._shown(name), None, what, "Write it, or take ours with `vfm init`.")
        except TemplateSyntaxError as error:
            return explain(error, name, ())
        except UnicodeDecodeError as error:
            what = f"the file is not text in UTF-8 (byte {error.start})."
            return Problem(self._shown(name), None, what, "Save it as UTF-8.")
        except TemplateError as error:
            return explain(error, name, [str(folder) for folder in self._path])

    def _styles(self, file: str) -> Iterator[Problem]:
        source = Path(file).read_text(encoding="utf-8")
        for line in changing_classes(source):
            what = "a class that the template computes gets no style, since styles are written in beforehand."
            yield Problem(
                file, line, what, "Put the whole tag, with its class, into each branch of the {% if %}."
            )
        if file.endswith(FRAME):
            css = stylesheet(source)
            before = source[: source.find(css)].count("\n") if css else 0
            for selector, line in contextual(css):
                what = f"the rule for `{selector}` looks at more than a tag and its classes."
                remedy = "Give the tag a class of its own and write the rule for that."
                yield Problem(file, before + line, what, remedy)

    def _frame(self) -> Iterator[Problem]:
        for name in FRAME_FILES:
            found = self._parse(name)
            if isinstance(found, Problem):
                yield found
            elif name.endswith(".html"):
                yield from self._styles(found[0])

    def _dry_run(self, key: str, notice: Notice) -> list[Problem]:
        sample = SAMPLES[context_key(key, notice)]
        try:
            if notice.deliver == "at_once":
                self._renderer.render(key, sample)
            else:
                self._renderer.digest("Head of Planning", [Group(key, [sample, sample])], TASKS_URL, DAY)
        except ConfigError as error:
            return list(error.problems)
        return []

    def _strays(self) -> Iterator[Problem]:
        """Yield what stands in the folder being written (the first) and is never used."""
        for folder in sorted(self._path[0].iterdir()) if self._path and self._path[0].is_dir() else ():
            if not folder.is_dir() or folder.name.startswith((".", "_")):
                continue
            if folder.name not in self._catalogue.notices:
                what = f"no notice in notices.yaml is called `{folder.name}`."
                yield Problem(str(folder), None, what, suggestion(folder.name, list(self._catalogue.notices)))
                continue
            for file in sorted(folder.iterdir()):
                if file.name not in FILES and not file.name.startswith("."):
                    what = f"a notice has no file called `{file.name}`."
                    yield Problem(str(file), None, what, suggestion(file.name, FILES))

    def _shown(self, name: str) -> str:
        """Return where a template would stand: in the council's folder if there is one."""
        return str(self._path[0] / name) if self._path else name
