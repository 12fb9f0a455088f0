"""`lti-conformance doctor`."""

from __future__ import annotations

import argparse

from conformance.commands.plain_endings import ENDINGS, end
from conformance.exchanges.clearing import cleared
from conformance.lab import registrations
from conformance.profile import load_profile
from conformance.runner import Options, Runner
from conformance.target import Start, environment, open_lab
from conformance.toolfile import find, load
from conformance.toolvalues import Tool

__all__ = ["command", "registration"]


def command(options: argparse.Namespace) -> int:
    """Print what to register, send one honest launch, and say how far it came."""
    path = find(options.tool)
    tool = load(path)
    print(registration(tool))
    profile = load_profile(tool.profile.name)
    with open_lab(tool, profile, Start(seed=0), where=f"{path}:", allow_remote=options.allow_remote) as lab:
        runner = Runner(lab, Options())
        try:
            sent = runner.plain_launch()
        except ENDINGS as ending:
            return end(lab, ending)
        if not sent:
            print("– No launch was sent: this profile needs a state that [arrange] does not give. Add")
            print(f"  {', '.join(sorted({s for states in profile.states.values() for s in states}))}")
            return 2
        fetches = lab.platform.key_set.fetches
        fetched = f"; the tool fetched the key set {fetches} time{'s' if fetches != 1 else ''}"
        print(f"✓ The plain launch by LTI {lab.lti} works{fetched if lab.lti == '1.3' else ''}.")
        if runner.auth_problems:
            mistakes = cleared("; ".join(runner.auth_problems), lab.secrets)
            print(f"! Its authentication request has mistakes: {mistakes} (SEC 5.1.1.2).")
        for finding in runner.findings:
            print(f"• {finding.id}: {cleared(finding.text, lab.secrets)}")
    return 0


def registration(tool: Tool) -> str:
    """What to register in a tool, as text."""
    names = {
        "LTI_PLATFORM_ISSUER": "Issuer",
        "LTI_PLATFORM_AUTH_URL": "Authentication URL",
        "LTI_PLATFORM_TOKEN_URL": "Token URL",
        "LTI_PLATFORM_JWKS_URL": "Key set URL",
        "LTI_CLIENT_ID": "Client id",
        "LTI_DEPLOYMENT_ID": "Deployment id",
        "LTI_CONSUMER_KEY": "Consumer key",
        "LTI_CONSUMER_SECRET": "Shared secret",
    }
    lines = [f"Register in {tool.tool.name}:"]
    shown = environment(tool).items()
    lines += [f"  {names[n]:<19} {'as in the tool file' if n.endswith('SECRET') else value}" for n, value in shown]
    for which, registration in registrations(tool).items():
        if which != "main":
            told = {"Issuer": registration.issuer, "Client id": registration.client_id}
            told |= {"Consumer key": registration.consumer_key} if registration.consumer_key else {}
            told |= {f"Attribute {name}": field for name, field in registration.attributes.items()}
            lines.append(f"and for [platform.{which}], with the same URLs:")
            lines += [f"  {name:<19} {value}" for name, value in told.items()]
    return "\n".join(lines)
