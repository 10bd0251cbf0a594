"""A scripted Kafka endpoint: one broker, one topic with one partition, answering a transactional producer as told.

It is the only way to have a given answer at a given step, and to see what a client really put on the wire. It speaks
through kafka-python's own protocol classes. `script[api]` are error codes, one an answer; afterwards all is well.
"""

from __future__ import annotations

import socketserver
import struct
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from kafka.protocol import metadata, producer

TOPIC = "canonical.test"
_VERSIONS = {0: 8, 3: 7, 10: 3, 18: 4, 22: 4, 24: 3, 25: 3, 26: 3, 28: 3, 29: 3}  # as a Kafka 3.3 offers them, where it matters
NOT_ENOUGH_REPLICAS, ILLEGAL_GENERATION, OUT_OF_ORDER_SEQUENCE, PRODUCER_FENCED = 19, 22, 45, 90
MESSAGE_TOO_LARGE, INVALID_PRODUCER_EPOCH = 10, 47


class Seen(NamedTuple):
    """A request as it came in."""

    api: str
    request: Any


class FakeBroker:
    """`with FakeBroker() as broker:` listens at `broker.address`; `broker.seen` is what came in, in order."""

    def __init__(self) -> None:
        self.script: dict[str, list[int]] = defaultdict(list)
        self.seen: list[Seen] = []
        self.epoch = 0
        broker = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                while (frame := broker.receive(self.request)) is not None:
                    self.request.sendall(broker.answer(frame))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeBroker:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def requests(self, api: str) -> list[Any]:
        """The requests of one kind, in order."""
        return [each.request for each in self.seen if each.api == api]

    def committed(self) -> bool:
        """Was a transaction committed on the wire?"""
        return any(request.committed for request in self.requests("EndTxn"))

    def positions(self) -> list[dict[int, int]]:
        """Partition → offset of each TxnOffsetCommit, in order."""
        return [
            {each.partition_index: each.committed_offset for topic in request.topics for each in topic.partitions}
            for request in self.requests("TxnOffsetCommit")
        ]

    @staticmethod
    def receive(link: Any) -> bytes | None:
        """The next frame, None when the client is gone."""
        parts = b""
        want = 4
        while len(parts) < want:
            try:
                part = link.recv(want - len(parts))
            except OSError:
                return None
            if not part:
                return None
            parts += part
            if len(parts) == 4 and want == 4:
                want = 4 + struct.unpack(">i", parts)[0]
        return parts[4:]

    def answer(self, frame: bytes) -> bytes:
        """The framed answer to a request."""
        key, version, correlation = struct.unpack_from(">hhi", frame)
        api = _APIS[key]
        request = api.request.decode(frame, version=version, header=True)
        self.seen.append(Seen(api.name, request))
        script = self.script[api.name]
        response = api.answer(self, request, script.pop(0) if script else 0, version)
        response.with_header(correlation_id=correlation)
        encoded: bytes = response.encode(framed=True, header=True)
        return encoded

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])


class _Api(NamedTuple):
    name: str
    request: Any
    answer: Callable[[FakeBroker, Any, int, int], Any]


def _api_versions(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    response = metadata.ApiVersionsResponse
    keys = [response.ApiVersion(api_key=key, min_version=0, max_version=top, version=version) for key, top in _VERSIONS.items()]
    return response(version=version, error_code=error, api_keys=keys, throttle_time_ms=0)


def _metadata(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    response = metadata.MetadataResponse
    topic, partition = response.MetadataResponseTopic, response.MetadataResponseTopic.MetadataResponsePartition
    one = partition(error_code=0, partition_index=0, leader_id=1, leader_epoch=0, replica_nodes=[1], isr_nodes=[1], offline_replicas=[])
    return response(
        version=version,
        throttle_time_ms=0,
        brokers=[response.MetadataResponseBroker(node_id=1, host="127.0.0.1", port=broker.port, rack=None)],
        cluster_id="fake",
        controller_id=1,
        topics=[topic(error_code=0, name=TOPIC, is_internal=False, partitions=[one])],
    )


def _find_coordinator(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    here = {"node_id": 1, "host": "127.0.0.1", "port": broker.port}
    return metadata.FindCoordinatorResponse(version=version, throttle_time_ms=0, error_code=error, error_message=None, **here)


def _init_producer_id(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    broker.epoch += 1
    return producer.InitProducerIdResponse(
        version=version, throttle_time_ms=0, error_code=error, producer_id=7, producer_epoch=broker.epoch
    )


def _add_partitions(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    response = producer.AddPartitionsToTxnResponse
    topic = response.AddPartitionsToTxnTopicResult
    one = topic.AddPartitionsToTxnPartitionResult(partition_index=0, partition_error_code=error)
    return response(version=version, throttle_time_ms=0, results_by_topic_v3_and_below=[topic(name=TOPIC, results_by_partition=[one])])


def _produce(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    response = producer.ProduceResponse
    topic = response.TopicProduceResponse
    one = topic.PartitionProduceResponse(
        index=0,
        error_code=error,
        base_offset=-1 if error else 0,
        log_append_time_ms=-1,
        log_start_offset=0,
        record_errors=[],
        error_message=None,
    )
    return response(version=version, responses=[topic(name=TOPIC, partition_responses=[one])], throttle_time_ms=0)


def _add_offsets(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    return producer.AddOffsetsToTxnResponse(version=version, throttle_time_ms=0, error_code=error)


def _txn_offset_commit(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    response = producer.TxnOffsetCommitResponse
    topic = response.TxnOffsetCommitResponseTopic
    partition = topic.TxnOffsetCommitResponsePartition
    return response(
        version=version,
        throttle_time_ms=0,
        topics=[
            topic(name=each.name, partitions=[partition(partition_index=one.partition_index, error_code=error) for one in each.partitions])
            for each in request.topics
        ],
    )


def _end_txn(broker: FakeBroker, request: Any, error: int, version: int) -> Any:
    return producer.EndTxnResponse(version=version, throttle_time_ms=0, error_code=error)


_APIS = {
    0: _Api("Produce", producer.ProduceRequest, _produce),
    3: _Api("Metadata", metadata.MetadataRequest, _metadata),
    10: _Api("FindCoordinator", metadata.FindCoordinatorRequest, _find_coordinator),
    18: _Api("ApiVersions", metadata.ApiVersionsRequest, _api_versions),
    22: _Api("InitProducerId", producer.InitProducerIdRequest, _init_producer_id),
    24: _Api("AddPartitionsToTxn", producer.AddPartitionsToTxnRequest, _add_partitions),
    25: _Api("AddOffsetsToTxn", producer.AddOffsetsToTxnRequest, _add_offsets),
    26: _Api("EndTxn", producer.EndTxnRequest, _end_txn),
    28: _Api("TxnOffsetCommit", producer.TxnOffsetCommitRequest, _txn_offset_commit),
}
