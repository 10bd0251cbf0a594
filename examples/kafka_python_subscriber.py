"""Follows an agreement with kafka-python: first the state, then every change, into a table of SQLite that stands for yours.

    pip install kafka-python fastavro
    civicbus schema export exported            # the contracts, in the place of a registry; again when the agreement has a new version
    python kafka_python_subscriber.py HOST:PORT share.my-agreement exported state.db [--settings client.properties] [--until-idle 10]

The position stands in the same database as the work and moves in the same transaction, so each event has its effect once, however often
this program is killed. It takes all partitions itself and needs no consumer group.
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
from kafka import KafkaConsumer, TopicPartition

TABLES = """
CREATE TABLE IF NOT EXISTS current (subject TEXT PRIMARY KEY, event_id TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wrong (event_id TEXT PRIMARY KEY, corrected_by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS position (topic TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, part));
"""
HEAD = ("subject", "operation", "event_id", "corrects", "disputed")
NAMES = {  # as Kafka calls them, and as kafka-python does
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.ca.location": "ssl_cafile",
}


def main() -> None:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("bootstrap")
    said.add_argument("topic")
    said.add_argument("schemas", type=Path)
    said.add_argument("database")
    said.add_argument("--settings", type=Path, help=f"a properties file with any of {', '.join(NAMES)}")
    said.add_argument("--until-idle", type=float, metavar="SECONDS", help="stop when nothing came for so long; default: go on")
    said = said.parse_args()
    schemas = {int(file.stem): fastavro.parse_schema(json.loads(file.read_text("utf-8"))) for file in said.schemas.glob("[0-9]*.avsc")}
    db = sqlite3.connect(said.database, isolation_level=None)
    db.executescript(TABLES)
    consumer = KafkaConsumer(
        bootstrap_servers=said.bootstrap,
        group_id=None,
        enable_auto_commit=False,  # the position is kept in the database
        auto_offset_reset="earliest",  # also where the log has let go of what we stood at: then the state is read anew
        isolation_level="read_committed",  # never what a step took back
        **(properties(said.settings) if said.settings else {}),
    )
    places = [TopicPartition(said.topic, part) for part in consumer.partitions_for_topic(said.topic) or sys.exit("No such topic.")]
    consumer.assign(places)
    stands = dict(db.execute("SELECT part, next FROM position WHERE topic = ?", (said.topic,)))
    for place in places:
        if place.partition in stands:
            consumer.seek(place, stands[place.partition])
        else:
            consumer.seek_to_beginning(place)
    heard = time.monotonic()
    try:
        while said.until_idle is None or time.monotonic() - heard < said.until_idle:
            polled = consumer.poll(timeout_ms=1000, max_records=500)
            if not polled:
                continue
            heard = time.monotonic()
            db.execute("BEGIN IMMEDIATE")  # what is done and where we stand: both or neither
            for place, messages in polled.items():
                for message in messages:
                    done(db, schemas, message.key, message.value)
                db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, ?)", (place.topic, place.partition, messages[-1].offset + 1))
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
    return {NAMES[name]: value for name, value in (line.split("=", 1) for line in lines if line and not line.startswith("#"))}


if __name__ == "__main__":
    main()
