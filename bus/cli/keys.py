"""`civicbus keys make | rotate | check | list`."""

from __future__ import annotations

import typer

from bus import keys
from bus.cli.context import of
from bus.cli.say import note, out
from bus.errors import CheckFailed

_group = typer.Typer(no_args_is_help=True, help="Keys: make, rotate, check, list. 密钥管理。")


def mount(app: typer.Typer) -> None:
    """Join the command line."""
    app.add_typer(_group, name="keys")


@_group.command("make")
def make(ctx: typer.Context) -> None:
    """Make the keys that are missing; those that are there stay. 生成缺少的密钥。"""
    ring = of(ctx).keys
    note(f"{of(ctx).home / 'keys'}: {ring}. Back them up. 请备份密钥。")


@_group.command("rotate")
def rotate(ctx: typer.Context) -> None:
    """Seal with a new data key from now on; old ones stay to open what they sealed. The token key never rotates. 轮换数据密钥。"""
    ring = keys.rotate_data_key(of(ctx).home)
    note(f"New data key {ring.current}; restart the steps and back the keys up. 已启用新数据密钥，请重启步骤并备份。")


@_group.command("check")
def check(ctx: typer.Context) -> None:
    """Are the keys there, whole, and readable by their owner alone? Exit 5 if not. 检查密钥。"""
    found = keys.check(of(ctx).settings.home)
    for sentence in found:
        note(sentence)
    if found:
        raise CheckFailed("The keys are not in order.", f"密钥有 {len(found)} 处异常。", place=str(of(ctx).settings.home / "keys"))
    note("The keys are in order. 密钥正常。")


@_group.command("list")
def list_keys(ctx: typer.Context) -> None:
    """The identifiers of the keys, and how many keys of statements were destroyed, as JSON; never a key. 列出密钥编号（不含密钥）。"""
    ring = keys.load(of(ctx).settings.home)
    out(
        {
            "token": ring.token_id,
            "data": sorted([*ring.data_keys, *ring.trees]),
            "current": ring.current,
            "destroyed": keys.destroyed(ring),
            "departments": sorted(ring.departments),
        }
    )
