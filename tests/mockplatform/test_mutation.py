from __future__ import annotations

import dataclasses

import pytest

from mockplatform import flow
from mockplatform.errors import UsageError
from mockplatform.keys import KeyRing
from mockplatform.model import IdToken, LoginRequest, SignedToken
from mockplatform.mutation import Context, NotApplicableError, Spoilt, bind, claims_of, header_of, mutations, through
from tests.mockplatform.makers import NOW_S, make_auth_request, make_launch

WHERE = "nonce.toml: scenario[0]"


@pytest.fixture
def context(keys: KeyRing) -> Context:
    return Context(launch=make_launch(), keys=keys, canary_url="http://127.0.0.1:9400/canary/jwks")


@pytest.fixture
def token() -> IdToken:
    return flow.id_token(make_launch(), make_auth_request(), kid="key-1", now_s=NOW_S)


def bound(text: str) -> Spoilt:
    return bind(text, where=WHERE)


def problem(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        bound(text)
    return str(caught.value)


def test_a_name_alone_takes_the_defaults() -> None:
    """A mutation without parentheses, or with empty ones, has no arguments of its own."""
    for text in ("claims.expired", "claims.expired()"):
        assert bound(text).mutation is mutations()["claims.expired"]
        assert bound(text).arguments == {}


def test_arguments_are_literals() -> None:
    """Texts, numbers, lists, tables, none and truth are read as Python writes them."""
    spoilt = bound("claims.value(claim='exp', value={'a': [1, -2.5, None, True, 'x']})")

    assert spoilt.arguments == {"claim": "exp", "value": {"a": [1, -2.5, None, True, "x"]}}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("claims.expired", "claims.expired"),
        ("claims.expired( )", "claims.expired"),
        ("claims.expired(by_s = 60)", "claims.expired(by_s=60)"),
        ('claims.without(claim="exp")', "claims.without(claim='exp')"),
        ("claims.value(value=None, claim='a\\'b')", 'claims.value(value=None, claim="a\'b")'),
        ("header.critical(names=[])", "header.critical(names=[])"),
        ("response.by_get ", "response.by_get"),
    ],
)
def test_a_mutation_prints_as_it_can_be_typed_in(text: str, canonical: str) -> None:
    """The text of a bound mutation is canonical, and binding it gives the same mutation."""
    assert str(bound(text)) == canonical
    assert bound(canonical) == bound(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "claims.expired(",
        "claims.expired(60)",
        "claims.expired(**{'by_s': 60})",
        "claims.expired(*[60])",
        "claims.expired(by_s=now)",
        "claims.expired(by_s=1 + time())",
        "claims.expired(by_s=1, by_s=2)",
        "claims.value(claim='exp', value={[]: 1})",
        "import os",
        "claims.expired\0",
    ],
)
def test_what_is_no_call_with_literals_is_refused(text: str) -> None:
    """A text that is not a name with literal keyword arguments is told so."""
    assert problem(text) == f"{WHERE}: '{text}' is not a mutation such as claims.expired(by_s=60)"


def test_a_near_miss_is_named() -> None:
    """A misspelt name gets the mutation that was probably meant."""
    assert problem("claims.expird(by_s=1)") == (
        f"{WHERE}: unknown mutation 'claims.expird'; did you mean 'claims.expired'?"
    )


def test_a_name_far_off_gets_the_list() -> None:
    """A name like no other gets the command that lists them all."""
    assert problem("42") == f"{WHERE}: unknown mutation '42'; `lti-conformance list --mutations` shows all"


def test_a_parameter_that_does_not_exist_is_refused() -> None:
    """The message says which parameters there are."""
    assert problem("claims.expired(by=60)") == (
        f"{WHERE}: mutation 'claims.expired' has no parameter 'by' (it takes: by_s)"
    )
    assert problem("response.by_get(x=1)").endswith("has no parameter 'x' (it takes: none)")


def test_a_missing_parameter_is_named() -> None:
    """A parameter without a default has to be given."""
    assert problem("claims.value(claim='exp')") == f"{WHERE}: mutation 'claims.value' needs the parameter 'value'"


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("claims.expired(by_s='60')", "parameter 'by_s' is '60', expected int"),
        ("claims.expired(by_s=6.5)", "parameter 'by_s' is 6.5, expected int"),
        ("claims.expired(by_s=True)", "parameter 'by_s' is True, expected int"),
        ("claims.without(claim=1)", "parameter 'claim' is 1, expected str"),
        ("response.token_twice(good_first=1)", "parameter 'good_first' is 1, expected bool"),
    ],
)
def test_the_type_of_an_argument_is_checked(text: str, ending: str) -> None:
    """An argument of another type than its parameter is refused; truth is no number."""
    assert problem(text).endswith(ending)


def test_through_applies_in_order(token: IdToken, context: Context) -> None:
    """Of two lies about the same claim the later one stands."""
    lies = [bound("claims.value(claim='sub', value='a')"), bound("claims.value(claim='sub', value='b')")]

    assert claims_of(through(token, lies, context))["sub"] == "b"
    assert claims_of(through(token, reversed(lies), context))["sub"] == "a"


def test_through_touches_only_its_stage(token: IdToken, context: Context) -> None:
    """A lie about one stage leaves the values of all other stages as they are."""
    login = flow.login_request(make_launch())
    lies = [bound("claims.without(claim='sub')"), bound("signature.garbage")]

    assert through(login, lies, context) is login
    assert "sub" not in claims_of(through(token, lies, context))
    assert through(SignedToken(text="a.b.c"), lies, context) == SignedToken(text="not-a-token")


def test_without_mutations_the_truth_passes(token: IdToken, context: Context) -> None:
    """No mutations, no change."""
    assert through(token, [], context) is token


def test_a_mutation_that_asks_for_it_gets_the_context(token: IdToken, context: Context) -> None:
    """The key set address in the header is the context's canary."""
    spoilt = bound("header.key_set_url")(token, context)

    assert header_of(spoilt)["jku"] == "http://127.0.0.1:9400/canary/jwks"


def test_raw_bytes_have_no_members(token: IdToken) -> None:
    """A lie about a claim does not apply to a payload of raw bytes, nor one about the header to such a header."""
    raw = dataclasses.replace(token, header=b"", claims=b"")

    with pytest.raises(NotApplicableError, match="payload"):
        claims_of(raw)
    with pytest.raises(NotApplicableError, match="header"):
        header_of(raw)


def test_a_claim_taken_away_cannot_be_altered(token: IdToken, context: Context) -> None:
    """A lie that needs what an earlier lie removed does not apply, and says what is gone."""
    lies = [bound("claims.without(claim='aud')"), bound("claims.audience_list")]

    with pytest.raises(NotApplicableError, match="aud"):
        through(token, lies, context)


def test_claims_are_copies(token: IdToken) -> None:
    """What a mutation does to its copy stays out of the token."""
    claims_of(token).clear()
    header_of(token).clear()

    assert claims_of(token)["aud"] == "Client-A"
    assert header_of(token)["alg"] == "RS256"


def test_names_tell_the_file_and_the_function() -> None:
    """A mutation is found under its file's and its function's name, with the stage of its first argument."""
    assert mutations()["login.without"].stage is LoginRequest
    assert mutations()["claims.without"].stage is IdToken
    assert mutations()["claims.without"].function.__module__ == "mockplatform.mutations.claims"


@pytest.mark.parametrize(
    "text",
    [
        "-" * 60_000,
        "claims.expired(by_s=" + "-" * 60_000 + "1)",
        "claims.expired(by_s=" + "(" * 60_000 + "1" + ")" * 60_000 + ")",
        "claims.value(claim='a', value=" + "[" * 90 + "-" * 3000 + "1" + "]" * 90 + ")",
        "a" + ".a" * 40_000,
        "a" * 90_000,
        "claims.expired(by_s=0x" + "f" * 50_000 + ")",
    ],
    ids=range(7),
)
def test_what_no_parser_gets_to_the_end_of_is_refused(text: str) -> None:
    """A text that is nested too deep, or a number too long to be told, is no mutation; it is not told whole."""
    assert problem(text).startswith(WHERE)
    assert len(problem(text)) < 300


@pytest.mark.parametrize("value", ["x" * 100_000, "\x7f" * 40_000])
def test_a_mutation_has_a_length(value: str) -> None:
    """It is bounded as it is typed and as it is told again."""
    assert "expected at most 100000; shorten it" in problem(f"claims.value(claim='a', value='{value}')")
    assert bound(f"claims.value(claim='a', value='{value[:20_000]}')").arguments["value"] == value[:20_000]
