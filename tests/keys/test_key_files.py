"""The files that hold the keys."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from keys_of_before import keys_of_before

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
    assert after.current not in before.trees
    assert set(before.trees) < set(after.trees)
    assert after.token_key == before.token_key


def test_a_bus_of_before_keeps_its_data_key_until_it_is_rotated(tmp_path):
    before = keys_of_before(tmp_path)
    assert keys.load_or_make(tmp_path, ["civil"]).current == before.current
    assert not list((tmp_path / "keys").glob("*.tree"))
    after = keys.rotate_data_key(tmp_path)
    assert set(after.trees) == {after.current}
    assert after.data_keys == before.data_keys
    assert keys.check(tmp_path) == []


def test_what_is_destroyed_is_gone_from_the_file_and_counted_and_the_file_is_its_owners_alone(tmp_path):
    ring = keys.load_or_make(tmp_path)
    file = ring.trees[ring.current]
    before, mark = file.read(), file.mark()

    assert keys.destroy(tmp_path, lambda key: [5, 7, 7]) == 2
    assert keys.destroy(tmp_path, lambda key: [7]) == 0
    after = file.read()
    assert (after.leaf(5), after.leaf(7), after.leaf(6)) == (None, None, before.leaf(6))
    assert keys.destroyed(keys.load(tmp_path)) == 2
    assert before.nodes[-16:] not in file.path.read_bytes()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.mark() != mark
    assert not list((tmp_path / "keys").glob("*.new"))


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_damaged_data_key_is_refused_with_its_place(tmp_path, place):
    ring = keys.load_or_make(tmp_path)
    keys.destroy(tmp_path, lambda key: [5])
    path = ring.trees[ring.current].path
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    with pytest.raises(KeyRefused) as refused:
        keys.load(tmp_path)
    assert refused.value.place == str(path) and refused.value.message_zh
    assert len(keys.check(tmp_path)) == 1


def test_a_data_key_that_is_cut_short_lost_or_that_of_another_id_is_refused(tmp_path):
    keys.load_or_make(tmp_path)
    ring = keys.rotate_data_key(tmp_path)
    one, other = (file.path for file in ring.trees.values())
    whole = one.read_bytes()
    for content in (whole[:-1], whole[:16], b"", other.read_bytes()):
        one.write_bytes(content)
        with pytest.raises(KeyRefused):
            keys.load(tmp_path)
    one.unlink()
    with pytest.raises(KeyRefused):
        keys.load(tmp_path)
    assert len(keys.check(tmp_path)) == 1


def test_a_data_key_that_others_can_read_is_refused(tmp_path):
    ring = keys.load_or_make(tmp_path)
    ring.trees[ring.current].path.chmod(0o640)
    with pytest.raises(KeyRefused):
        keys.load(tmp_path)


def test_processes_that_destroy_at_once_lose_nothing_of_one_another(tmp_path):
    ring = keys.load_or_make(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda number: keys.destroy(tmp_path, lambda key: [number]), range(16)))
    left = ring.trees[ring.current].read()
    assert counts == [1] * 16
    assert [left.leaf(number) for number in range(16)] == [None] * 16


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
