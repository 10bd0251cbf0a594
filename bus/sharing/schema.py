"""The contract of what an agreement delivers: an Avro schema made from the grant, documented from the contract of the entity. Pure."""

from __future__ import annotations

import json
from typing import Any

from bus.contracts.schema import Schema, parse
from bus.sharing.grant import Grant, How
from bus.sharing.hiding import avro_of
from bus.sharing.items import kind_of
from bus.sharing.view import OWN_KEYS, link_field

OPERATIONS = ("created", "changed", "corrected", "ended")


def schema_of(grant: Grant, entity: Schema) -> Schema:
    """The schema of `share.<agreement>`. `entity`: the canonical schema of the entity that is shared."""
    fields = {field.name: field for field in entity.root.fields}
    kinds = {name: kind_of(fields[name], entity) for name in grant.fields}
    granted = [_field(name, avro_of(kinds[name], how), how, fields[name].annotations) for name, how in sorted(grant.fields.items())]
    raw = {
        "type": "record",
        "name": grant.agreement.replace("-", "_"),
        "namespace": "civicbus.share",
        "doc": f"What agreement {grant.agreement} grants to {grant.consumer}, and nothing else.",
        "doc_zh": f"协议 {grant.agreement} 授予 {grant.consumer} 的内容，别无其他。",
        "fields": [*_HEAD, *(_ROTATED if grant.epoch > 1 else []), *granted, *_links(grant), *([_OWN_KEYS] if grant.own_keys else [])],
    }
    return parse(json.dumps(raw, ensure_ascii=False), f"share.{grant.agreement}")


def _links(grant: Grant) -> list[dict[str, Any]]:
    kinds = {"pseudonym": {"type": "array", "items": "string"}, "count": "int", "exists": "boolean"}
    said = {"default": None, "doc": "Links of this kind that hold now.", "doc_zh": "当前有效的此类关系。"}
    return [{"name": link_field(kind), "type": ["null", kinds[how]], **said, "how": how} for kind, how in sorted(grant.links.items())]


def _field(name: str, kind: Any, how: How, about: Any) -> dict[str, Any]:
    said = {"doc": about.get("doc", ""), "doc_zh": about.get("doc_zh", "")}
    return {"name": name, "type": ["null", kind], "default": None, **said, "how": how.kind}


_OWN_KEYS: dict[str, Any] = {
    "name": OWN_KEYS,
    "type": ["null", {"type": "array", "items": "string"}],
    "default": None,
    "doc": "The consumer's own rows of the subject: dataset and key.",
    "doc_zh": "使用方自己关于该对象的数据行：数据集与主键。",
}
_ROTATED: list[dict[str, Any]] = [
    {
        "name": "formerly",
        "type": ["null", "string"],
        "default": None,
        "doc": "The stand-in that the subject had before they were rotated; told for a while.",
        "doc_zh": "轮换前该对象的假名，仅在并行期内告知。",
    },
    {
        "name": "becomes",
        "type": ["null", "string"],
        "default": None,
        "doc": "Where a stand-in ends because they were rotated: the one that the subject has from then on.",
        "doc_zh": "因轮换而终止的假名：该对象此后的假名。",
    },
]
_HEAD: list[dict[str, Any]] = [
    {
        "name": "subject",
        "type": "string",
        "doc": "Who or what it is about: a stand-in that is stable within this agreement and meets that of no other.",
        "doc_zh": "对象的假名：在本协议内稳定，与其他协议的假名无法对应。",
    },
    {
        "name": "operation",
        "type": {"type": "enum", "name": "Operation", "symbols": list(OPERATIONS)},
        "doc": "created: delivered first; changed; corrected: the one before was wrong; ended: no longer within the agreement.",
        "doc_zh": "created 首次交付；changed 变化；corrected 此前交付有误；ended 不再属于本协议范围。",
    },
    {
        "name": "event_id",
        "type": "string",
        "doc": "Identifier of this event within this agreement; the same in a replay.",
        "doc_zh": "本协议内的事件标识，重放时不变。",
    },
    {
        "name": "corrects",
        "type": {"type": "array", "items": "string"},
        "doc": "Events delivered before that were wrong.",
        "doc_zh": "被更正的此前交付事件。",
        "default": [],
    },
    {
        "name": "disputed",
        "type": {"type": "array", "items": "string"},
        "doc": "Fields of which another department says otherwise, until that is settled.",
        "doc_zh": "存在异议、尚未办结的字段。",
        "default": [],
    },
]
