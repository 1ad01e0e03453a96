"""Small functions that make what a test needs; each opens the company's scope itself."""

from .people import BEGIN, make_employee, make_member, make_resident, make_user
from .places import make_community, make_company, make_department, make_household

__all__ = [
    "BEGIN",
    "make_community",
    "make_company",
    "make_department",
    "make_employee",
    "make_household",
    "make_member",
    "make_resident",
    "make_user",
]
