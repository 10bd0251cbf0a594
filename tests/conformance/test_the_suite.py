"""The conformance suite itself: every promise broken on purpose is noticed by a test of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance import adapters, broken
from tests.conformance import test_eventlog as suite
from tests.conformance import test_eventlog_groups as groups
from tests.conformance.adapters import MAKERS, Place, chosen

NOTICED_BY: dict[type, Callable[[Place], None]] = {
    broken.LosesAnOutput: suite.test_a_commit_makes_outputs_and_positions_visible_together,
    broken.MovesThePositionFirst: suite.test_a_commit_that_cannot_be_done_in_full_moves_nothing,
    broken.CommitsOutputsOneByOne: suite.test_a_process_killed_in_its_commit_leaves_nothing,
    broken.AppendsOneByOne: suite.test_an_append_that_cannot_be_done_in_full_leaves_nothing,
    broken.DoesNotRewind: suite.test_after_a_rewind_the_next_poll_reads_from_the_committed_position,
    broken.DoesNotFenceReaders: groups.test_a_member_that_comes_back_too_late_is_fenced_and_nothing_of_it_is_kept,
    broken.DoesNotFenceWriters: suite.test_a_writer_fences_the_one_that_held_its_name_before_and_no_other,
    broken.NeverSharesAgain: groups.test_a_closed_reader_leaves_its_partitions_to_the_others_at_once,
    broken.ServesInOrder: groups.test_a_new_record_does_not_wait_for_a_long_backlog_elsewhere,
    broken.CountsOffsetsOnly: suite.test_what_waits_behind_a_position_is_told_with_its_time_and_marks_of_the_log_are_nothing,
    broken.ReadersDoNotLeave: groups.test_a_closed_reader_leaves_its_partitions_to_the_others_at_once,
    broken.TurnsTheOrder: suite.test_records_of_a_partition_are_read_in_the_order_of_appending,
    broken.PartitionsInTurn: suite.test_a_record_is_kept_in_the_partition_of_its_key_unless_another_is_named,
    broken.ScansOnAndOn: suite.test_a_scan_ends_where_the_log_ended_when_it_began,
    broken.MovesUnderLiveReaders: groups.test_a_group_is_moved_only_while_nobody_reads,
    broken.ForgetsWhoItIs: suite.test_the_identity_stays_with_the_log_and_another_log_has_another,
    broken.SeesAllNamespaces: suite.test_namespaces_do_not_see_each_other,
    broken.KeepsTooLittle: suite.test_nothing_that_must_be_kept_is_removed,
}


@pytest.mark.parametrize("kind", NOTICED_BY, ids=lambda kind: kind.__name__)
def test_a_broken_promise_is_noticed(kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapters, "PATIENCE", 0.1)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        NOTICED_BY[kind](Place(f"broken {kind.__name__}", str(tmp_path / "log.db"), ""))


@pytest.mark.parametrize(("kind", "case"), [(broken.DropsHeaders, -1), (broken.MakesTombstonesEmpty, 1)], ids=["headers", "tombstones"])
def test_a_changed_record_is_noticed(kind: type, case: int, tmp_path: Path) -> None:
    odd = suite.test_a_record_comes_back_as_it_was.pytestmark[0].args[1][case]
    with pytest.raises(AssertionError):
        suite.test_a_record_comes_back_as_it_was(Place(f"broken {kind.__name__}", str(tmp_path / "log.db"), ""), odd)


def test_every_adapter_is_run_unless_the_environment_says_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOG", raising=False)
    assert chosen() == list(MAKERS) == ["sqlite", "kafka"]
    monkeypatch.setenv("LOG", "sqlite")
    assert chosen() == ["sqlite"]


def test_an_adapter_that_does_not_exist_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG", "sqlite,kafak")
    with pytest.raises(ValueError, match="kafak"):
        chosen()
