"""`lti-conformance waive`."""

from __future__ import annotations

import argparse
import datetime
import tempfile
from pathlib import Path

from conformance.catalogue import scenarios, select
from conformance.exchanges.clearing import cleared
from conformance.phases import properties
from conformance.profile import load_profile, profile_names
from conformance.reporting import write_whole
from conformance.reports.escaping import printable
from conformance.results.baseline import catalogued, report_at
from conformance.results.waiver_text import OWN, PROJECT, edited
from conformance.results.waivers import check_waivers
from conformance.results.waiving import Plan, Wish, expiry_of, plan_drops, plan_waivers
from conformance.telling.dossier import Dossier
from conformance.toolfile import find, load
from conformance.toolvalues import Tool
from mockplatform.errors import UsageError

__all__ = ["command"]

USUAL = "90d"


def command(options: argparse.Namespace) -> int:
    """Write a waiver for each failure of a report, or drop those that it needs no more."""
    dossier = report_at(options.source)
    path = find(options.tool)
    tool = load(path)
    _require_same_tool(dossier, tool, options.source, path)
    plan = _drops(options, dossier, tool) if options.drop_stale else _waivers(options, dossier, tool)
    if plan.edits and not options.dry_run:
        _write(path, _new_text(path, plan), dossier.profile)
    _tell(plan, path, options)
    return 0


def _require_same_tool(dossier: Dossier, tool: Tool, report: str, path: Path) -> None:
    # A report has no name in it that looks like a secret.
    if dossier.tool not in (tool.tool.name, cleared(tool.tool.name)):
        raise UsageError(
            f"{report}: this report is of the tool {dossier.tool!r}, and {path} describes {tool.tool.name!r}; "
            "name the right tool file with --tool"
        )


def _waivers(options: argparse.Namespace, dossier: Dossier, tool: Tool) -> Plan:
    today = datetime.datetime.now(datetime.UTC).date()
    wish = Wish(
        today=today,
        expires=expiry_of(USUAL if options.expires is None else options.expires, today),
        reason=_shown("--reason", options.reason),
        link=_shown("--link", options.link),
        only=tuple(options.only),
        warned=options.warned,
    )
    known = {scenario.id for scenario in (*scenarios(), *properties())}
    return plan_waivers(dossier, tool.waiver, wish, catalogued(), known=known)


def _shown(option: str, value: str | None) -> str:
    if value is not None and not (value.strip() and value.isprintable()):
        raise UsageError(f"{option} {value!r}: expected one line of text")
    return (value or "").strip()


def _drops(options: argparse.Namespace, dossier: Dossier, tool: Tool) -> Plan:
    given = {
        "--expires": options.expires,
        "--reason": options.reason,
        "--link": options.link,
        "--only": options.only,
        "--warned": options.warned,
    }
    for option, value in given.items():
        if value:
            raise UsageError(f"{option}: --drop-stale only takes waivers out; run `waive` once more without it")
    catalogue = (*scenarios(), *properties())
    profiles = (load_profile(name) for name in dict.fromkeys((*profile_names(), tool.profile.name)))
    whole = {profile.name: {scenario.id for scenario in select(catalogue, profile)} for profile in profiles}
    here = whole.pop(dossier.profile, {scenario.id for scenario in catalogue})
    return plan_drops(dossier, tool.waiver, catalogued(), whole=here, elsewhere=whole)


def _tell(plan: Plan, path: Path, options: argparse.Namespace) -> None:
    for line in (*(edit.said for edit in plan.edits), *plan.notes):
        print(f"  {printable(line)}")
    if not plan.edits:
        print(f"{path}: unchanged: {'no waiver is stale' if options.drop_stale else 'nothing to waive'}")
        return
    count = f"{len(plan.edits)} waiver{'s' if len(plan.edits) != 1 else ''}"
    done = "would be dropped" if options.dry_run else "dropped"
    if not options.drop_stale:
        done = "would be written or renewed" if options.dry_run else "written or renewed"
    print(f"{path}: {count} {done}")


def _new_text(path: Path, plan: Plan) -> str:
    # Line ends are part of what stays as it is.
    text = path.read_bytes().decode("utf-8")
    return edited(text, plan.edits, where=str(path), inside=PROJECT if path.name == "pyproject.toml" else OWN)


def _write(path: Path, text: str, profile: str) -> None:
    """Replace a tool file, unless a run would refuse the new one.

    Raises:
        UsageError: it would, or the file cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.touch(mode=0o600)
        draft.write_bytes(text.encode("utf-8"))
        try:
            tool = load(draft)
        except UsageError as error:
            raise UsageError(f"{path}: left as it is: {str(error).replace(str(draft), 'it would read')}") from None
    names = (*profile_names(), profile)
    check_waivers(tool.waiver, (*scenarios(), *properties()), names, where=f"{path}: left as it is:")
    write_whole(path, text)
