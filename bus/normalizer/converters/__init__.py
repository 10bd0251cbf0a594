"""How a cell becomes a value: a flat table of named functions over `bus.standards`. A mapping's `read:` names one of them."""
