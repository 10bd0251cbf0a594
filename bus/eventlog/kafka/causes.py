"""What a failure of kafka-python means, as one of the bus's errors.

The texts name no more than topics and settings: kafka-python's own messages may quote a record's value, so they are not passed on.
"""

from __future__ import annotations

import ssl

import kafka.errors as of_kafka

from bus.errors import BusError, Fenced, LogRefused, NotAllowed, Unreachable

_MEMBER_GONE = (
    of_kafka.CommitFailedError,
    of_kafka.IllegalGenerationError,
    of_kafka.UnknownMemberIdError,
    of_kafka.FencedInstanceIdError,
    of_kafka.RebalanceInProgressError,
)
_PRODUCER_GONE = (of_kafka.ProducerFencedError, of_kafka.InvalidProducerEpochError, of_kafka.InvalidProducerIdMappingError)
_TOO_LARGE = (of_kafka.MessageSizeTooLargeError, of_kafka.RecordListTooLargeError)
_GONE = (of_kafka.OffsetOutOfRangeError, of_kafka.LogTruncationError)
# Numbers of OpenSSL (x509_vfy.h): host name, IP address · not yet, no longer · no issuer, self-signed, signed with another key than the
# authority of that name has.
_OTHER_NAME, _NOT_NOW, _OTHER_AUTHORITY = {62, 64}, {9, 10}, {2, 7, 18, 19, 20, 21}

# Words in OpenSSL's names of what the other side said, or was heard to say. A handshake that just fails is how a broker of TLS 1.2 says
# that it wants a certificate.
_VERSION = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "VERSION_TOO_LOW", "WRONG_SSL_VERSION")
_CLIENT_CERTIFICATE = ("CERTIFICATE", "ALERT_UNKNOWN_CA", "ALERT_DECRYPT_ERROR", "ALERT_HANDSHAKE_FAILURE")


class Replaced(Fenced):
    """Another process works under the same transactional id; this one must end."""

    zh = "另一进程正以同一事务标识运行，本进程必须退出。"


def cause(error: BaseException, doing: str) -> BusError:
    """The bus's error for `error`, which was met while `doing` (English, for the message)."""
    if isinstance(error, BusError):
        return error
    root = _root(error)
    name = type(root).__name__
    if isinstance(root, _PRODUCER_GONE):
        return Replaced(place=doing)
    if isinstance(root, _MEMBER_GONE):
        return Fenced(
            "This reader no longer owns what it read: it was too slow, or the group changed.",
            "本读取者已不再拥有所读分区：处理过慢，或消费组已变化。",
            place=doing,
        )
    if isinstance(root, of_kafka.SaslAuthenticationFailedError):
        return wrong_credentials(doing)
    if isinstance(root, of_kafka.AuthorizationError):
        return NotAllowed(
            f"Kafka does not allow this user to do this ({name}, while {doing}).",
            f"Kafka 拒绝该用户执行此操作（{name}）。",
            place=doing,
        )
    if isinstance(root, _TOO_LARGE):
        return LogRefused("A record is larger than Kafka's topic allows (1 MB).", "记录超过 Kafka 主题允许的大小（1 MB）。", place=doing)
    if isinstance(root, _GONE):
        return LogRefused(
            "The position of this group lies outside of what the topic still keeps; move it deliberately.",
            "该消费组的位置已不在主题保留范围内，请有意识地重设位置。",
            place=doing,
        )
    if isinstance(root, of_kafka.UnknownTopicOrPartitionError):
        return LogRefused("The topic does not exist.", "主题不存在。", place=doing)
    if isinstance(root, of_kafka.UnsupportedVersionError):
        return LogRefused("This Kafka is too old for what civicbus needs (2.5).", "该 Kafka 版本过旧（至少需要 2.5）。", place=doing)
    return Unreachable(f"Kafka failed while {doing} ({name}).", f"Kafka 操作失败（{name}）。", place=doing)


def wrong_credentials(place: str) -> Unreachable:
    """The broker is there and refuses the user name or the password."""
    return Unreachable(
        "Kafka refuses the user name or the password.",
        "Kafka 拒绝了用户名或密码。",
        place=place,
        hint="Check sasl.username, sasl.password and sasl.mechanism.",
        hint_zh="请检查 sasl.username、sasl.password 与 sasl.mechanism。",
    )


def broken_tls(error: ssl.SSLError, place: str, shown: bool) -> tuple[str, Unreachable]:
    """Why the broker and this client do not come to speak TLS, as the code of `probe` and the error. `shown`: whether the client has a
    certificate to show."""
    reason = error.reason or ""
    if any(word in reason for word in _VERSION):
        return "tls_version", Unreachable(
            "The broker speaks no version of TLS that is safe (1.2 or 1.3).",
            "Kafka 未启用安全的 TLS 版本（1.2 或 1.3）。",
            place=place,
            hint="Allow TLSv1.2 or TLSv1.3 at the broker (ssl.enabled.protocols).",
            hint_zh="请在 Kafka 端启用 TLSv1.2 或 TLSv1.3（ssl.enabled.protocols）。",
        )
    if not any(word in reason for word in _CLIENT_CERTIFICATE):
        return "tls", Unreachable("The broker does not speak TLS at this address.", "该地址的 Kafka 不使用 TLS。", place=place)
    if not shown:
        return "certificate_wanted", Unreachable(
            "The broker wants a certificate of the client, and none is set.",
            "Kafka 要求客户端证书，但未配置。",
            place=place,
            hint="Set ssl.certificate.location and ssl.key.location (and ssl.key.password, if the key has one).",
            hint_zh="请设置 ssl.certificate.location 与 ssl.key.location（私钥有口令时另设 ssl.key.password）。",
        )
    return "certificate_refused", Unreachable(
        "The broker does not accept the certificate of this client.",
        "Kafka 不接受本客户端的证书。",
        place=place,
        hint="Set ssl.certificate.location to a certificate that is in its time, of an authority that the broker trusts (ssl.truststore).",
        hint_zh="请将 ssl.certificate.location 设为有效期内、由 Kafka 信任的机构签发的证书（ssl.truststore）。",
    )


def wrong_certificate(error: ssl.SSLCertVerificationError, place: str) -> tuple[str, Unreachable]:
    """Why the certificate that the broker shows is not believed, as the code of `probe` and the error."""
    if error.verify_code in _OTHER_NAME:
        return "certificate_name", Unreachable(
            "The broker's certificate is for another host than this address names.",
            "Kafka 的证书与该地址的主机名不符。",
            place=place,
            hint="Use a host name that stands in the certificate, or give the broker a certificate with this one (subjectAltName).",
            hint_zh="请改用证书中的主机名，或为 Kafka 换发包含该主机名的证书（subjectAltName）。",
        )
    if error.verify_code in _NOT_NOW:
        return "certificate_expired", Unreachable(
            f"The broker's certificate is out of its time ({error.verify_message}).",
            "Kafka 的证书已过期或尚未生效。",
            place=place,
            hint="Renew the broker's certificate; if it is in order, the clock of this machine is wrong.",
            hint_zh="请更新 Kafka 的证书；如证书有效，请检查本机时钟。",
        )
    if error.verify_code in _OTHER_AUTHORITY:
        return "certificate_authority", Unreachable(
            "The broker's certificate is signed by an authority that is not trusted here.",
            "Kafka 的证书由此处不信任的机构签发。",
            place=place,
            hint="Set ssl.ca.location to the certificate of the authority that signed the broker's.",
            hint_zh="请将 ssl.ca.location 设为签发 Kafka 证书的机构的证书。",
        )
    why = error.verify_message
    return "tls", Unreachable(f"The broker's certificate is not accepted: {why}.", f"不接受该 Kafka 的证书：{why}。", place=place)


def missing_topic(topic: str) -> LogRefused:
    """A topic that was to exist does not."""
    return LogRefused(f"Topic '{topic}' does not exist.", f"主题“{topic}”不存在。", place=topic)


def _root(error: BaseException) -> BaseException:
    """kafka-python wraps the reason of a failed transaction in a plain KafkaError, as its last argument."""
    while type(error) is of_kafka.KafkaError:
        inner = [each for each in (*error.args, error.__cause__) if isinstance(each, BaseException)]
        if not inner:
            break
        error = inner[-1]
    return error
