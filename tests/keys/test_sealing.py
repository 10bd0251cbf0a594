"""Tokens, ciphertexts, sealed boxes and keyed hashes."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from keys_of_before import keys_of_before

from bus import keys as key_files
from bus.errors import KeyRefused
from bus.keys import KeyRing
from bus.sealing import SM4, Sealer, destroy_keys, names_data_key, open_sealed, row_hash, seal, seal_for, token, unseal

TOPIC = "canonical.resident"
NUMBER = "379901195103020029"
OF_BEFORE = "0764313161633061aeec0c3cf833a99d8bcd2051f6fd31620e22e15017ef99ab1efae3de0d49514abe98059674bd40a1ad8dfb517359"
"""The number, as the version before sealed it with the keys of `keys_of_before`."""
HERS, HIS = b"her statement", b"his statement"


def sealed(ring: KeyRing, text: str, statement: bytes = HERS, topic: str = TOPIC, field: str = "id_sealed") -> bytes:
    return seal(Sealer(ring).key_of(statement), topic, field, text)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def ring(home):
    return key_files.load_or_make(home, ["civil", "social"])


def test_sm3_is_that_of_the_standard():
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")  # GB/T 32905-2016, annex A.1
    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_sm4_gcm_is_that_of_rfc_8998():
    box = Cipher(SM4(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")), modes.GCM(bytes.fromhex("00001234567800000000ABCD"))).encryptor()
    box.authenticate_additional_data(bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDDEEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    cipher = box.update(plain) + box.finalize()
    assert cipher.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    )
    assert box.tag.hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"


def test_a_token_is_stable_and_names_its_key(ring):
    assert token(ring, "citizen_id", NUMBER) == token(ring, "citizen_id", NUMBER)
    assert token(ring, "citizen_id", NUMBER).split(".")[0] == ring.token_id
    assert len(token(ring, "citizen_id", NUMBER).split(".")[1]) == 32


def test_namespaces_and_values_never_share_a_token(ring):
    assert token(ring, "citizen_id", NUMBER) != token(ring, "passport", NUMBER)
    assert token(ring, "ab", "c") != token(ring, "a", "bc")


def test_another_city_has_other_tokens(ring, tmp_path):
    assert token(key_files.load_or_make(tmp_path), "citizen_id", NUMBER) != token(ring, "citizen_id", NUMBER)


@settings(max_examples=50)
@given(text=st.text())
def test_what_was_sealed_opens_and_is_the_same_bytes_in_a_replay(ring, text):
    blob = sealed(ring, text)
    assert unseal(ring, TOPIC, "id_sealed", blob) == text
    assert sealed(ring, text) == blob


@pytest.mark.parametrize(("topic", "field"), [("canonical.lease", "id_sealed"), (TOPIC, "sealed"), (TOPIC + "id", "_sealed")])
def test_a_ciphertext_moved_to_another_place_does_not_open(ring, topic, field):
    with pytest.raises(KeyRefused):
        unseal(ring, topic, field, sealed(ring, NUMBER))


def test_the_number_is_not_in_its_ciphertext_and_neither_places_nor_statements_look_alike(ring):
    blob = sealed(ring, NUMBER)
    assert NUMBER.encode() not in blob
    assert blob[-46:] != sealed(ring, NUMBER, field="other")[-46:]
    assert blob[-46:] != sealed(ring, NUMBER, HIS)[-46:]


def test_after_rotation_old_ciphertexts_open_and_new_ones_name_the_new_key(tmp_path):
    before = key_files.load_or_make(tmp_path)
    old = sealed(before, NUMBER)
    after = key_files.rotate_data_key(tmp_path)
    assert unseal(after, TOPIC, "id_sealed", old) == NUMBER
    new = sealed(after, NUMBER)
    assert after.current.encode() in new[:8]
    with pytest.raises(KeyRefused):
        unseal(before, TOPIC, "id_sealed", new)


def test_what_was_sealed_with_a_destroyed_key_never_opens_again_and_all_else_does(tmp_path):
    ring = key_files.load_or_make(tmp_path)
    hers, his = sealed(ring, NUMBER), sealed(ring, NUMBER, HIS)
    ring = key_files.rotate_data_key(tmp_path)
    newer = sealed(ring, NUMBER)

    assert destroy_keys(tmp_path, ring, [HERS]) == 2  # in the data key that seals, and in the one before
    for shut in (hers, newer):
        with pytest.raises(KeyRefused, match="destroyed"):
            unseal(ring, TOPIC, "id_sealed", shut)
    assert unseal(ring, TOPIC, "id_sealed", his) == NUMBER
    assert sealed(ring, NUMBER, HIS)[-46:] != hers[-46:]


def test_a_statement_that_comes_again_is_sealed_anew_and_opens_while_the_old_stays_shut(tmp_path):
    ring = key_files.load_or_make(tmp_path)
    blobs = []
    for _ in range(3):
        blobs.append(sealed(ring, NUMBER))
        destroy_keys(tmp_path, ring, [HERS])
    again = sealed(ring, NUMBER)

    assert unseal(ring, TOPIC, "id_sealed", again) == NUMBER
    assert len({again, *blobs}) == 4
    for blob in blobs:
        with pytest.raises(KeyRefused):
            unseal(ring, TOPIC, "id_sealed", blob)


def test_a_running_sealer_goes_on_to_the_next_key_when_it_looks_again(tmp_path):
    ring = key_files.load_or_make(tmp_path)
    sealer = Sealer(ring)
    before, his = sealer.key_of(HERS), sealer.key_of(HIS)
    destroy_keys(tmp_path, ring, [HERS])
    sealer.renew()

    assert sealer.key_of(HERS) != before
    assert sealer.key_of(HIS) == his


def test_a_data_key_of_before_goes_on_sealing_the_same_bytes_and_still_opens_once_it_was_rotated(tmp_path):
    ring = keys_of_before(tmp_path)
    blob = sealed(ring, NUMBER)

    assert blob.hex() == OF_BEFORE
    assert blob.startswith(names_data_key(ring.current)) and sealed(ring, NUMBER, HIS) == blob
    assert destroy_keys(tmp_path, ring, [HERS]) == 0
    after = key_files.rotate_data_key(tmp_path)
    assert after.current in after.trees
    assert unseal(after, TOPIC, "id_sealed", blob) == NUMBER
    assert not sealed(after, NUMBER).startswith(names_data_key(ring.current))


def test_a_sealing_key_never_prints_itself(ring):
    key = Sealer(ring).key_of(HERS)
    assert repr(key.key) not in repr(key) and key.key.hex() not in repr(key)


@settings(max_examples=50)
@given(blob=st.binary(max_size=80))
def test_any_bytes_are_refused_and_never_crash(ring, home, blob):
    with pytest.raises(KeyRefused):
        unseal(ring, TOPIC, "id_sealed", blob)
    with pytest.raises(KeyRefused):
        open_sealed(key_files.department_private(home, "civil"), b"letter", blob)


def test_a_sealed_box_opens_for_its_owner_alone(ring, home):
    box = seal_for(ring.departments["civil"], b"letter 1", b"the row", ring)
    assert open_sealed(key_files.department_private(home, "civil"), b"letter 1", box) == b"the row"
    with pytest.raises(KeyRefused):
        open_sealed(key_files.department_private(home, "social"), b"letter 1", box)
    with pytest.raises(KeyRefused):
        open_sealed(key_files.department_private(home, "civil"), b"letter 2", box)


def test_a_sealed_box_is_the_same_bytes_in_a_replay_and_another_for_another_content(ring):
    box = seal_for(ring.departments["civil"], b"c", b"the row", ring)
    assert seal_for(ring.departments["civil"], b"c", b"the row", ring) == box
    assert seal_for(ring.departments["civil"], b"c", b"a row", ring)[:32] != box[:32]


def test_a_row_hash_is_keyed_and_keeps_its_parts_apart(ring, tmp_path):
    assert row_hash(ring, "ab", "c") == row_hash(ring, "ab", b"c")
    assert row_hash(ring, "ab", "c") != row_hash(ring, "a", "bc")
    assert row_hash(ring, "ab", "c") != row_hash(key_files.load_or_make(tmp_path), "ab", "c")
    assert len(row_hash(ring)) == 16
