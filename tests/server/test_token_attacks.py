"""Access tokens that are forged, stolen, stale or meant for somebody else."""

from __future__ import annotations

import base64
import hmac
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwt

from server.live import gateway

SHARED = "thirty-two bytes of shared secret"


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


RSA, EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A gateway with keys of all three kinds, of which the RSA key signs."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "rsa.pem").write_text(pem(RSA))
    (folder / "ec.pem").write_text(pem(EC))
    (folder / "shared.secret").write_text(SHARED)
    with gateway(folder / "gateway", ADSQL_JWT_KEYS_DIR=str(folder), ADSQL_JWT_SIGNING_KID="rsa") as running:
        yield running


@pytest.fixture(scope="module")
def genuine(live):
    """A token that the gateway has issued."""
    return live.login()["access_token"]


@pytest.fixture
def claims(genuine):
    """What it says."""
    return jwt.get_unverified_claims(genuine)


def status(live, token):
    with live.client(Authorization=f"Bearer {token}") as client:
        answer = client.get("/users")
    assert answer.status_code == 200 or answer.json()["code"] == "ADSQL_NOT_AUTHENTICATED"
    return answer.status_code


def sign(claims, key=None, algorithm="RS256", **header):
    return jwt.encode(claims, key or pem(RSA), algorithm, {"kid": "rsa", "typ": "at+jwt", **header})


def by_hand(header, claims, signature=lambda _: b""):
    """Return a token that no library would make."""
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signed = b".".join(encoded)
    return (signed + b"." + base64.urlsafe_b64encode(signature(signed)).rstrip(b"=")).decode()


def hs256(key):
    return lambda signed: hmac.digest(key, signed, "sha256")


def test_tokens_are_signed_as_the_key_says(genuine):
    assert jwt.get_unverified_header(genuine) == {"alg": "RS256", "kid": "rsa", "typ": "at+jwt"}


def test_what_the_tests_sign_is_accepted_where_all_is_right(live, claims):
    """Else the refusals below would say nothing."""
    assert status(live, sign(claims)) == 200
    assert status(live, sign(claims, pem(EC), "ES256", kid="ec")) == 200
    assert status(live, sign(claims, SHARED, "HS256", kid="shared")) == 200
    assert (
        status(live, by_hand({"alg": "HS256", "kid": "shared", "typ": "at+jwt"}, claims, hs256(SHARED.encode()))) == 200
    )


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
@pytest.mark.parametrize("kid", ["rsa", "ec", "shared"])
def test_unsigned_tokens_are_refused(live, claims, algorithm, kid):
    header = {"alg": algorithm, "kid": kid, "typ": "at+jwt"}
    assert status(live, by_hand(header, claims)) == 401
    assert status(live, by_hand(header, claims, hs256(b""))) == 401


@pytest.mark.parametrize(
    ("key", "kid"), [(RSA, "rsa"), (EC, "ec"), (RSA, "shared"), (EC, "shared")], ids=["rsa", "ec", "rsa as", "ec as"]
)
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_public_key_is_no_shared_secret(live, claims, key, kid, algorithm):
    for secret in (public_pem(key), public_pem(key).strip(), pem(key)):
        header = {"alg": algorithm, "kid": kid, "typ": "at+jwt"}
        digest = algorithm.replace("HS", "sha")
        forged = by_hand(header, claims, lambda signed, s=secret, d=digest: hmac.digest(s.encode(), signed, d))
        assert status(live, forged) == 401


def test_keys_do_not_stand_in_for_each_other(live, claims):
    assert status(live, sign(claims, kid="ec")) == 401
    assert status(live, sign(claims, kid="shared")) == 401
    assert status(live, sign(claims, pem(EC), "ES256")) == 401
    assert status(live, sign(claims, SHARED, "HS256")) == 401
    assert status(live, sign(claims, SHARED, "HS256", kid="ec")) == 401
    assert status(live, sign(claims, algorithm="RS512")) == 401


def test_other_peoples_keys_are_refused(live, claims):
    for key, algorithm, kid in (
        (rsa.generate_private_key(65537, 2048), "RS256", "rsa"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256", "ec"),
    ):
        assert status(live, sign(claims, pem(key), algorithm, kid=kid)) == 401


def test_signature_belongs_to_what_was_signed(live, genuine, claims):
    head, body, signature = genuine.split(".")
    more = base64.urlsafe_b64encode(json.dumps({**claims, "scope": "admin", "x": 1}).encode()).rstrip(b"=").decode()
    assert status(live, f"{head}.{more}.{signature}") == 401
    assert status(live, f"{head}.{body}.{signature[:-4]}AAAA") == 401
    assert status(live, f"{head}.{body}.") == 401
    assert status(live, f"{head}.{body}") == 401


def test_ecdsa_signature_of_zeros_is_refused(live, claims):
    header = {"alg": "ES256", "kid": "ec", "typ": "at+jwt"}
    assert status(live, by_hand(header, claims, lambda _: bytes(64))) == 401
    der = EC.sign(b"something else", ec.ECDSA(hashes.SHA256()))
    assert status(live, by_hand(header, claims, lambda _: der)) == 401


@pytest.mark.parametrize(
    "kid",
    [
        "", "nobody", "RSA", "rsa.pem", "./rsa", "../keys/rsa", "/dev/null", "rsa\x00", "rsa' OR '1'='1", None, 1,
        ["rsa"], {"rsa": 1}, True, "x" * 3000,
    ],
)  # fmt: skip
def test_unknown_kids_and_paths_are_refused(live, claims, kid):
    header = {"alg": "HS256", "kid": kid, "typ": "at+jwt"}
    for secret in (b"", SHARED.encode(), public_pem(RSA).encode()):
        assert status(live, by_hand(header, claims, hs256(secret))) == 401


def test_token_without_a_kid_is_refused(live, claims):
    assert status(live, jwt.encode(claims, pem(RSA), "RS256", {"typ": "at+jwt"})) == 401


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jku": "https://example.org/keys"},
        {"x5u": "x"},
        {"crit": ["exp"]},
        {"b64": False},
    ],
)
def test_headers_that_bring_keys_or_conditions_are_refused(live, claims, header):
    assert status(live, sign(claims, **header)) == 401


@pytest.mark.parametrize("kind", ["JWT", "at+JWT", "", None])
def test_other_kinds_of_jwt_are_refused(live, claims, kind):
    assert status(live, sign(claims, typ=kind)) == 401


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody"), ("iss", ""), ("iss", ["adsql"]), ("aud", "somebody"), ("aud", ["somebody"]), ("aud", []),
        ("exp", 1), ("exp", -1), ("exp", "soon"), ("nbf", 4_000_000_000), ("sid", "0" * 16), ("sid", "' OR 1=1 --"),
        ("sid", "\x00"), ("sid", None), ("scope", "root"), ("scope", ""), ("scope", ["admin"]), ("scope", None),
    ],
)  # fmt: skip
def test_claims_that_are_not_ours_are_refused(live, claims, claim, value):
    assert status(live, sign({**claims, claim: value})) == 401


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "sid", "scope"])
def test_every_claim_is_required(live, claims, claim):
    del claims[claim]
    assert status(live, sign(claims)) == 401


def test_expired_token_is_refused_to_the_second_and_says_so(live, claims):
    token = sign({**claims, "exp": int(time.time())})
    with live.client(Authorization=f"Bearer {token}") as client:
        answer = client.get("/auth/me")
    assert (answer.status_code, answer.json()["detail"]) == (401, "the access token has expired")


def test_accepted_token_expires_as_well(live, claims):
    """What was verified once is remembered, and not for longer than it is valid."""
    expires = int(time.time()) + 3
    token = sign({**claims, "exp": expires})
    assert status(live, token) == 200
    while time.time() <= expires:
        time.sleep(0.1)
    assert status(live, token) == 401


@pytest.mark.parametrize("token", ["a.b.c", "...", "e30.e30.e30", "x" * 5000, "e30." + "A" * 4000 + ".e30"])
def test_what_is_no_token_is_refused(live, token):
    assert status(live, token) == 401


def test_token_role_limits_the_session(live, claims):
    with live.client(Authorization=f"Bearer {sign({**claims, 'scope': 'read'})}") as client:
        assert client.get("/users").status_code == 403
