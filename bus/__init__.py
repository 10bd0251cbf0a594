"""civicbus: a data-sharing bus for the departments of a city. The commands are in `bus.cli`; the layers in ARCHITECTURE.md."""
