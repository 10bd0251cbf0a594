"""A worker in a process of its own: copies topic `in` to topic `out` of a namespace, until it is killed.

    python -m tests.faults.kafka_worker BOOTSTRAP NAMESPACE

It says `N` for each batch of N that it committed. Like a real step it ends (status 4) when something is wrong that the
reader cannot mend by going back, and leaves it to whoever started it to start it again.
"""

from __future__ import annotations

import sys

from bus.errors import BusError, Fenced
from bus.event import Output
from bus.eventlog.kafka import KafkaLog

SETTINGS = {
    "session.timeout.ms": "4000",
    "request.timeout.ms": "3000",
    "delivery.timeout.ms": "5000",
    "transaction.timeout.ms": "7000",
}


def main(bootstrap: str, namespace: str) -> int:
    try:
        with KafkaLog(bootstrap, namespace, SETTINGS).reader("copy", ["in"]) as reader:
            while True:
                try:
                    batches = reader.poll(50, 0.5)
                    reader.commit([Output("out", record) for batch in batches for record in batch.records])
                    sys.stdout.write(f"{sum(len(batch.records) for batch in batches)}\n")
                    sys.stdout.flush()
                except Fenced:
                    reader.rewind()
    except BusError as error:
        sys.stderr.write(f"{error.code} {error}\n")
        return 4


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
