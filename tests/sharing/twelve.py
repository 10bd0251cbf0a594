"""Twelve agreements of all kinds over one city: every way in which a field can go out, of residents, dwellings and other entities, of all
rows, of a county, a street, a grid, of the consumer's own caseload."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml


def twelve(county: str, street: str, grid: str) -> dict[str, str]:
    """Agreement → its text. `county`, `street`: 12 digits of divisions in which people live; `grid`: 15."""
    texts: dict[str, Mapping[str, Any]] = {
        "names-of-a-grid": _of("resident", "civil", ["social"], {"name": "clear", "sex": "clear"}, rows={"grids": [grid]}),
        "masked-of-a-county": _of(
            "resident",
            "housing",
            ["civil", "social"],
            {
                "name": "masked",
                "phones": "masked",
                "id_masked": "masked",
                "residence_address": "masked",
                "hukou_address": "masked",
            },
            rows={"counties": [county]},
        ),
        "ages-in-bands": _of(
            "resident",
            "civil",
            ["social", "housing"],
            {"birth_date": {"band": [18, 60, 80]}, "residence_division": {"level": "street"}, "residence_address": {"level": "community"}},
        ),
        "years-of-own-people": _of(
            "resident",
            "social",
            ["civil"],
            {"birth_date": "year", "marital_status": "clear", "occupation": "exists"},
            rows={"caseload": "own"},
            subject="own_key",
        ),
        "stand-ins-of-a-street": _of(
            "resident",
            "housing",
            ["social", "civil"],
            {"id_token": "pseudonym", "phones": "pseudonym", "deceased": "clear"},
            rows={"streets": [street]},
        ),
        "links-counted": _of(
            "resident",
            "social",
            ["civil", "housing"],
            {"id_type": "clear"},
            links={"owner": "count", "lessee": "count", "member": "pseudonym", "spouse": "exists"},
        ),
        "homes-counted": _of(
            "dwelling",
            "civil",
            ["housing"],
            {"address": {"level": "community"}, "area_total": {"band": [30, 60, 90]}, "usage": "clear"},
            links={"owner": "count"},
            rows={"caseload": "own"},
            subject="own_key",
        ),
        "homes-in-clear": _of(
            "dwelling",
            "social",
            ["housing"],
            {"address": "clear", "compound_name": "clear", "real_estate_unit_no": "masked", "completed_on": "month"},
            rows={"counties": [county]},
        ),
        "leases": _of(
            "lease",
            "civil",
            ["housing"],
            {
                "filing_no": "masked",
                "lessors": "masked",
                "lessees": "pseudonym",
                "co_residents": "exists",
                "rent_fen_per_month": {"band": [100000, 300000]},
            },
        ),
        "appeals-of-a-street": _of(
            "appeal",
            "housing",
            ["social"],
            {"caller": "clear", "title": "clear", "content": "clear", "number": "pseudonym", "place_address": {"level": "street"}},
            rows={"streets": [street]},
        ),
        "marriages": _of(
            "marriage",
            "housing",
            ["civil"],
            {"husband": "clear", "wife": "masked", "certificate_no": "masked", "registered_on": "year", "archive_no": "exists"},
        ),
        "benefits": _of(
            "benefit",
            "social",
            ["civil"],
            {"party": "pseudonym", "kind": "clear", "amount_fen_per_month": {"band": [50000]}, "remarks": "exists", "from_on": "year"},
        ),
    }
    return {id: yaml.safe_dump({"agreement": id, **text}, allow_unicode=True, sort_keys=False) for id, text in texts.items()}


def _of(entity: str, consumer: str, provider: list[str], fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "title": {"zh": "示例协议", "en": "Example"},
        "provider": provider,
        "consumer": consumer,
        "subscribers": [f"svc-{consumer}"],
        "entity": entity,
        "fields": fields,
        "purpose": "测试授权范围",
        "basis": "示例依据",
        "scene": "测试场景",
        "scope": "测试人员",
        "way": "topic",
        "until": date(2099, 12, 31),
        "impact_assessment": "PIA-2026-001",
        **more,
    }
