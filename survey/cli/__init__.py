"""The command line: what a script needs of Chorus. Every module here adds its commands to `survey`."""

from importlib import import_module
from pkgutil import iter_modules

from survey.cli.main import main

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["main"]
