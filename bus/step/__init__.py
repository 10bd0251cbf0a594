"""THE ONE LOOP of every step after publishing: read a batch → decide → commit outputs and position together.

    with a `Step` that names its group, its topics and its decision:  run(log, step, options)

What it promises, on both logs: what a step says of a record is visible exactly once; after a crash at any moment the next run goes on
as if nothing had been (nothing but the log's own positions decides where); one record that cannot be worked on never stops a
partition, and is never skipped either: it goes to the dead letter, and where that cannot be written the step stops and says so.
"""

from bus.step.loop import Options, Step, run, run_in_turn
from bus.step.memory import Memory, Partition
from bus.step.poison import Refuse
from bus.step.progress import Behind, behind
from bus.step.together import run_together
from bus.step.view import View

__all__ = ["Behind", "Memory", "Options", "Partition", "Refuse", "Step", "View", "behind", "run", "run_in_turn", "run_together"]
