"""From raw records to canonical records, dead letters and the account, as the step loop sees it."""

import json
from collections import Counter

import pytest
from normalizer_kit import kit_of

from bus.contracts.codec import Codec
from bus.event import Batch, Record
from bus.eventlog.dead_letter import REPLAY_LETTER, REPLAY_OUTCOME, REPLAY_STATEMENT, read
from bus.keys import department_private, load_or_make
from bus.normalizer.mapping import compile_mappings, load_mappings, sources_of
from bus.normalizer.worker import Normalizer
from bus.sealing import open_sealed, row_hash, unseal

AT = 1_790_000_000_000
GOOD, OTHER, BAD = "379901198001010010", "379901198203050029", "379901198001010011"
PHONE = "19900000123"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ring(home):
    return load_or_make(home, ["civil", "housing", "social"])


@pytest.fixture(scope="module")
def codec(catalog):
    return Codec(catalog.registry)


@pytest.fixture(scope="module")
def normalizer(catalog, codec, ring):
    return Normalizer(compile_mappings(load_mappings(catalog), catalog, kit_of(ring, catalog)), sources_of(catalog), codec, ring)


def raw(codec, dataset, cells, key=b"K1", operation="created", headers=()):
    value = {
        **cells,
        "bus_operation": operation,
        "bus_source": {"delivery": "2026-09", "file": "HYDJ.csv", "sheet": None, "row": 7},
        "bus_number_cells": [],
        "bus_extra": {},
    }
    body = codec.encode(f"raw.{dataset}-value", value)
    return Record(key, body, AT, (("hash", b"h" * 16), *headers))


def batch(dataset, *records):
    return Batch(f"raw.{dataset}", 0, list(range(len(records))), list(records))


def marriage(codec, man=GOOD, woman=OTHER, **more):
    cells = {
        "RECORD_ID": "K1",
        "OP_TYPE": "IA",
        "NAME_MAN": "顾伟",
        "CERT_NUM_MAN": man,
        "NAME_WOMAN": "赵艳怡",
        "CERT_NUM_WOMAN": woman,
        "LINK_KIND_MAN": PHONE,
    }
    return raw(codec, "civil.marriage", cells, **more)


def topics_of(outputs):
    return Counter(o.topic for o in outputs)


def accounts(outputs):
    return [json.loads(o.record.value) for o in outputs if o.topic == "internal.account"]


def test_a_whole_row_goes_to_the_topics_of_its_entities_and_is_counted_once(normalizer, codec):
    outputs = normalizer.decide([batch("civil.marriage", marriage(codec))])
    assert topics_of(outputs) == {"canonical.marriage": 1, "canonical.resident": 2, "internal.account": 1}
    assert accounts(outputs) == [{"step": "normalize", "dataset": "civil.marriage", "clean": 1, "reasons": {}}]


def test_the_envelope_says_where_it_stands(normalizer, codec):
    outputs = normalizer.decide([batch("civil.marriage", marriage(codec))])
    value = codec.decode(next(o for o in outputs if o.topic == "canonical.resident").record.value)[1]
    assert value["source"] == {
        "department": "civil", "dataset": "civil.marriage", "delivery": "2026-09", "file": "HYDJ.csv", "sheet": None, "row": 7,
        "key": {"RECORD_ID": "K1"}, "role": "husband", "ordinal": 0,
    }  # fmt: skip
    assert value["operation"] == "created"
    assert value["mapping"] == "civil.marriage@2"


def test_a_replay_writes_the_same_bytes(normalizer, codec):
    record = marriage(codec, man=BAD)
    assert normalizer.decide([batch("civil.marriage", record)]) == normalizer.decide([batch("civil.marriage", record)])


def test_a_mended_number_keeps_its_key_and_gets_another_event_id(normalizer, codec):
    def husband(outputs):
        one = next(o for o in outputs if o.topic == "canonical.resident")
        return one.record.key, codec.decode(one.record.value)[1]["event_id"]

    before = husband(normalizer.decide([batch("civil.marriage", marriage(codec))]))
    mended = marriage(codec)._replace(headers=(("hash", b"other content..."),))
    after = husband(normalizer.decide([batch("civil.marriage", mended)]))
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_no_number_and_no_phone_leaves_in_clear(normalizer, codec):
    outputs = normalizer.decide([batch("civil.marriage", marriage(codec, man=BAD))])
    for output in outputs:
        for secret in (GOOD, OTHER, BAD, PHONE):
            assert secret.encode() not in output.record.value
            assert secret.encode() not in (output.record.key or b"")


def test_number_and_phone_open_with_the_key_at_their_own_field(normalizer, codec, ring):
    outputs = normalizer.decide([batch("civil.marriage", marriage(codec))])
    value = codec.decode(next(o for o in outputs if o.topic == "canonical.resident").record.value)[1]
    assert unseal(ring, "canonical.resident", "id_sealed", value["id_sealed"]) == GOOD
    assert unseal(ring, "canonical.resident", "phones", value["phones"][0]["sealed"]) == PHONE


def test_a_refused_person_is_a_letter_that_only_the_department_opens(normalizer, codec, home):
    record = marriage(codec, man=BAD)
    outputs = normalizer.decide([batch("civil.marriage", record)])
    assert topics_of(outputs) == {"canonical.marriage": 1, "canonical.resident": 1, "deadletter.civil": 1, "internal.account": 1}
    posted = next(o for o in outputs if o.topic == "deadletter.civil").record
    letter = read(posted.value)
    assert letter.statement == "resident"
    assert letter.outcome == "partial"
    assert [(r["code"], r["column"]) for r in letter.reasons] == [("ID_CHECKSUM", "CERT_NUM_MAN")]
    assert open_sealed(department_private(home, "civil"), posted.key, letter.sealed) == record.value
    assert accounts(outputs) == [{"step": "normalize", "dataset": "civil.marriage", "partial": 1, "reasons": {"ID_CHECKSUM": 1}}]


def test_bytes_that_are_no_record_become_a_letter_and_stop_nothing(normalizer, codec):
    broken = Record(b"K2", b"\x00\x00\x00\x00\x01\xff\xff\xff", AT)
    outputs = normalizer.decide([batch("civil.marriage", broken, marriage(codec))])
    assert topics_of(outputs)["deadletter.civil"] == 1
    assert topics_of(outputs)["canonical.resident"] == 2
    assert accounts(outputs)[0]["refused"] == 1
    assert accounts(outputs)[0]["clean"] == 1


def test_a_tombstone_says_nothing(normalizer):
    assert normalizer.decide([batch("civil.marriage", Record(b"K1", None, AT))]) == []


def test_a_changed_row_is_changed_and_a_soft_deleted_one_has_ended(normalizer, codec):
    cells = {"MEMBER_ID": "M1", "NAME": "顾伟", "ID_CARD": GOOD, "IS_DEL": "0"}
    changed = raw(codec, "civil.assistance_member", cells, operation="changed")
    ended = raw(codec, "civil.assistance_member", {**cells, "IS_DEL": "1"}, operation="changed")
    outputs = normalizer.decide([batch("civil.assistance_member", changed, ended)])
    operations = [codec.decode(o.record.value)[1]["operation"] for o in outputs if o.topic == "canonical.resident"]
    assert operations == ["changed", "ended"]


def test_a_link_to_another_dataset_is_the_key_of_that_statement(normalizer, codec, ring):
    person = raw(codec, "social.resident_survey", {"RKBH": "RK1", "XM": "顾伟"}, key=b"RK1")
    link = raw(codec, "social.residency_survey", {"GXBH": "GX1", "RKBH": "RK1"}, key=b"GX1")
    outputs = normalizer.decide([batch("social.resident_survey", person), batch("social.residency_survey", link)])
    key = next(o.record.key for o in outputs if o.topic == "canonical.resident")
    links = [codec.decode(o.record.value)[1] for o in outputs if o.topic == "canonical.residency_link"]
    assert links[1]["person_key"] == key.hex() == row_hash(ring, "statement", "social.resident_survey", b"RK1", "self", "0").hex()


def test_a_personal_key_is_a_row_id(normalizer, codec):
    record = raw(codec, "civil.old_age_allowance", {"name": "顾伟"}, key=b"00ff")
    outputs = normalizer.decide([batch("civil.old_age_allowance", record)])
    value = codec.decode(next(o for o in outputs if o.topic == "canonical.resident").record.value)[1]
    assert value["source"]["key"] == {"row_id": "00ff"}


def test_a_replayed_record_says_only_what_it_was_handed_in_for_and_moves_the_account(normalizer, codec):
    again = ((REPLAY_LETTER, b"x"), (REPLAY_STATEMENT, b"resident:husband:0"), (REPLAY_OUTCOME, b"partial"))
    outputs = normalizer.decide([batch("civil.marriage", marriage(codec, headers=again))])
    assert topics_of(outputs) == {"canonical.resident": 1, "internal.account": 1}
    assert accounts(outputs) == [{"step": "normalize", "dataset": "civil.marriage", "clean": 1, "partial": -1, "reasons": {}}]
