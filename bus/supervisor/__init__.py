"""`civicbus up`: every step in a process of its own, files from the inbox published, figures and health over HTTP.

The supervisor decides nothing about data. What dies is started again, later each time; what is asked to stop finishes its batch.
"""

from bus.supervisor.children import Child, Children
from bus.supervisor.http import serve
from bus.supervisor.inbox import Inbox
from bus.supervisor.measure import Gauge, Health

__all__ = ["Child", "Children", "Gauge", "Health", "Inbox", "serve"]
