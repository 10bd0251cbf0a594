"""civicbus: a data-sharing bus for the departments of a city. The commands are in `bus.cli`; the layers in ARCHITECTURE.md.

from bus import subscribe

for event in subscribe("civil-housing-of-families"):
    ...
"""

from bus.subscription import subscribe

__all__ = ["subscribe"]
