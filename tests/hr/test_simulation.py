import json
from io import StringIO

from django.core.management import call_command


def test_adjusted_finds_no_fewer_of_the_true_worst_five_over_1000_seeds():
    out = StringIO()
    call_command("simulate_appraisal", "--json", stdout=out)
    text = out.getvalue()
    assert "Noise model" in text
    told = json.loads(text.splitlines()[-1])["lenient and strict heads"]
    assert told["adjusted"] >= told["raw"] > 0


def test_the_same_seed_gives_the_same_figures():
    first, second = StringIO(), StringIO()
    for out in (first, second):
        call_command("simulate_appraisal", "--json", "--seeds", "3", "--employees", "30", stdout=out)
    assert first.getvalue() == second.getvalue()
