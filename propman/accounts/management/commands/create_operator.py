from typing import Any

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from propman.accounts.models import User


class Command(BaseCommand):
    help = "Makes an operator of the platform; prints a link, good once, with which the password is set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email__iexact=options["email"]).exists():
            raise CommandError("There is an account with this e-mail address: an operator has one of his own.")
        user = User.objects.create_user(options["email"], name=options["name"], is_operator=True, joined_at=timezone.now())
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        key = PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})
        self.stdout.write(f"{settings.SITE_URL.rstrip('/')}{path}")
