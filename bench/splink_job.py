"""The part of `bench.splink` that runs in Splink's own virtual environment: a table of statements → clusters. Knows nothing of the bus.

The model: the number, the name (exact, near, other), sex, day of birth, phone, home, the department's own number, the household; u from
random pairs, m by EM under three blocking rules; clusters at 0.99.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped,unused-ignore,import-not-found]
import splink.comparison_library as cl  # type: ignore[import-not-found]
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

CERTAIN = 0.99


def main(table: Path, found: Path) -> None:
    """Cluster and write."""
    said = pd.read_json(table, lines=True, dtype={"name": "string", "sex": "string"}, convert_dates=False)
    begun = time.perf_counter()
    linker = Linker(said, _model(), DuckDBAPI(), set_up_basic_logging=False)
    linker.training.estimate_probability_two_random_records_match([block_on("token")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("name", "born"), block_on("phone"), block_on("token")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=CERTAIN)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, CERTAIN).as_pandas_dataframe()
    seconds = time.perf_counter() - begun
    of = {str(number): str(cluster) for number, cluster in zip(clusters["unique_id"], clusters["cluster_id"], strict=True)}
    found.write_text(json.dumps({"seconds": round(seconds, 1), "clusters": of}), encoding="utf-8")


def _model() -> SettingsCreator:
    return SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("token"),
            block_on("name", "born"),
            block_on("phone"),
            block_on("name", "home"),
            block_on("code"),
            block_on("name", "household"),
        ],
        comparisons=[
            cl.ExactMatch("token"),
            cl.DamerauLevenshteinAtThresholds("name", [1]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("born"),
            cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
            cl.ExactMatch("home"),
            cl.ExactMatch("code"),
            cl.ExactMatch("household"),
        ],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
