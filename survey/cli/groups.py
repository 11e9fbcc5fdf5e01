"""Groups of commands in which one need not be named: `survey link STUDY …` is `survey link open STUDY …`."""

from __future__ import annotations

import click


class _WithUsual(click.Group):
    usual: str = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the usual command's name in front where no command of the group is named."""
        named = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if named else [self.usual, *args])


def usually(command: str) -> type[click.Group]:
    """Return a kind of group in which `command` is meant when none is named."""
    return type("Usually", (_WithUsual,), {"usual": command})
