"""Keys, tokens and passwords by themselves."""

from __future__ import annotations

import stat

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from adsql_server.caller import Role
from adsql_server.identity.keys import load_keys
from adsql_server.identity.opaque import hashed, new_id, new_secret, read_key, write_key
from adsql_server.identity.passwords import Passwords
from adsql_server.identity.tokens import AccessTokens
from adsql_server.problems import Misconfigured, NotAuthenticated

PASSWORDS = Passwords(1024, 1)


def pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption or serialization.NoEncryption()
    )


def test_first_start_makes_a_key_that_only_its_owner_reads(tmp_path):
    ring = load_keys(tmp_path / "keys", None)
    assert ring.signing.algorithm == "ES256"
    [file] = (tmp_path / "keys").iterdir()
    assert file.stem == ring.signing.kid
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_keys(tmp_path / "keys", None).keys.keys() == ring.keys.keys()


def test_newest_key_signs_and_older_ones_verify_until_they_are_removed(tmp_path):
    (tmp_path / "2025.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    old = AccessTokens(load_keys(tmp_path, None), "i", "a", 60).issue("u", "s", Role.READ, "t")
    (tmp_path / "2026.pem").write_bytes(pem(rsa.generate_private_key(65537, 2048)))
    both = AccessTokens(load_keys(tmp_path, None), "i", "a", 60)
    new = both.issue("u", "s", Role.READ, "t")
    assert both.verify(old).session == both.verify(new).session == "s"
    (tmp_path / "2025.pem").unlink()
    rotated = AccessTokens(load_keys(tmp_path, None), "i", "a", 60)
    assert rotated.verify(new).role is Role.READ
    with pytest.raises(NotAuthenticated):
        rotated.verify(old)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pem", b""), ("a.pem", b"nonsense"), ("a.secret", b"x" * 31), ("a.secret", b" " * 40), ("a b.secret", b"x" * 32),
        ("a.pem", pem(ec.generate_private_key(ec.SECP384R1()))), ("a.pem", pem(ed25519.Ed25519PrivateKey.generate())),
        ("a.pem", pem(rsa.generate_private_key(65537, 1024))),
        ("a.pem", pem(ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"x"))),
    ],
    ids=range(9),
)  # fmt: skip
def test_files_that_hold_no_usable_key_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Misconfigured) as error:
        load_keys(tmp_path, None)
    assert name in str(error.value)


def test_two_files_of_one_kid_and_unknown_kids_are_refused(tmp_path):
    (tmp_path / "a.secret").write_bytes(b"x" * 32)
    with pytest.raises(Misconfigured, match="'b'"):
        load_keys(tmp_path, "b")
    (tmp_path / "a.pem").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(Misconfigured, match="same name"):
        load_keys(tmp_path, None)


def test_password_is_rehashed_when_settings_have_changed():
    weaker = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1).hash("four wise words")
    verdict = PASSWORDS.verify(weaker, "four wise words")
    assert verdict.right
    assert verdict.rehashed.startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    assert PASSWORDS.verify(verdict.rehashed, "four wise words").rehashed is None
    assert not PASSWORDS.verify(weaker, "five wise words").right


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_any_password_is_verified_by_its_own_hash_alone(password):
    stored = PASSWORDS.hash(password)
    assert PASSWORDS.verify(stored, password).right
    assert not PASSWORDS.verify(stored, password + "x").right
    assert not PASSWORDS.verify(None, password).right
    assert not PASSWORDS.verify("no hash", password).right


def test_keys_are_read_as_they_are_written():
    key_id, secret = new_id(), new_secret()
    assert read_key(write_key(key_id, secret)) == (key_id, secret)
    assert hashed(secret) != hashed(new_secret())


@given(st.text())
def test_what_is_no_key_is_not_read_as_one(text):
    found = read_key(text)
    assert found is None or write_key(*found) == text
