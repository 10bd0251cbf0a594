"""HOW A VALUE IS HIDDEN: tokens, ciphertexts, sealed boxes and keyed hashes. All are derived: a replay writes the same bytes.

- `token`: HMAC-SM3 (GB/T 32905-2016, GB/T 15852.2): the same person's number gives the same token in all datasets; not reversible
  without the key (an unkeyed hash of a citizen number is found by trying all of them).
- `seal` / `unseal`: SM4-GCM (GB/T 32907-2016), bound to topic and field: a ciphertext moved to another field does not open.
  Each statement has a key of its own (a leaf of the data key, `bus/data_key.py`), so `destroy_keys` shuts all that was ever sealed for
  some statements, wherever copies of it lie, and nothing else. A statement that comes again after that has another key.
- `seal_for` / `open_sealed`: X25519, for one department: who writes a dead letter cannot read it.
- `row_hash`: keyed BLAKE2b, for identities and contents of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bus import keys as key_ring
from bus.data_key import LEAF, DataKey
from bus.errors import KeyRefused
from bus.key_files import Mark
from bus.keys import KeyRing

try:  # the modern home of SM4; older releases of cryptography have it beside the others
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4
except ImportError:  # pragma: no cover
    from cryptography.hazmat.decrepit.ciphers.algorithms import SM4  # type: ignore[attr-defined,no-redef]

_NONCE = 12
_TAG = 16
_POINT = 32
_HAS_LEAF = 0x80
"""Set in the first byte, which is the length of a data key's id, where the number of a leaf follows the id."""


def token(keys: KeyRing, namespace: str, value: str) -> str:
    """A stable stand-in for `value`: "<key id>.<32 hex>". The namespace keeps a passport from ever meeting a citizen number."""
    return f"{keys.token_id}.{_hmac(keys.token_key, _parts(namespace.encode(), value.encode('utf-8', 'surrogatepass')))[:16].hex()}"


def hidden_name(keys: KeyRing, name: str, sex: str = "") -> str:
    """The token of a name that must not be shown. `sex`: given where all that is known is a surname and a form of address (张先生)."""
    return token(keys, "form of address" if sex else "name", name + sex)


def side_by_side(keys: KeyRing, sound: str, other: str) -> bytes:
    """What stands for two who stand beside each other, by how their names sound, whichever is named first; 16 bytes."""
    return row_hash(keys, "evidence", "with", *sorted((sound, other)))


class SealingKey(NamedTuple):
    """What the values of one statement are sealed with. `head`: what a ciphertext says of its key, in its first bytes. `nonce_key`: None
    where the nonce comes from the key itself, so that with the key all goes by which a guessed value could be told to be right."""

    head: bytes
    key: bytes
    nonce_key: bytes | None

    def __repr__(self) -> str:
        return f"SealingKey({self.head.hex()})"


class Sealer:
    """Gives each statement its key, from the data key that seals now. Not for several threads."""

    def __init__(self, keys: KeyRing) -> None:
        """Raises `KeyRefused` where the data key cannot be read."""
        self._keys = keys
        self._file = keys.trees.get(keys.current)
        self._mark: Mark | None = None
        self._data_key = DataKey(b"")
        self.renew()

    def renew(self) -> None:
        """Take the data key as it now stands: what was destroyed meanwhile seals nothing any more. Once a batch; one look at a file."""
        if self._file is not None and (mark := self._file.mark()) != self._mark:
            self._data_key, self._mark = self._file.read(), mark

    def key_of(self, statement: bytes) -> SealingKey:
        """The key of a statement, by its statement key: the same in every replay, until it is destroyed."""
        keys = self._keys
        if self._file is None:
            return SealingKey(_head(keys.current), keys.data_keys[keys.current], keys.nonce_key)
        number, leaf = _leaf_of(keys, self._data_key, statement)
        return SealingKey(_head(keys.current, number), leaf, None)


def seal(key: SealingKey, topic: str, field: str, text: str) -> bytes:
    """`text` encrypted for `field` of `topic`: length and id of the data key, number of the leaf, nonce, ciphertext, tag."""
    plain = text.encode("utf-8", "surrogatepass")
    bound = _parts(topic.encode(), field.encode())
    nonce = _own_nonce(key.key, bound + plain) if key.nonce_key is None else _hmac(key.nonce_key, bound + plain)[:_NONCE]
    box = Cipher(SM4(key.key), modes.GCM(nonce)).encryptor()
    box.authenticate_additional_data(bound)
    cipher = box.update(plain) + box.finalize()
    return key.head + nonce + cipher + box.tag


def unseal(keys: KeyRing, topic: str, field: str, blob: bytes) -> str:
    """What `seal` hid. Raises `KeyRefused` for a key that was destroyed, another key, topic or field, or a damaged blob. Reads the data key
    as it stands: meant for a value that somebody asks for, not for a stream."""
    key, size = _key_named(keys, blob)
    nonce, cipher, tag = blob[size : size + _NONCE], blob[size + _NONCE : -_TAG], blob[-_TAG:]
    if key is None or len(blob) < size + _NONCE + _TAG:
        raise _not_opened()
    box = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
    box.authenticate_additional_data(_parts(topic.encode(), field.encode()))
    try:
        return (box.update(cipher) + box.finalize()).decode("utf-8", "surrogatepass")
    except InvalidTag as wrong:
        raise _not_opened() from wrong


def destroy_keys(home: Path, keys: KeyRing, statements: Collection[bytes]) -> int:
    """Destroy for good the keys of these statements, in every data key of `home` that holds single keys; how many they are. Nothing that
    was sealed for them opens any more, by nobody but who kept a copy of the key files of before. Where it is done again, the keys that
    they would have been given since are destroyed as well. Raises `KeyRefused`."""
    return key_ring.destroy(home, lambda data_key: (_leaf_of(keys, data_key, each)[0] for each in statements))


def names_data_key(id: str) -> bytes:
    """The bytes with which every ciphertext begins that a data key of before sealed."""
    return _head(id)


def _leaf_of(keys: KeyRing, data_key: DataKey, statement: bytes) -> tuple[int, bytes]:
    """Number and key of the leaf of a statement: the first of an endless row that is not destroyed. Two statements of a city of ten million
    share one once in 28 million times."""
    generation = 0
    while True:
        name = generation.to_bytes(4, "big") + statement
        number = int.from_bytes(blake2b(name, digest_size=LEAF, key=keys.row_key, person=b"civicbus leaf").digest(), "big")
        if (leaf := data_key.leaf(number)) is not None:
            return number, leaf
        generation += 1


def _head(id: str, leaf: int | None = None) -> bytes:
    name = id.encode()
    if leaf is None:
        return bytes((len(name),)) + name
    return bytes((_HAS_LEAF | len(name),)) + name + leaf.to_bytes(LEAF, "big")


def _key_named(keys: KeyRing, blob: bytes) -> tuple[bytes | None, int]:
    """The key that a ciphertext names, None where there is no such; and the bytes that it takes to name it."""
    if not blob:
        return None, 0
    size = 1 + (blob[0] & ~_HAS_LEAF)
    id = blob[1:size].decode("ascii", "replace")
    if not blob[0] & _HAS_LEAF:
        return keys.data_keys.get(id), size
    number = blob[size : size + LEAF]
    if id not in keys.trees or len(number) < LEAF:
        return None, size + LEAF
    leaf = keys.trees[id].read().leaf(int.from_bytes(number, "big"))
    if leaf is None:
        raise KeyRefused("the key of this was destroyed: it cannot be opened any more", "其密钥已销毁，密文无法再打开")
    return leaf, size + LEAF


def _own_nonce(key: bytes, content: bytes) -> bytes:
    return blake2b(content, digest_size=_NONCE, key=key, person=b"civicbus nonce").digest()


def seal_for(public: bytes, context: bytes, content: bytes, keys: KeyRing) -> bytes:
    """`content` for the owner of `public` alone, bound to `context`. The one-time key comes from a keyed hash of the content, so a
    replay writes the same bytes and two contents never share a one-time key."""
    secret = _hmac(keys.nonce_key, b"box" + _parts(public, context) + content)
    once = X25519PrivateKey.from_private_bytes(secret)
    point = once.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    return point + ChaCha20Poly1305(_box_key(shared, point, public)).encrypt(bytes(_NONCE), content, context)


def open_sealed(private: bytes, context: bytes, blob: bytes) -> bytes:
    """What `seal_for` hid. Raises `KeyRefused` for another department's key, another context or a damaged blob."""
    mine = X25519PrivateKey.from_private_bytes(private)
    public = mine.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    point = blob[:_POINT]
    try:
        shared = mine.exchange(X25519PublicKey.from_public_bytes(point))
        return ChaCha20Poly1305(_box_key(shared, point, public)).decrypt(bytes(_NONCE), blob[_POINT:], context)
    except (InvalidTag, ValueError) as wrong:
        raise _not_opened() from wrong


def row_hash(keys: KeyRing, first: bytes | str | None = None, *further: bytes | str) -> bytes:
    """16 bytes that stand for these parts, in order; ("ab", "c") and ("a", "bc") differ."""
    if isinstance(first, bytes):
        digest, content = _begun(keys.row_key, None).copy(), len(first).to_bytes(4, "big") + first
    else:
        digest, content = _begun(keys.row_key, first).copy(), b""
    for part in further:
        piece = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        content += len(piece).to_bytes(4, "big") + piece
    digest.update(content)
    return digest.digest()


@lru_cache(maxsize=256)
def _begun(key: bytes, kind: str | None) -> blake2b:
    """Of `row_hash` the key is absorbed once, and a first part that is text: it says what is hashed, so there are few of them."""
    piece = (kind or "").encode("utf-8", "surrogatepass")
    return blake2b(b"" if kind is None else len(piece).to_bytes(4, "big") + piece, digest_size=16, key=key)


def derived_key(keys: KeyRing, *purpose: str) -> bytes:
    """A key for one purpose alone: who has it learns neither the keys of the bus nor that of another purpose."""
    return _hmac(keys.nonce_key, b"key" + b"".join(len(part).to_bytes(2, "big") + part for part in map(str.encode, purpose)))


def keyed_hash(key: bytes, kind: str) -> Callable[[str], bytes]:
    """A function from a value of some kind to its HMAC-SM3, 32 bytes; equal values of two kinds differ. Key and kind are absorbed once."""
    begun = _ready(key).copy()
    begun.update(_parts(kind.encode(), b""))

    def hashed(value: str) -> bytes:
        digest = begun.copy()
        digest.update(value.encode("utf-8", "surrogatepass"))
        return digest.finalize()

    return hashed


def _parts(first: bytes, second: bytes) -> bytes:
    return len(first).to_bytes(2, "big") + first + len(second).to_bytes(2, "big") + second


@lru_cache(maxsize=8)
def _ready(key: bytes) -> hmac.HMAC:
    """The key is absorbed once: half of the cost of a short HMAC."""
    return hmac.HMAC(key, hashes.SM3())


def _hmac(key: bytes, content: bytes) -> bytes:
    digest = _ready(key).copy()
    digest.update(content)
    return digest.finalize()


def _box_key(shared: bytes, point: bytes, public: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"civicbus sealed box" + point + public).derive(shared)


def _not_opened() -> KeyRefused:
    return KeyRefused("this was sealed with another key, or for another place", "密文与密钥或位置不符，无法打开")
