from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from streams.kafka.security import Security, SecurityError, load_security
from streams.settings import Settings


def test_a_password_is_in_no_repr_and_reaches_the_processes_that_are_started() -> None:
    settings = Settings.model_construct(
        broker_security="SASL_PLAINTEXT", broker_user="me", broker_password=SecretStr("hush")
    )
    security = load_security(settings)
    assert security.password == "hush"  # noqa: S105 - the one above
    assert (
        "hush"
        not in f"{settings!r} {settings} {security!r} {settings.model_dump()} {settings.model_dump_json()}"
    )
    assert settings.as_environment()["DRAGOMAN_BROKER_PASSWORD"] == "hush"  # noqa: S105 - the one above


def test_a_password_file_may_end_in_a_newline(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("hush \n")
    settings = Settings.model_construct(
        broker_security="SASL_PLAINTEXT", broker_user="me", broker_password_file=file
    )
    assert load_security(settings) == Security("SASL_PLAINTEXT", None, "me", "hush ")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"broker_ca_file": Path("ca.pem")}, "set it to SSL or SASL_SSL"),
        ({"broker_user": "me"}, "DRAGOMAN_BROKER_USER is set all the same"),
        ({"broker_security": "SASL_SSL"}, "set DRAGOMAN_BROKER_USER"),
        ({"broker_security": "SSL", "broker_key_file": Path("key.pem")}, "belong together"),
        (
            {"broker_security": "SSL", "broker_ca_file": Path("nowhere.pem")},
            "DRAGOMAN_BROKER_CA_FILE is nowhere.pem",
        ),
        (
            {"broker_security": "SASL_SSL", "broker_user": "me", "broker_password_file": Path("nowhere")},
            "DRAGOMAN_BROKER_PASSWORD_FILE is nowhere",
        ),
    ],
)
def test_settings_of_security_that_do_not_fit_are_told_of_by_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SecurityError, match=words):
        load_security(Settings.model_construct(**given))
