"""`civicbus agreement …`: who may know what, from the first draft to the end. Files: new, check, plan, schema. Steps: submit to revoke."""

from __future__ import annotations

import typer

from bus.cli.agreement import drafts, office, plan, standing

_group = typer.Typer(
    no_args_is_help=True, help="Agreements: who gets what, from whom, why, until when. 共享协议：起草、评估、审批、生效与终止。"
)


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    for part in (drafts, plan, office, standing):
        part.mount(_group)
    app.add_typer(_group, name="agreement")
