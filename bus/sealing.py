"""HOW A VALUE IS HIDDEN: tokens, ciphertexts, sealed boxes and keyed hashes. All are derived: a replay writes the same bytes.

- `token`: HMAC-SM3 (GB/T 32905-2016, GB/T 15852.2): the same person's number gives the same token in all datasets; not reversible
  without the key (an unkeyed hash of a citizen number is found by trying all of them).
- `seal` / `unseal`: SM4-GCM (GB/T 32907-2016), bound to topic and field: a ciphertext moved to another field does not open.
- `seal_for` / `open_sealed`: X25519, for one department: who writes a dead letter cannot read it.
- `row_hash`: keyed BLAKE2b, for identities and contents of rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bus.errors import KeyRefused
from bus.keys import KeyRing

try:  # the modern home of SM4; older releases of cryptography have it beside the others
    from cryptography.hazmat.primitives.ciphers.algorithms import SM4
except ImportError:  # pragma: no cover
    from cryptography.hazmat.decrepit.ciphers.algorithms import SM4  # type: ignore[attr-defined,no-redef]

_NONCE = 12
_TAG = 16
_POINT = 32


def token(keys: KeyRing, namespace: str, value: str) -> str:
    """A stable stand-in for `value`: "<key id>.<32 hex>". The namespace keeps a passport from ever meeting a citizen number."""
    return f"{keys.token_id}.{_hmac(keys.token_key, _parts(namespace.encode(), value.encode('utf-8', 'surrogatepass')))[:16].hex()}"


def hidden_name(keys: KeyRing, name: str, sex: str = "") -> str:
    """The token of a name that must not be shown. `sex`: given where all that is known is a surname and a form of address (张先生)."""
    return token(keys, "form of address" if sex else "name", name + sex)


def seal(keys: KeyRing, topic: str, field: str, text: str) -> bytes:
    """`text` encrypted for `field` of `topic`: length and id of the data key, nonce, ciphertext, tag."""
    plain = text.encode("utf-8", "surrogatepass")
    bound = _parts(topic.encode(), field.encode())
    nonce = _hmac(keys.nonce_key, bound + plain)[:_NONCE]
    box = Cipher(SM4(keys.data_keys[keys.current]), modes.GCM(nonce)).encryptor()
    box.authenticate_additional_data(bound)
    cipher = box.update(plain) + box.finalize()
    name = keys.current.encode()
    return bytes((len(name),)) + name + nonce + cipher + box.tag


def unseal(keys: KeyRing, topic: str, field: str, blob: bytes) -> str:
    """What `seal` hid. Raises `KeyRefused` for another key, topic or field, or a damaged blob."""
    size = 1 + blob[0] if blob else 0
    key = keys.data_keys.get(blob[1:size].decode("ascii", "replace"))
    nonce, cipher, tag = blob[size : size + _NONCE], blob[size + _NONCE : -_TAG], blob[-_TAG:]
    if key is None or len(blob) < size + _NONCE + _TAG:
        raise _not_opened()
    box = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
    box.authenticate_additional_data(_parts(topic.encode(), field.encode()))
    try:
        return (box.update(cipher) + box.finalize()).decode("utf-8", "surrogatepass")
    except InvalidTag as wrong:
        raise _not_opened() from wrong


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


def row_hash(keys: KeyRing, *parts: bytes | str) -> bytes:
    """16 bytes that stand for `parts`, in order; ("ab", "c") and ("a", "bc") differ."""
    content = bytearray()
    for part in parts:
        piece = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        content += len(piece).to_bytes(4, "big")
        content += piece
    return blake2b(content, digest_size=16, key=keys.row_key).digest()


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
