"""Prometheus accepts our configuration, rules and figures: asked of its own promtool (Debian's package `prometheus`)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bus.metrics import BATCH_SECONDS, METRICS, Sample
from bus.supervisor.exposition import exposition

DEPLOY = Path(__file__).parents[2] / "deploy"
NAME = re.compile(r"civicbus_[a-z_]+")


def known_series() -> set[str]:
    """Every name under which Prometheus will show one of our metrics."""
    found = set()
    for name, meaning in METRICS.items():
        endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[meaning.kind]
        found.update(name + ending for ending in endings)
    return found


def sample_of_each() -> list[Sample]:
    """One figure of every metric."""
    buckets = tuple(range(len(BATCH_SECONDS) + 1))
    return [Sample(n, tuple(m.labels), 1, buckets if m.kind == "histogram" else ()) for n, m in METRICS.items()]


def test_the_configuration_is_valid() -> None:
    assert promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus/prometheus.yml")).returncode == 0


def test_the_alert_rules_are_valid() -> None:
    done = promtool("check", "rules", str(DEPLOY / "prometheus/alerts.yml"))

    assert done.returncode == 0, done.stderr
    written = (DEPLOY / "prometheus/alerts.yml").read_text(encoding="utf-8").count("- alert: ")
    assert f"SUCCESS: {written} rules found" in done.stdout


def test_the_figures_are_valid_and_well_named() -> None:
    done = promtool("check", "metrics", given=exposition(sample_of_each()))

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_metric_is_shown_even_before_it_has_a_figure() -> None:
    shown = exposition([]).decode()

    assert all(f"# HELP {name}" in shown for name in METRICS)


def test_alerts_ask_only_for_metrics_that_exist() -> None:
    asked = set(NAME.findall(_expressions(DEPLOY / "prometheus/alerts.yml")))

    assert asked
    assert asked <= known_series()


def test_alerts_fire_when_they_should(tmp_path: Path) -> None:
    rules = tmp_path / "test.yml"
    rules.write_text(_RULE_TEST.format(rules=DEPLOY / "prometheus/alerts.yml"))

    done = promtool("test", "rules", str(rules))

    assert done.returncode == 0, done.stdout + done.stderr


def promtool(*arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool; its absence is a failure that names the package."""
    found = shutil.which("promtool")
    assert found, "promtool is missing: install the package `prometheus`"
    text = None if given is None else given.decode()
    return subprocess.run([found, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)


def _expressions(path: Path) -> str:
    import yaml

    groups = yaml.safe_load(path.read_text())["groups"]
    return "\n".join(rule["expr"] for group in groups for rule in group["rules"])


_RULE_TEST = """
rule_files: ["{rules}"]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'up{{job="civicbus"}}'
        values: '1x60'
      - series: 'civicbus_log_up'
        values: '1x60'
      - series: 'civicbus_step_processes{{step="normalizer"}}'
        values: '1x10 0x20'
      - series: 'civicbus_step_last_progress_seconds{{step="normalizer"}}'
        values: '60x40'
      - series: 'civicbus_lag_records{{step="normalizer",department="civil",dataset="civil.marriage"}}'
        values: '7x40'
      - series: 'civicbus_disputes_overdue{{department="civil"}}'
        values: '0x10 3x100'
      - series: 'civicbus_disputes_overdue{{department="social"}}'
        values: '0x110'
      - series: 'civicbus_barrier_overdue{{provider="housing",consumer="civil",item="building"}}'
        values: '0x10 1x100'
      - series: 'civicbus_barrier{{provider="housing",consumer="civil",item="building",state="broken"}}'
        values: '1x20 stale'
    alert_rule_test:
      - eval_time: 80m
        alertname: CivicbusRequestOverdue
        exp_alerts: [{{exp_labels: {{severity: warning, provider: housing, consumer: civil, item: building}}, exp_annotations: {{
          summary: "civil waits for building of housing longer than the rules allow. 共享申请逾期。",
          description: "civicbus agreement list --format table; housing has to answer, or to supply what was approved."}}}}]
      - eval_time: 80m
        alertname: CivicbusFlowBroken
        exp_alerts: []
      - eval_time: 5m
        alertname: CivicbusStepGone
        exp_alerts: []
      - eval_time: 15m
        alertname: CivicbusStepGone
        exp_alerts: [{{exp_labels: {{severity: critical, step: normalizer}}, exp_annotations: {{
          summary: "Step normalizer does not run. 步骤未运行。",
          description: "It ends itself after repeated failures; its last error is in the journal and in civicbus_step_failing."}}}}]
      - eval_time: 20m
        alertname: CivicbusNotProgressing
        exp_alerts: [{{exp_labels: {{severity: critical, step: normalizer}}, exp_annotations: {{
          summary: "Step normalizer has work and does not move. 有积压但无进展。",
          description: "curl 127.0.0.1:9464/health says which error; a dead letter that cannot be written stops a step on purpose."}}}}]
      - eval_time: 60m
        alertname: CivicbusDisputesOverdue
        exp_alerts: []
      - eval_time: 80m
        alertname: CivicbusDisputesOverdue
        exp_alerts: [{{exp_labels: {{severity: warning, department: civil}}, exp_annotations: {{
          summary: "civil has not answered to 3 disputes in time. 异议逾期未答复。",
          description: "civicbus dispute list --department civil --state overdue; the data office settles what stays open."}}}}]
      - eval_time: 20m
        alertname: CivicbusDown
        exp_alerts: []
"""
