"""From bytes as a department sends them to raw events, dead letters and the account."""

from __future__ import annotations

import io

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from publishing import CATALOG, MEMBER, Office, member, members

from bus.errors import FileRefused
from bus.event import Output
from bus.eventlog import topics
from bus.eventlog.dead_letter import REPLAY_LETTER

SET = "civil.assistance_member"
CANARY = "6288800000000099999"


def test_every_row_goes_out_as_it_stood_with_its_place(office: Office) -> None:
    report = office.publish(SET, members([member(1, NAME=" 张 三 ", ID_CARD="37990119460301109x"), member(2)]))
    assert (report.read, report.not_data, report.created, report.refused) == (3, 1, 2, 0)
    first = next(value for value in office.raw(SET) if value["MEMBER_ID"] == "M000001")
    assert (first["NAME"], first["ID_CARD"], first["SEX"]) == (" 张 三 ", "37990119460301109x", None)
    assert first["bus_source"] == {"delivery": "2026-09", "file": "DB_MEMBER.csv", "sheet": None, "row": 2}
    assert {record.key for record in office.records(topics.raw(SET))} == {b"M000001", b"M000002"}


def test_publishing_the_same_file_again_publishes_nothing_twice(office: Office) -> None:
    content = members([member(n) for n in range(50)] + ["broken"])
    office.publish(SET, content)
    again = office.publish(SET, content)
    assert (again.published, again.unchanged, again.refused) == (0, 51, 0)
    assert sum(office.operations(SET).values()) == 50
    assert len(office.letters("civil")) == len(office.records("deadletter.civil")) == 1
    assert office.counts(SET)["read"] == 104


def test_another_delivery_with_the_same_rows_publishes_nothing(office: Office) -> None:
    office.publish(SET, members([member(1), member(2)]))
    assert office.publish(SET, members([member(2), member(1)]), delivery="2026-10").unchanged == 2


def test_columns_in_another_order_change_nothing(office: Office) -> None:
    office.publish(SET, members([member(1)]))
    turned = members([",".join(reversed(member(1).split(",")))], header=tuple(reversed(MEMBER)))
    assert office.publish(SET, turned, delivery="2026-10").unchanged == 1


def test_other_content_is_a_change_and_what_vanished_is_left_alone(office: Office) -> None:
    office.publish(SET, members([member(1), member(2), member(3)]))
    later = office.publish(SET, members([member(1), member(2, note="new"), member(4)]), delivery="2026-10")
    assert (later.created, later.changed, later.unchanged) == (1, 1, 1)
    assert office.operations(SET)[b"M000002", "changed"] == 1
    assert len(office.records(topics.raw(SET))) == 5


def test_going_back_to_an_earlier_file_is_a_change_again(office: Office) -> None:
    first, second = members([member(1)]), members([member(1, note="new")])
    office.publish(SET, first)
    office.publish(SET, second)
    assert office.publish(SET, first).changed == 1


def test_a_repeat_with_the_same_content_is_a_note_and_one_with_other_content_is_refused(office: Office) -> None:
    report = office.publish(SET, members([member(1), member(2), member(1), member(2, note="other")]))
    assert (report.created, report.unchanged, report.repeated, report.refused) == (2, 1, 1, 1)
    assert report.reasons == {"DUP_PK": 1}
    (letter,) = office.letters("civil")
    assert (letter.source["row"], letter.source["key"], letter.codes) == (5, {"MEMBER_ID": "M000002"}, {"DUP_PK"})
    assert office.unsealed(letter)["REG_TIME"] == "other"


def test_the_same_repeats_are_found_when_the_file_is_read_again_in_small_batches(office: Office) -> None:
    lines = [member(1), member(2), member(1), member(2, note="other")]
    office.publish(SET, members(lines), batch_rows=1)
    report = office.publish(SET, members([*lines, member(9)]), batch_rows=2)
    assert (report.created, report.unchanged, report.repeated, report.refused) == (1, 3, 1, 1)


def test_a_malformed_row_is_refused_alone_and_found_unchanged_in_the_dead_letter(office: Office) -> None:
    report = office.publish(
        "social.volunteer_service", "\ufeffJLBH,ZYZBH,XM,ZYTT,FWXM,FWKS,FWJS,FWSC\r\nJL1,37\r\nJL2,1,张三,a,b,c,d,2\r\n"
    )
    assert (report.created, report.refused) == (1, 1)
    (letter,) = office.letters("social")
    assert (letter.source["file"], letter.source["row"], letter.codes) == ("ZYFW_JL.csv", 2, {"ROW_MALFORMED"})
    assert office.unsealed(letter) == {"JLBH": "JL1", "ZYZBH": "37"}


def test_a_row_without_its_key_is_refused_and_says_which_column(office: Office) -> None:
    office.publish(SET, members([member(1, MEMBER_ID="")]))
    (letter,) = office.letters("civil")
    assert [(reason["code"], reason["column"]) for reason in letter.reasons] == [("ROW_MALFORMED", "MEMBER_ID")]


def test_a_secret_row_is_refused_and_none_of_its_content_is_kept(office: Office) -> None:
    header = (*MEMBER, "密级")
    lines = [
        member(1) + ',"国家秘密"',
        member(2) + ',"公开"',
        member(3) + ',"机密★10年"',
        member(4) + ',"非密"',
        member(5, CAREER_CODE="工作秘密") + ',""',
    ]
    report = office.publish(SET, members(lines, header))
    assert report.reasons == {"SECRET_BLOCKED": 3}
    assert {record.key for record in office.records(topics.raw(SET))} == {b"M000002", b"M000004"}
    for letter in office.letters("civil"):
        assert letter.source["key"] == {}
        assert letter.sealed == b""
    stored = (office.folder / "log.db").read_bytes() + (office.folder / "log.db-wal").read_bytes()
    assert b"M000001" not in stored
    assert b"M000002" in stored


@pytest.mark.parametrize("text", ["【工作秘密】某事", "工作秘密：某事", "（国家秘密）某事", "密级：机密", "秘密★3年"])
def test_a_mark_at_the_head_of_a_cell_makes_the_row_secret(office: Office, text: str) -> None:
    columns = list(CATALOG.datasets["social.appeal"].columns)
    cells = {"GDBH": "260305181238000034", "SQNR": text}
    content = ",".join(columns) + "\n" + ",".join(cells.get(c, "") for c in columns) + "\n"
    assert office.publish("social.appeal", content).reasons == {"SECRET_BLOCKED": 1}


def test_an_appeal_that_speaks_of_secrets_is_not_secret(office: Office) -> None:
    columns = list(CATALOG.datasets["social.appeal"].columns)
    cells = {"GDBH": "260305181238000034", "SQNR": "国家秘密泄露举报：有人工作秘密外传", "BT": "工作秘密问题"}
    content = ",".join(columns) + "\n" + ",".join(cells.get(c, "") for c in columns) + "\n"
    assert office.publish("social.appeal", content).created == 1


def test_what_is_never_published_is_nowhere_not_even_in_a_dead_letter(office: Office) -> None:
    contract = CATALOG.datasets["civil.assistance_family"]
    columns = [*contract.columns, *contract.dropped]
    secret = dict.fromkeys(contract.dropped, CANARY)

    def line(number: int, **cells: str) -> str:
        row = {**dict.fromkeys(columns, ""), "FAMILY_ID": f"F{number}", **secret, **cells}
        return ",".join(f'"{row[name]}"' for name in columns) + f',"{CANARY}"'

    lines = [line(1), line(1, ADDRESS="other"), line(2) + ',"x"', line(3).replace('"F3"', '"F3', 1), line(4).rpartition(",")[0]]
    content = ("\r\n".join([",".join(f'"{c}"' for c in [*columns, "银行账号2"]), *lines]) + "\r\n").encode("gb18030")
    report = office.publish("civil.assistance_family", content)
    assert (report.created, report.refused) == (1, 4)
    opened = [office.unsealed(letter) for letter in office.letters("civil")]
    assert CANARY not in str(opened)
    stored = b"".join(p.read_bytes() for p in office.folder.rglob("*") if p.is_file() and p.parent.name != "in")
    assert CANARY.encode() not in stored


def test_a_cell_that_slipped_to_the_left_out_of_a_dropped_column_is_not_kept(office: Office) -> None:
    contract = CATALOG.datasets["civil.assistance_family"]
    columns = [*contract.columns, *contract.dropped, "新列一", "新列二", "新列三"]
    row = {**dict.fromkeys(columns, "x"), "FAMILY_ID": "F1", **dict.fromkeys(contract.dropped, CANARY)}
    for missing in (1, 2, 3, 5):
        lines = [",".join(columns), ",".join(row[name] for name in columns[:1] + columns[1 + missing :])]
        office.publish("civil.assistance_family", "\n".join(lines).encode("gb18030"))
    letters = office.letters("civil")
    assert len(letters) == 4
    for letter in letters:
        assert office.unsealed(letter)["FAMILY_ID"] == "F1"
        assert CANARY not in str(office.unsealed(letter))


def test_an_extra_column_is_carried_on_and_a_missing_one_is_null(office: Office) -> None:
    report = office.publish(SET, members([member(1).rpartition(",")[0] + ',"新"'], (*MEMBER[:-1], "新列")))
    assert {note.column for note in report.notes} == {MEMBER[-1], "新列"}
    assert office.raw(SET)[0]["bus_extra"] == {"新列": "新"}


def test_a_header_without_rows_publishes_nothing_and_is_counted(office: Office) -> None:
    office.publish(SET, members([member(1)]))
    report = office.publish(SET, members([]), delivery="2026-10")
    assert (report.read, report.not_data, [note.code for note in report.notes]) == (1, 1, ["FILE_SHAPE"])
    assert len(office.records(topics.raw(SET))) == 1


def roster(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    contract = CATALOG.datasets["civil.old_age_allowance"]
    columns = [*contract.columns, *contract.dropped]
    sheet = book.active
    sheet.title = "云溪街道"
    sheet.append(["云溪街道2026年9月高龄津贴发放花名册"])
    sheet.append(columns)
    for row in rows:
        cells = dict(zip(("姓名", "银行卡号", "身份证号码", "标准(元/月)"), row, strict=True))
        sheet.append([cells.get(name) for name in columns])
    sheet.append(["合计", None, None, len(rows)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_personal_key_is_a_keyed_hash_and_number_cells_are_marked(office: Office) -> None:
    dataset = "civil.old_age_allowance"
    report = office.publish(
        dataset, roster([["张三", CANARY, 379901194603011098, 100], ["李四", CANARY[:-1] + "1", "379901194603011098", 100]])
    )
    assert (report.read, report.not_data, report.created) == (5, 3, 2)
    for record in office.records(topics.raw(dataset)):
        assert len(bytes.fromhex((record.key or b"").decode())) == 16
    value = next(v for v in office.raw(dataset) if v["name"] == "张三")
    assert value["bus_number_cells"] == ["标准(元/月)", "身份证号码"]
    assert value["citizen_number"] == "379901194603011000"
    assert value["bus_source"] == {"delivery": "2026-09", "file": "高龄津贴发放表.xlsx", "sheet": "云溪街道", "row": 3}
    later = office.publish(dataset, roster([["张三", CANARY, "379901194603011098", 100]]), delivery="2026-10")
    assert later.changed == 1


def test_a_person_in_the_sheets_of_two_streets_is_two_rows_and_twice_in_one_sheet_a_repeated_key(office: Office) -> None:
    dataset = "civil.old_age_allowance"
    book = openpyxl.load_workbook(
        io.BytesIO(roster([["张三", CANARY, "379901194603011098", 100], ["张三", CANARY, "379901194603011098", 200]]))
    )
    book.copy_worksheet(book.active).title = "石门街道"
    out = io.BytesIO()
    book.save(out)
    report = office.publish(dataset, out.getvalue())
    assert (report.created, report.reasons) == (2, {"DUP_PK": 2})


def test_a_dry_run_finds_the_same_and_writes_nothing(office: Office) -> None:
    lines = [member(1), member(1), member(1, note="other"), member(2), "broken"]
    dry = office.dry_run(SET, members(lines))
    assert office.log.topics() == []
    assert not office.state.exists()
    real = office.publish(SET, members(lines))
    for name in ("read", "not_data", "created", "unchanged", "refused", "repeated", "reasons"):
        assert getattr(dry, name) == getattr(real, name)


def test_the_view_is_rebuilt_when_it_is_deleted_damaged_or_of_another_log(office: Office) -> None:
    content = members([member(n) for n in range(30)])
    office.publish(SET, content)
    view = office.state / f"seen.{SET}.db"
    view.unlink()
    assert office.publish(SET, content).unchanged == 30
    for left in office.state.glob("seen.*-*"):
        left.unlink()
    view.write_bytes(b"no database at all" * 100)
    assert office.publish(SET, content).unchanged == 30
    other = Office(office.folder / "other")
    other.state = office.state
    assert other.publish(SET, content).created == 30


ROW = st.one_of(
    st.tuples(st.integers(0, 8), st.sampled_from(["", "a", "b"])).map(lambda p: member(*p)),
    st.sampled_from(
        ["", "broken", '"never closed', '"a","b"', ",".join(f'"{n}"' for n in MEMBER), member(0, MEMBER_ID=""), member(3, NAME="国家秘密")]
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(ROW, max_size=15), min_size=1, max_size=4), batch=st.integers(1, 6))
def test_read_is_always_no_data_and_published_and_unchanged_and_refused(office: Office, files: list[list[str]], batch: int) -> None:
    for lines in files:
        good = [member(n, note="c") for n in range(100, 120)]
        office.publish(SET, members([*lines, *good]), batch_rows=batch)
    said = office.raw(SET)
    latest = {value["MEMBER_ID"]: value["REG_TIME"] for value in said}
    assert len(latest) <= len(said)


def test_a_file_that_is_marked_as_a_whole_is_refused_before_anything_goes_out(office: Office) -> None:
    for mark in ("工作秘密", "机密★10年", "【国家秘密】"):
        with pytest.raises(FileRefused) as refused:
            office.publish(SET, mark.encode("gb18030") + b"\r\n" + members([member(1)]))
        assert "SECRET_BLOCKED" in refused.value.message
    assert office.log.topics() == []
    assert office.publish(SET, "秘密花园街道名册".encode("gb18030") + b"\r\n" + members([member(1)])).created == 1


def test_a_refused_file_publishes_nothing(office: Office) -> None:
    with pytest.raises(FileRefused):
        office.publish(SET, members([member(1)]).decode("gb18030").encode("utf-8"))
    assert office.log.topics() == []


def test_a_record_handed_in_again_from_a_dead_letter_is_nothing_new_said(office: Office) -> None:
    old, new = members([member(1)]), members([member(1, note="new")])
    office.publish(SET, old)
    first = office.records(topics.raw(SET))[0]
    office.publish(SET, new)
    with office.log.writer("replay") as writer:
        writer.append([Output(topics.raw(SET), first._replace(headers=((REPLAY_LETTER, b"x"),)))])
    assert office.publish(SET, new, delivery="2026-10").unchanged == 1
