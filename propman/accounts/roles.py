"""The roles of people in a company; one person may have several, in several companies."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    TENANT = "tenant", _("Tenant")
    FAMILY_MEMBER = "family_member", _("Family member")
    EMPLOYEE = "employee", _("Employee")
    COMPANY_ADMINISTRATOR = "company_administrator", _("Company administrator")
    CENTRE_AGENT = "centre_agent", _("Centre agent")
    DUTY_MANAGER = "duty_manager", _("Duty manager")
    DEPARTMENT_HEAD = "department_head", _("Department head")
    HR_OFFICER = "hr_officer", _("HR officer")
    FINANCE_OFFICER = "finance_officer", _("Finance officer")
    GENERAL_MANAGER = "general_manager", _("General manager")
    COMMITTEE_MEMBER = "committee_member", _("Committee member")
    ASSOCIATION_OFFICIAL = "association_official", _("Association official")
    GOVERNMENT_OFFICIAL = "government_official", _("Government official")
    CONSUMERS_OFFICER = "consumers_officer", _("Consumers Association officer")
    UNION_PANEL_MEMBER = "union_panel_member", _("Union panel member")


RESIDENTS = frozenset({Role.OWNER, Role.TENANT, Role.FAMILY_MEMBER})
STAFF = frozenset(
    {
        Role.EMPLOYEE,
        Role.COMPANY_ADMINISTRATOR,
        Role.CENTRE_AGENT,
        Role.DUTY_MANAGER,
        Role.DEPARTMENT_HEAD,
        Role.HR_OFFICER,
        Role.FINANCE_OFFICER,
        Role.GENERAL_MANAGER,
    }
)
CENTRE = frozenset({Role.CENTRE_AGENT, Role.DUTY_MANAGER})
MANAGERS = frozenset({Role.DUTY_MANAGER, Role.DEPARTMENT_HEAD, Role.GENERAL_MANAGER})
COUNTING = frozenset({Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL})  # they open the boxes, over all their companies
OFFICIALS = frozenset({Role.ASSOCIATION_OFFICIAL, Role.GOVERNMENT_OFFICIAL, Role.CONSUMERS_OFFICER})

SECOND_FACTOR_REQUIRED = STAFF | OFFICIALS | {Role.UNION_PANEL_MEMBER}
