"""YAML as this repository's own files have it: mappings, layouts, rules, code lists. Read by libyaml where PyYAML was built with it, which
takes a tenth of the time: every command reads some dozens of files. The values are the same either way, and the kinds of errors."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parsed(text: str) -> Any:
    """What the text says, in plain values. Raises `yaml.YAMLError`."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 (the safe loader, in either form)
