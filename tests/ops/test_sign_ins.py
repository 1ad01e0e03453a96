import json

import pytest
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.core.management import CommandError, call_command

SEED = "MG2K3U6VNFRRNV6MM4MO52TQSMEKBDXE"


@pytest.fixture
def demo(tmp_path, settings):
    settings.VAR_DIR, settings.DEMO = tmp_path, True
    people = [
        {"role": "owner", "email": "owner@lanting.example", "password": "word", "totp_seed": "", "company": "lanting"},
        {"role": "employee", "email": "agent@lanting.example", "password": "word", "totp_seed": SEED, "company": "lanting"},
    ]
    (tmp_path / "sign-ins.json").write_text(json.dumps(people))


def test_staff_are_listed_with_a_code_that_holds(demo, capsys):
    call_command("sign_ins", "--json")
    owner, agent = json.loads(capsys.readouterr().out.splitlines()[-1])["people"]
    assert owner["code"] == ""
    assert validate_totp_code(SEED, agent["code"])


def test_installation_shows_no_sign_ins(demo, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="Only the demo"):
        call_command("sign_ins")
