from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "complaints"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from propman.accounts.context import NavigationEntry, register_navigation
        from propman.accounts.roles import CENTRE, RESIDENTS, STAFF, Role
        from propman.cases.selectors import register_subject
        from propman.community.home import register_section, register_waiting
        from propman.community.public import register_public_section
        from propman.community.services.staff import register_on_leaving
        from propman.notify.kinds import NoticeKind, register_notices
        from propman.notify.permissions import register_hidden_recipients
        from propman.notify.webhooks import register_told
        from propman.tenancy.checkups import register_integrity_check, register_readiness_check
        from propman.tenancy.jobrun import register_job, register_sweep

        from . import counted, home, integrity, jobs, labels, public
        from .permissions import BUDGETS, SEES_ALL, SEES_FIGURES, WORKS, notices_of_hidden_askers, told_facts
        from .services.leaving import take_from_leaver

        register_notices("complaints", NoticeKind("complaint.received", at_once=True, secrets=("code",)))
        register_notices(
            "complaints",
            *(
                NoticeKind(f"complaint.{name}")
                for name in [
                    "accepted",
                    "answered",
                    "replied",
                    "waiting",
                    "deferred",
                    "resumed",
                    "resolved",
                    "resolved_by_other",
                    "asker_replied",
                    "confirmed",
                    "closed",
                    "half_fixed",
                    "reopened",
                    "withdrawn",
                    "handed_over",
                    "taken",
                    "taken_from_you",
                    "left_to_you",
                    "refused",
                    "merged",
                ]
            ),
        )
        register_notices(
            "complaints",
            *(
                NoticeKind(f"complaint.{name}", urgent=True)
                for name in ("urged", "escalated_80", "escalated_100", "escalated_150", "escalated_200")
            ),
        )
        register_notices(
            "complaints",
            NoticeKind("complaint.daily_head"),
            NoticeKind("complaint.silence"),
        )
        told = [
            "accepted", "refused", "changed", "done", "cancelled", "allowed", "over_budget", "coming", "not_needed",
            "complaint_withdrawn", "complaint_merged",
        ]  # fmt: skip
        register_notices("work_orders", *(NoticeKind(f"work_order.{name}") for name in told))
        # Whoever is to come is needed at night too.
        register_notices("work_orders", *(NoticeKind(f"work_order.{name}", urgent=True) for name in ("ordered", "overdue")))
        administrators = frozenset({Role.COMPANY_ADMINISTRATOR})
        register_navigation(
            NavigationEntry(_("Complaints"), "complaints:mine", "message-circle", RESIDENTS, order=20),
            NavigationEntry(
                _("File a complaint"), "complaints:file", "plus", RESIDENTS, order=30, place="new", short_label=_("New")
            ),
            NavigationEntry(_("Queue"), "complaints:queue", "inbox", STAFF, order=20),
            NavigationEntry(_("Phone intake"), "complaints:intake", "phone-call", CENTRE, order=22),
            NavigationEntry(_("Reconcile"), "complaints:reconcile", "checklist", SEES_ALL, order=23),
            NavigationEntry(_("Call-backs"), "complaints:call_backs", "phone-outgoing", SEES_ALL, order=24),
            NavigationEntry(_("Dispatch"), "complaints:work_orders", "tool", WORKS, order=24),
            NavigationEntry(_("Costs"), "complaints:costs", "coin", BUDGETS, order=45),
            NavigationEntry(_("Wallboard"), "complaints:wallboard", "device-tv", SEES_ALL, order=28),
            NavigationEntry(_("Figures"), "complaints:figures", "chart-bar", SEES_FIGURES, order=27),
            NavigationEntry(_("Log a contact"), "complaints:log", "phone-incoming", STAFF, order=25),
            NavigationEntry(_("Number, name, room"), "complaints:queue", "search", STAFF, order=10, place="search"),
            NavigationEntry(_("Clocks"), "complaints:clocks", "clock", administrators, order=60, place="settings"),
            NavigationEntry(_("Counting"), "complaints:counting", "abacus", administrators, order=65, place="settings"),
            NavigationEntry(_("Categories"), "complaints:categories", "category", administrators, order=70, place="settings"),
        )
        register_told("complaint", told_facts)
        register_hidden_recipients(notices_of_hidden_askers)
        register_waiting(home.waiting)
        register_public_section(public.figures)
        register_public_section(public.ways)
        register_waiting(home.orders_waiting)
        register_on_leaving(take_from_leaver)
        register_section(home.section)
        register_section(home.queue_section)
        register_section(home.offices_section)
        for name in ("chains", "facts", "states", "numbers", "timers", "files"):
            register_integrity_check(f"complaint {name}", getattr(integrity, f"complaint_{name}"))
        for name in ("heads", "call_backs", "lists"):
            register_integrity_check(f"complaint {name.replace('_', '-')}", getattr(counted, name))
        register_integrity_check("work orders", integrity.work_orders)
        register_integrity_check("budgets", integrity.budgets)
        register_readiness_check("timers", integrity.timers_fire)
        # In this order: what comes back from a pause escalates in the same tick.
        register_sweep("complaints", jobs.wake_complaints)
        for job in jobs.JOBS:
            register_job(job)
        register_sweep("bulk runs", jobs.finish_bulk_runs)
        register_sweep("exports", jobs.write_exports)
        register_sweep("timers", jobs.fire_due_timers)
        register_sweep("late work orders", jobs.remind_of_late_orders)
        register_subject("complaint", home.address_of, labels.EVIDENCE)
