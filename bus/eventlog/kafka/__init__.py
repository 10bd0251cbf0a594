"""The event log on Apache Kafka, through kafka-python 3.0.12. Only this package imports `kafka`.

What kafka-python does wrong, and what is done here about it:

- its `commit_transaction()` can report success after losing a record: `transaction.py` waits for every record's own
  answer, and only then hands in the positions and commits;
- a producer that failed carries remains into its next transaction: it is thrown away, never aborted and used again;
- a member that was expelled while it worked would commit unfenced: `reader.py` takes its membership right after the
  poll and refuses one without a generation;
- positions do not go back after a failed transaction: `rewind` reads the committed ones again;
- several of its calls can wait for ever: `lane.py` gives each a limit.
"""

from bus.eventlog.kafka.log import KafkaLog
from bus.eventlog.kafka.probe import Probed, probe

__all__ = ["KafkaLog", "Probed", "probe"]
