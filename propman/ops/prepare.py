"""python -m propman.ops.prepare: migrates, builds the demo's sample town if there is none, lists who can sign in.

One process, as each costs a second or two to start.
"""

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("build_demo", verbosity=0)
    call_command("sign_ins")
