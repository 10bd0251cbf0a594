"""PRINCIPALS: who connects, for which department, to do what. As the operator of the bus writes it (`CIVICBUS_PRINCIPALS`):

    pub-civil: {department: civil, does: [publish]}
    zhang-civil: {department: civil, does: [decide]}
    data-office: {department: office, does: [decide, rule]}
    civicbus: {does: [steps]}
    keeper: {does: [keep]}

A principal is what the log has authenticated: Kafka's user, on the embedded log the user whose process it is. Which subscribers read what
does not stand here, but in the agreements.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from yaml import YAMLError, safe_load

from bus.errors import ConfigRefused

OFFICE = "office"
"""The data-sharing office (主管部门), in place of a department."""
DEEDS: Mapping[str, str] = {
    "publish": "publishes the department's datasets, reads and replays its dead letters, reads its disputes",
    "inbox": "publishes for all departments what they lay into its inbox",
    "decide": "takes part in the life of agreements, for its department",
    "rule": "answers disputes and rules on identities",
    "erase": "asks for the erasure of a person's file, or carries out what another asked for",
    "look": "sees figures and health",
    "audit": "reads the audit",
    "keep": "keeps rules, users and topics as the agreements say; may give rights, to itself too",
    "steps": "all steps",
}
"""What a principal may be there for, beside a single step by its name."""
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]


class Principal(BaseModel):
    """One principal."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    department: str = ""
    does: Annotated[tuple[str, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)] = ()


Principals = Mapping[str, Principal]
_FILE = TypeAdapter(dict[_Name, Principal])


def read(text: str, place: str, departments: Collection[str], steps: Collection[str]) -> Principals:
    """The principals of a file. Raises `ConfigRefused` with the place and what is wrong with it."""
    try:
        said: Any = safe_load(text)
        found = _FILE.validate_python({} if said is None else said)
    except YAMLError:
        raise _refused(place, "It is no YAML.", "不是有效的 YAML。") from None
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        raise _refused(
            f"{place}: {where}", "A principal is NAME: {department: …, does: […]}.", "须为 名称: {department: …, does: […]}。"
        ) from None
    for name, each in found.items():
        if each.department and each.department not in {*departments, OFFICE}:
            raise _refused(f"{place}: {name}", "There is no such department.", "没有该部门。")
        for deed in each.does:
            if deed not in DEEDS and deed not in steps:
                there = ", ".join([*DEEDS, *steps])
                raise _refused(f"{place}: {name}", f"Nobody does '{deed}'; there are: {there}.", f"没有“{deed}”，可用：{there}。")
            if deed in ("publish", "decide") and not each.department:
                raise _refused(f"{place}: {name}", f"Who does '{deed}' does it for a department.", f"“{deed}”须注明部门。")
            if deed == "publish" and each.department == OFFICE:
                raise _refused(f"{place}: {name}", "The office has no datasets to publish.", "主管部门没有可发布的数据集。")
    return found


def _refused(place: str, message: str, zh: str) -> ConfigRefused:
    return ConfigRefused(message, zh, place=place)
