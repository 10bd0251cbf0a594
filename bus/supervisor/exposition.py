"""The text that Prometheus reads. Apart from the list of metrics, so that a step starts without the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from bus.metrics import BATCH_SECONDS, METRICS, Meaning, Sample


def exposition(samples: Iterable[Sample]) -> bytes:
    """The text that Prometheus reads. Raises KeyError for a metric that is not in `METRICS`."""
    registry = CollectorRegistry()
    registry.register(_Collected(list(samples)))
    return generate_latest(registry)


class _Collected:
    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        """All metrics of the list, those without a figure too: what is never seen cannot be alarmed on."""
        families = {name: _family(name, meaning) for name, meaning in METRICS.items()}
        for sample in self._samples:
            family = families[sample.metric]
            if isinstance(family, HistogramMetricFamily):
                family.add_metric(sample.labels, _cumulated(sample.buckets), sample.value)
            else:
                family.add_metric(sample.labels, sample.value)
        yield from families.values()


Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily


def _family(name: str, meaning: Meaning) -> Family:
    if meaning.kind == "histogram":
        return HistogramMetricFamily(name, meaning.help, labels=meaning.labels)
    kind = CounterMetricFamily if meaning.kind == "counter" else GaugeMetricFamily
    return kind(name, meaning.help, labels=meaning.labels)


def _cumulated(buckets: Iterable[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for most, count in zip([*map(str, BATCH_SECONDS), "+Inf"], buckets, strict=True):
        total += count
        found.append((most, float(total)))
    return found
