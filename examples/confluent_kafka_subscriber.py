"""Follows an agreement with confluent-kafka: first the state, then every change, into a table of SQLite that stands for yours.

    pip install confluent-kafka fastavro
    civicbus schema export exported            # the contracts, in the place of a registry; again when the agreement has a new version
    python confluent_kafka_subscriber.py HOST:PORT share.my-agreement exported state.db [--settings client.properties] [--until-idle 10]

The position stands in the same database as the work and moves in the same transaction, so each event has its effect once, however often
this program is killed. Several of them share the partitions of the topic; each seeks to where the *table* is, not where the group was.
"""

import argparse
import io
import json
import sqlite3
import struct
import sys
import time
from pathlib import Path

import fastavro
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException

TABLES = """
CREATE TABLE IF NOT EXISTS current (subject TEXT PRIMARY KEY, event_id TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wrong (event_id TEXT PRIMARY KEY, corrected_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS position (topic TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, part));
"""
HEAD = ("subject", "operation", "event_id", "corrects", "disputed")


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("bootstrap")
    said.add_argument("topic")
    said.add_argument("schemas", type=Path)
    said.add_argument("database")
    said.add_argument("--group", default="my-service")
    said.add_argument("--settings", type=Path, help="a properties file: security.protocol, sasl.username, ssl.ca.location …")
    said.add_argument("--until-idle", type=float, metavar="SECONDS", help="stop when nothing came for so long; default: go on")
    said = said.parse_args()
    schemas = {int(file.stem): fastavro.parse_schema(json.loads(file.read_text("utf-8"))) for file in said.schemas.glob("[0-9]*.avsc")}
    db = sqlite3.connect(said.database, isolation_level=None)
    db.executescript(TABLES)
    consumer = Consumer(
        {
            "bootstrap.servers": said.bootstrap,
            "group.id": said.group,
            "enable.auto.commit": False,  # the position is kept in the database
            "auto.offset.reset": "earliest",  # also where the log has let go of what we stood at: then the state is read anew
            "isolation.level": "read_committed",  # never what a step took back
            **(properties(said.settings) if said.settings else {}),
        }
    )

    def assigned(consumer: Consumer, places: list) -> None:
        for place in places:
            row = db.execute("SELECT next FROM position WHERE topic = ? AND part = ?", (place.topic, place.partition)).fetchone()
            place.offset = row[0] if row else OFFSET_BEGINNING
        consumer.assign(places)

    consumer.subscribe([said.topic], on_assign=assigned)
    heard = time.monotonic()
    try:
        while said.until_idle is None or time.monotonic() - heard < said.until_idle:
            messages = consumer.consume(500, 1.0)
            if not messages:
                continue
            heard = time.monotonic()
            db.execute("BEGIN IMMEDIATE")  # what is done and where we stand: both or neither
            for message in messages:
                if message.error():
                    raise KafkaException(message.error())
                done(db, schemas, message.key(), message.value())
                position = (message.topic(), message.partition(), message.offset() + 1)
                db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", position)
            db.execute("COMMIT")
    finally:
        consumer.close()


def done(db: sqlite3.Connection, schemas: dict, key: bytes, value: bytes | None) -> None:
    """Do one event."""
    if value is None:  # a tombstone: the subject was taken out altogether (erasure), without a word more
        db.execute("DELETE FROM current WHERE subject = ?", (key.decode(),))
        return
    event = decoded(schemas, value)
    for wrong in event["corrects"]:  # we were told something wrong before: whoever acted on it has to look again
        db.execute("INSERT OR REPLACE INTO wrong VALUES (?, ?)", (wrong, event["event_id"]))
    if event["operation"] == "ended":  # no longer within the agreement: what we hold of it has to go
        db.execute("DELETE FROM current WHERE subject = ?", (event["subject"],))
        return
    fields = {name: each for name, each in event.items() if name not in HEAD}  # created, changed, corrected: all that holds now
    row = (event["subject"], event["event_id"], json.dumps(fields, ensure_ascii=False))
    db.execute("INSERT OR REPLACE INTO current VALUES (?, ?, ?)", row)


def decoded(schemas: dict, value: bytes) -> dict:
    """Confluent wire format: a byte 0, the schema id in four bytes, the Avro body."""
    magic, number = struct.unpack(">bI", value[:5])
    if magic != 0 or number not in schemas:
        sys.exit(f"No schema has the id {number}: run `civicbus schema export` again.")
    return fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[number])


def properties(file: Path) -> dict:
    """NAME=VALUE lines."""
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    main()
