import pytest

from rexian.kernel.passwords import LONGEST, hash_password, needs_rehash, verify_password


def test_a_password_verifies_only_itself():
    hashed = hash_password("贵阳-12345")
    assert hashed.startswith("$argon2id$")
    assert verify_password("贵阳-12345", hashed)
    assert not verify_password("贵阳-12346", hashed)
    assert not needs_rehash(hashed)


def test_no_user_and_damaged_hashes_verify_nothing():
    assert not verify_password("nobody has this password", None)
    assert not verify_password("x", "$argon2id$broken")
    assert not verify_password("x" * (LONGEST + 1), hash_password("x"))


@pytest.mark.parametrize("password", ["", "x" * (LONGEST + 1)])
def test_empty_and_huge_passwords_are_refused(password):
    with pytest.raises(ValueError, match="characters"):
        hash_password(password)
