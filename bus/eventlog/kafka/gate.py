"""`bus.eventlog.rules.Gate` on Apache Kafka: ACLs of the StandardAuthorizer, and SCRAM users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import kafka.errors as of_kafka
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from bus.errors import BusError, LogRefused
from bus.eventlog.kafka.causes import cause
from bus.eventlog.kafka.cluster import Cluster
from bus.eventlog.rules import Rule

ITERATIONS = 8192
"""Of a password's hash: twice the least that Kafka takes (RFC 7677)."""
_USER = "User:"
_THINGS: Mapping[str, ResourceType] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transaction": ResourceType.TRANSACTIONAL_ID,
    "cluster": ResourceType.CLUSTER,
}
_NAMES = {kind: name for name, kind in _THINGS.items()}


class KafkaGate:
    """See `bus.eventlog.rules.Gate`."""

    def __init__(self, cluster: Cluster) -> None:
        self._at = cluster

    def guarded(self) -> bool:
        return self._described() is not None

    def rules(self) -> set[Rule]:
        return set(map(_rule, self._described() or ()))

    def allow(self, rules: Iterable[Rule]) -> None:
        if wanted := [_acl(rule) for rule in rules]:
            answer = self._at.ask(lambda admin: admin.create_acls(wanted), "making rules")
            for error in answer["failed"]:
                raise cause(error(), "making rules")

    def withdraw(self, rules: Iterable[Rule]) -> None:
        if doomed := [_acl(rule) for rule in rules]:
            for _, _, error in self._at.ask(lambda admin: admin.delete_acls(doomed), "withdrawing rules"):
                if error is not of_kafka.NoError:
                    raise cause(error(), "withdrawing rules")

    def users(self) -> set[str]:
        found: Mapping[str, Any] = self._at.ask(lambda admin: admin.describe_user_scram_credentials(), "listing users")
        return {user for user, said in found.items() if said["credential_infos"]}

    def set_password(self, user: str, password: str) -> None:
        made = UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password, ITERATIONS)
        self._alter([made], "setting a password")

    def remove_users(self, users: Iterable[str]) -> None:
        known: Mapping[str, Any] = self._at.ask(lambda admin: admin.describe_user_scram_credentials(), "listing users")
        doomed = [(user, each["mechanism"]) for user in users if user in known for each in known[user]["credential_infos"]]
        if doomed:
            self._alter([UserScramCredentialDeletion(user, mechanism) for user, mechanism in doomed], "removing users")

    def groups(self, prefix: str) -> list[str]:
        ours = self._at.settings.prefix
        found = self._at.ask(lambda admin: admin.list_groups(), "listing groups")
        return sorted(each["group_id"].removeprefix(ours) for each in found if each["group_id"].startswith(ours + prefix))

    def _described(self) -> list[Any] | None:
        """None where there is no authorizer."""
        every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        asked = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, every)
        try:
            return list(self._at.ask(lambda admin: admin.describe_acls(asked)[0], "listing rules"))
        except BusError as error:
            if isinstance(error.__cause__, of_kafka.SecurityDisabledError):
                return None
            raise

    def _alter(self, changes: list[Any], doing: str) -> None:
        answer = self._at.ask(lambda admin: admin.alter_user_scram_credentials(changes), doing)
        for user, wrong in answer.items():
            if wrong:
                raise LogRefused(f"Kafka refuses to change this user ({doing}).", "Kafka 拒绝更改该用户。", place=user)


def _acl(rule: Rule) -> ACL:
    kind = ACLResourcePatternType.PREFIXED if rule.prefixed else ACLResourcePatternType.LITERAL
    where = ResourcePattern(_THINGS.get(rule.thing) or ResourceType[rule.thing.upper()], rule.name, kind)
    permission = ACLPermissionType.DENY if rule.denied else ACLPermissionType.ALLOW
    principal = rule.principal if ":" in rule.principal else _USER + rule.principal
    return ACL(principal, rule.host, ACLOperation[rule.deed.upper()], permission, where)


def _rule(acl: Any) -> Rule:
    where = acl.resource_pattern
    return Rule(
        acl.principal.removeprefix(_USER),
        _NAMES.get(where.resource_type, where.resource_type.name.lower()),
        where.resource_name,
        where.pattern_type == ACLResourcePatternType.PREFIXED,
        acl.operation.name.lower(),
        acl.permission_type == ACLPermissionType.DENY,
        acl.host,
    )
