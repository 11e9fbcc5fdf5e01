"""The kinds of question. One kind is one module with its template beside it.

``kind: faces`` in YAML *is* ``kinds/faces.py`` with ``kinds/faces.html``, and nothing else: a module put into
this folder is a kind; taken out, it is gone.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from survey.question import Question


def _question_of(name: str) -> type[Question]:
    module = import_module(f"{__name__}.{name}")
    own = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Question) and thing.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise ImportError(f"survey/kinds/{name}.py must define exactly one kind of question, not {len(own)}")
    return own[0]


KINDS: dict[str, type[Question]] = {m.name: _question_of(m.name) for m in pkgutil.iter_modules(__path__)}
"""Name of each kind, as written in YAML -> its class."""
