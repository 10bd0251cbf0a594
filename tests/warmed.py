"""What commands forked by `tests.warm` have imported already: all of civicbus, also what a command imports only once it needs it."""

import gc
import importlib
import pkgutil

import bus
import connectors

for package in (bus, connectors):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
gc.freeze()  # a command need not look through, and so copy, what all of them share
