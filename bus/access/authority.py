"""WHO MAY TAKE WHICH STEP of an agreement: the department that its principal acts for decides, never what somebody writes. Pure."""

from __future__ import annotations

from typing import Literal

from bus.access.principals import OFFICE, Principal
from bus.sharing.agreement import Agreement
from bus.sharing.lifecycle import Step, Words


def objection(step: Step | Literal["watch"], who: Principal | None, agreement: Agreement) -> Words | None:
    """Why `who` may not take this step of this agreement; None if he may.

    Asked for, and its watch list kept: by the consumer, on whose behalf the office may act too. Looked through and put in force: by the
    office. Approved: by each provider. Refused, suspended, resumed, ended, its stand-ins rotated: by a provider or the office."""
    if who is None or "decide" not in who.does:
        return "This principal takes no part in agreements.", "该主体不参与协议办理。"
    allowed = {
        "submit": {agreement.consumer, OFFICE},
        "watch": {agreement.consumer, OFFICE},
        "review": {OFFICE},
        "approve": set(agreement.provider),
        "apply": {OFFICE},
    }.get(step, {*agreement.provider, OFFICE})
    if who.department in allowed:
        return None
    may = ", ".join(sorted(allowed))
    return f"'{who.department}' may not do this; {may} may.", f"“{who.department}”无权办理，有权的有：{may}。"
