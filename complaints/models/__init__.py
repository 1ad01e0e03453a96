from .complaint import Complaint, Offer
from .contact import Contact, ContactWords
from .policy import Category, ClockPolicy, ClockRule, Severity
from .timer import Timer

__all__ = [
    "Category",
    "ClockPolicy",
    "ClockRule",
    "Complaint",
    "Contact",
    "ContactWords",
    "Offer",
    "Severity",
    "Timer",
]
