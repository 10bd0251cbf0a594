"""What commands forked by `tests.warm` have imported already: the command line, all of it."""

from bus.cli import commands

commands()
