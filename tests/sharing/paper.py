"""An agreement as a person writes it, for tests to change a line of."""

from __future__ import annotations

from typing import Any

import yaml

from bus.sharing import agreement
from bus.sharing.agreement import Agreement

HOUSING = """\
agreement: civil-housing-of-families
title: {zh: 低保家庭住房核对, en: Housing of allowance families}
provider: [housing]
consumer: civil
subscribers: [svc-civil-check]
entity: dwelling
fields:
  address: {level: community}
  usage: clear
  area_total: {band: [30, 60, 90]}
rows: {caseload: own}
purpose: 低保资格核对
basis: 社会救助暂行办法第五十八条
scene: 低保申请与复核
scope: 市、区民政部门社会救助科
way: topic
until: 2027-12-31
"""
"""Written out with the lines that tests count on: fields on 7, rows on 11, until on 17."""


def text(**changed: Any) -> str:
    """HOUSING with some keys changed, or taken out where None."""
    values = {**yaml.safe_load(HOUSING), **changed}
    return yaml.safe_dump({name: value for name, value in values.items() if value is not None}, allow_unicode=True, sort_keys=False)


def made(**changed: Any) -> Agreement:
    """HOUSING with some keys changed, read."""
    return agreement.read(text(**changed), "paper.yaml")[0]
