"""The files that hold the keys."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from bus import keys
from bus.errors import KeyRefused


def test_keys_are_made_on_first_use_and_are_the_same_ever_after(tmp_path):
    first = keys.load_or_make(tmp_path, ["civil"])
    assert keys.load_or_make(tmp_path, ["civil"]) == first


def test_two_homes_never_share_a_key(tmp_path):
    one, other = keys.load_or_make(tmp_path / "a"), keys.load_or_make(tmp_path / "b")
    assert one.token_key != other.token_key
    assert one.token_id != other.token_id


def test_only_the_owner_can_read_the_folder_and_the_files(tmp_path):
    keys.load_or_make(tmp_path, ["civil"])
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()} == {0o600}


def test_a_key_that_others_can_read_is_refused_with_its_place(tmp_path):
    keys.load_or_make(tmp_path)
    (tmp_path / "keys" / "bus.json").chmod(0o640)
    with pytest.raises(KeyRefused) as refused:
        keys.load(tmp_path)
    assert refused.value.place.endswith("bus.json")
    assert len(keys.check(tmp_path)) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"token": {"id": "t", "key": "00"}}'])
def test_a_damaged_file_is_refused_and_never_made_anew(tmp_path, content):
    keys.load_or_make(tmp_path)
    path = tmp_path / "keys" / "bus.json"
    path.write_text(content)
    with pytest.raises(KeyRefused):
        keys.load_or_make(tmp_path)
    assert path.read_text() == content


def test_a_flipped_key_no_longer_fits_its_id(tmp_path):
    ring = keys.load_or_make(tmp_path)
    path = tmp_path / "keys" / "bus.json"
    path.write_text(path.read_text().replace(ring.token_key.hex(), bytes(32).hex()))
    with pytest.raises(KeyRefused):
        keys.load(tmp_path)


def test_a_lost_bus_key_beside_departments_keys_is_not_replaced_in_silence(tmp_path):
    keys.load_or_make(tmp_path, ["civil"])
    (tmp_path / "keys" / "bus.json").unlink()
    with pytest.raises(KeyRefused):
        keys.load_or_make(tmp_path)


def test_a_new_department_gets_a_key_and_the_others_keep_theirs(tmp_path):
    before = keys.load_or_make(tmp_path, ["civil"])
    after = keys.load_or_make(tmp_path, ["civil", "water"])
    assert after.departments["civil"] == before.departments["civil"]
    assert set(after.departments) == {"civil", "water"}


def test_a_department_takes_its_private_key_away_and_all_is_well(tmp_path):
    keys.load_or_make(tmp_path, ["civil"])
    (tmp_path / "keys" / "department.civil.private").unlink()
    assert keys.check(tmp_path) == []
    with pytest.raises(KeyRefused):
        keys.department_private(tmp_path, "civil")


def test_a_private_key_of_another_pair_is_found_by_the_check(tmp_path):
    keys.load_or_make(tmp_path, ["civil", "social"])
    folder = tmp_path / "keys"
    (folder / "department.civil.private").replace(folder / "department.social.private")
    assert len(keys.check(tmp_path)) == 1


def test_rotation_seals_with_a_new_key_and_keeps_the_old(tmp_path):
    before = keys.load_or_make(tmp_path)
    after = keys.rotate_data_key(tmp_path)
    assert after.current not in before.data_keys
    assert set(before.data_keys) < set(after.data_keys)
    assert after.token_key == before.token_key


def test_a_department_name_cannot_leave_the_folder(tmp_path):
    with pytest.raises(KeyRefused):
        keys.load_or_make(tmp_path, ["../civil"])


def test_processes_that_start_together_get_the_same_keys(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        rings = list(pool.map(lambda _: keys.load_or_make(tmp_path, ["civil"]), range(8)))
    assert all(ring == rings[0] for ring in rings)


def test_a_key_ring_never_prints_a_key(tmp_path):
    ring = keys.load_or_make(tmp_path, ["civil"])
    shown = repr(ring)
    assert all(
        secret.hex() not in shown and repr(secret) not in shown for secret in (ring.token_key, ring.row_key, *ring.data_keys.values())
    )
