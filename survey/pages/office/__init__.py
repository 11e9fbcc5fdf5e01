"""The office: the pages of people who run a study. Every module here puts its routes on the blueprint."""

from importlib import import_module
from pkgutil import iter_modules

from survey.pages.office.blueprint import office

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["office"]
