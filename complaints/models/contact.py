from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from propman.community.models import Community, Department, Employee, Household, Person, Room
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting


class Contact(CompanyModel):
    """Who asked, how, about which room, and which employee was asked first. These facts never change."""

    class Kind(models.TextChoices):
        COMPLAINT = "complaint", _("Complaint")
        ENQUIRY = "enquiry", _("Enquiry")
        SUGGESTION = "suggestion", _("Suggestion")
        PRAISE = "praise", _("Praise")
        SERVICE_REQUEST = "service_request", _("Service request")

    class Channel(models.TextChoices):
        WEB = "web", _("Web")
        PHONE = "phone", _("Phone")
        VISIT = "visit", _("Visit")
        LETTER = "letter", _("Letter")
        EMAIL = "email", _("E-mail")
        IMPORT = "import", _("Import")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.COMPLAINT)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    received_at = models.DateTimeField(_("received"))
    recorded_at = models.DateTimeField(_("recorded"))
    community = Link(Community, null=True, related_name="+")
    room = Link(Room, null=True, related_name="+")
    household = Link(Household, null=True, related_name="+")
    person = Link(Person, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    first_asked = Link(Employee, null=True, related_name="+")
    office = Link(Department, null=True, related_name="+")
    logged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    is_confidential = models.BooleanField(default=False)
    words_commitment = models.CharField(max_length=64)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["complaint", "enquiry", "suggestion", "praise", "service_request"]),
                                   name="complaints_contact_kind"),
            models.CheckConstraint(condition=Q(channel__in=["web", "phone", "visit", "letter", "email", "import"]),
                                   name="complaints_contact_channel"),
            models.CheckConstraint(condition=Q(recorded_at__gte=models.F("received_at")), name="complaints_contact_order"),
            *company_constraints(
                "complaints_contact",
                references={
                    "community_id": "community_community",
                    "room_id": "community_room",
                    "household_id": "community_household",
                    "person_id": "community_person",
                    "first_asked_id": "community_employee",
                    "office_id": "community_department",
                },
                update=False,
            ),
            ForbidRewriting(name="complaints_contact_forever"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["company", "office", "received_at"], name="complaints_contact_office"),
            models.Index(fields=["company", "channel", "received_at"], name="complaints_contact_channel"),
        ]


class ContactWords(CompanyModel):
    """What the asker said and who he is: kept apart from the facts, so that erasing it leaves every chain valid.

    A correction adds a version; the version before stays until it is erased.
    """

    contact = Link(Contact, related_name="words")
    version = models.IntegerField(default=1)
    title = models.CharField(_("what is it about"), max_length=120)
    text = models.TextField(_("what happened"))
    asker_name = models.CharField(_("name"), max_length=80, blank=True)
    asker_phone = models.CharField(_("phone"), max_length=32, blank=True)
    asker_email = models.EmailField(_("e-mail"), blank=True)
    salt = models.CharField(max_length=32)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "contact", "version"], name="complaints_contactwords_version"),
            *company_constraints(
                "complaints_contactwords", references={"contact_id": "complaints_contact"}, update=False, delete=True
            ),
        ]
        indexes = [models.Index(fields=["company", "asker_phone"], name="complaints_words_phone")]

    def committed_text(self) -> str:
        """What the contact's commitment covers."""
        return "\n".join([self.title, self.text, self.asker_name, self.asker_phone, self.asker_email])
