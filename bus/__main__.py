"""`python -m bus` is `civicbus`."""

from bus.cli import main

main()
