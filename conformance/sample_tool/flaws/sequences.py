"""Flaws that show only in long stories: what one launch leaves behind for another one."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update

from conformance.sample_tool import accounts, login, protocol, session, trust
from conformance.sample_tool.flaws.kinds import Flaw, insert, replace
from conformance.sample_tool.keyset import KeySetError
from conformance.sample_tool.model import Launch, Person
from conformance.sample_tool.protocol import token_of
from conformance.sample_tool.refusal import failed, security
from conformance.sample_tool.tables import logins, sessions

__all__ = ["FLAWS"]

REMEMBERED = 2
WAITING = 2
STATE_COOKIES = login.state_cookie("").rpartition("_")[0]

SPENT = select(logins.c.nonce).where(logins.c.spent).order_by(logins.c.expires.desc()).limit(REMEMBERED)
LATEST = select(func.max(logins.c.expires) + 1.0).scalar_subquery()
MAKE_LATEST = update(logins).where(logins.c.nonce == bindparam("its_nonce")).values(expires=LATEST)
FORGET_SPENT = update(logins).where(logins.c.nonce.not_in(SPENT)).values(spent=False)
FREE_OTHERS = (
    update(logins)
    .where(logins.c.state.in_(bindparam("states", expanding=True)), logins.c.state != bindparam("its_state"))
    .values(spent=False)
)
LOGINS = (
    select(logins.c.state, logins.c.issuer, logins.c.client_id, logins.c.spent)
    .where(logins.c.state.in_(bindparam("states", expanding=True)))
    .order_by(logins.c.expires.desc())
)
SESSIONS = select(sessions.c.id, sessions.c.person).order_by(sessions.c.expires.desc())
CHANGE_PERSON = update(sessions).where(sessions.c.id == bindparam("its_id")).values(person=bindparam("new"))


async def nonce_looked_up_and_then_spent(launch: Launch) -> Launch:
    """Finds the nonce unspent, waits for the database, and spends it."""
    value = launch.claims.get("nonce")
    issued = launch.tool.store.find_login_by_nonce(value) if isinstance(value, str) else None
    if issued is None or issued.spent or issued.state != launch.login.state:
        return trust.nonce(launch)
    await asyncio.sleep(0)
    launch.tool.store.spend_nonce(issued.nonce, state=issued.state)
    return launch


def nonce_among_the_last(launch: Launch) -> Launch:
    """Spends the nonce, and forgets all but the last few that were spent."""
    spent = trust.nonce(launch)
    launch.tool.store.run(MAKE_LATEST, its_nonce=launch.login.nonce)
    launch.tool.store.run(FORGET_SPENT)
    return spent


def nonce_in_place_of_the_last(launch: Launch) -> Launch:
    """Remembers for a browser the one nonce that was spent there last."""
    spent = trust.nonce(launch)
    launch.tool.store.run(FREE_OTHERS, states=_states(launch), its_state=launch.login.state)
    return spent


def state_of_last_tabs(launch: Launch) -> Launch:
    """Knows the last few logins of a browser that wait for their launch, and no others."""
    found = protocol.state(launch)
    waiting = [row["state"] for row in _tabs(launch) if not row["spent"]]
    if found.login.state in waiting[WAITING:]:
        raise security("StateMismatch", ref="SEC 7.3.1")
    return found


def registration_of_last_tab(launch: Launch) -> Launch:
    """Takes the platform that the last login of the browser was for."""
    last = next(iter(_tabs(launch)), None)
    if last is None:
        return protocol.registration_again(launch)
    mixed = dataclasses.replace(launch.login, issuer=last["issuer"], client_id=last["client_id"])
    return protocol.registration_again(dataclasses.replace(launch, login=mixed))


async def key_forgotten_on_outage(launch: Launch) -> Launch:
    """Looks for an unknown key, and lets go of all others when the platform does not answer."""
    sets, url = launch.tool.key_sets, launch.integration.jwks_url
    known, named = sets.cached(url), token_of(launch).header["kid"]
    if known is not None and known.keys(named):
        return await protocol.key(launch)
    try:
        keys = (await sets.fetched(url)).keys(named)
    except KeySetError as error:
        # No correct tool can do this, so its cache has no way to ask for it.
        sets._cached.pop(url, None)  # noqa: SLF001
        raise failed(code=1017, ref="SEC 6.3") from error
    if not keys:
        raise security("KidNotFound", ref="SEC 6.3")
    return dataclasses.replace(launch, keys=keys)


def expiry_of_strangers(launch: Launch) -> Launch:
    """Asks for a fresh token only where nobody is signed in yet."""
    return launch if _signed_in(launch) else trust.expiry(launch)


def person_of_any_token(launch: Launch) -> Launch:
    """Brings an earlier session up to date before the token is checked any further."""
    if _signed_in(launch):
        known = accounts.account(launch)
        person = session.person(known).person
        _change(launch, launch.cookies[session.COOKIE], person)
    return launch


def state_of_strangers(launch: Launch) -> Launch:
    """Takes a state for this browser's own where somebody is signed in."""
    if not _signed_in(launch):
        return protocol.state(launch)
    returned = launch.form.get("state", ("",))[0]
    own = {**launch.cookies, login.state_cookie(returned): returned}
    return dataclasses.replace(protocol.state(dataclasses.replace(launch, cookies=own)), cookies=launch.cookies)


def session_of_account(launch: Launch) -> Launch:
    """Keeps sessions by account: who comes after somebody takes over whatever is kept for that account."""
    store = launch.tool.store
    before = store.find_person(session=launch.cookies.get(session.COOKIE, ""), now=launch.now)
    opened = session.session(launch)
    if before is not None and before.account is not None:
        for row in store.rows(SESSIONS):
            if _account(row) == before.account:
                _change(launch, row["id"], launch.person)
    return opened


def session_resumed(launch: Launch) -> Launch:
    """Gives somebody who is signed in somewhere the newest session that there is."""
    rows = launch.tool.store.rows(SESSIONS)
    if launch.account is None or launch.account not in map(_account, rows):
        return session.session(launch)
    newest = rows[0]["person"]
    person = Person(**{**newest, "roles": tuple(newest["roles"])})
    return session.session(dataclasses.replace(launch, person=person))


def _tabs(launch: Launch) -> list[dict[str, Any]]:
    """The logins of a browser, the last one first."""
    return launch.tool.store.rows(LOGINS, states=_states(launch))


def _states(launch: Launch) -> list[str]:
    return [value for name, value in launch.cookies.items() if name.startswith(STATE_COOKIES)]


def _signed_in(launch: Launch) -> bool:
    known = launch.cookies.get(session.COOKIE, "")
    return launch.tool.store.find_person(session=known, now=launch.now) is not None


def _account(row: dict[str, Any]) -> object:
    return row["person"].get("account")


def _change(launch: Launch, known: str, person: Person) -> None:
    launch.tool.store.run(CHANGE_PERSON, its_id=known, new=dataclasses.asdict(person))


FLAWS: Final = (
    Flaw(
        name="nonce-race",
        why="The nonce is looked up and then spent, and between the two there is room for others.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_looked_up_and_then_spent),),
    ),
    Flaw(
        name="last-nonces-kept",
        why="Only the last two nonces that were spent are remembered, so an answer is good again after two launches.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_among_the_last),),
    ),
    Flaw(
        name="nonce-freed-by-the-next",
        why="The session has room for one spent nonce, so the next launch makes the one before good again.",
        profile="core",
        changes=(replace(trust.nonce, by=nonce_in_place_of_the_last),),
    ),
    Flaw(
        name="few-tabs-kept",
        why="Two logins of a browser may wait for their launch, and the tab that was opened first is refused.",
        profile="core",
        changes=(replace(protocol.state, by=state_of_last_tabs),),
    ),
    Flaw(
        name="platform-of-the-last-tab",
        why="The session says which platform a login is for, so a tab from another platform changes it for all tabs.",
        profile="core",
        changes=(replace(protocol.registration_again, by=registration_of_last_tab),),
    ),
    Flaw(
        name="keys-forgotten-on-outage",
        why="An unknown key during an outage makes the tool forget the keys that it has.",
        profile="core",
        changes=(replace(protocol.key, by=key_forgotten_on_outage),),
    ),
    Flaw(
        name="expiry-forgiven-in-a-session",
        why="Whoever is signed in already may launch with a token of yesterday.",
        profile="core",
        changes=(replace(trust.expiry, by=expiry_of_strangers),),
    ),
    Flaw(
        name="refused-person-signed-in",
        why="An earlier session becomes that of the person in the token before it is known whether the token is good.",
        profile="core",
        changes=(insert(person_of_any_token, before=trust.issuer),),
    ),
    Flaw(
        name="state-unbound-in-a-session",
        why="Where somebody is signed in, the login of another browser can be finished.",
        profile="core",
        changes=(replace(protocol.state, by=state_of_strangers),),
    ),
    Flaw(
        name="session-shared-by-browsers",
        why="Sessions are kept by account, so the next person in one browser takes over the other browsers as well.",
        profile="core",
        changes=(replace(session.session, by=session_of_account),),
    ),
    Flaw(
        name="third-launch-resumes-another",
        why="Somebody who is signed in already goes on in the newest session there is, which may be another person's.",
        profile="core",
        changes=(replace(session.session, by=session_resumed),),
    ),
)
