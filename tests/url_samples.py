"""What the every-URL test needs to know of an address that its resolver cannot tell.

An app adds `tests/<app>/url_samples.py` with any of these names; they are collected here.

    def samples(cast) -> dict[str, dict]    the arguments of every URL name that has some; runs in the company's scope,
                                            may make rows; `cast` holds the people and places of tests/conftest.py
    PUBLIC = {"complaints:follow"}          pages that need no sign-in
    EVERY_MEMBER = {"complaints:mine"}      pages that every member of the company may open, each seeing his own
    FORBIDDEN = {"complaints:detail": ["rival_owner"]}
                                            who must be refused (403 or 404) where rows decide and not a role

A view that names its roles (`role_required`, `official_required`, `roles` on a DRF view) needs only its samples: every
person of the cast without one of them is tried. Any other view must be in EVERY_MEMBER, FORBIDDEN or PUBLIC.
"""

import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import Any

import tests


def modules() -> list[ModuleType]:
    packages = [name for _finder, name, is_package in pkgutil.iter_modules(tests.__path__, "tests.") if is_package]
    found = []
    for package in packages:
        names = {name for _finder, name, _is in pkgutil.iter_modules(importlib.import_module(package).__path__)}
        if "url_samples" in names:
            found.append(importlib.import_module(f"{package}.url_samples"))
    return found


def names(listed: str) -> set[str]:
    """PUBLIC or EVERY_MEMBER of all apps."""
    return {name for module in modules() for name in getattr(module, listed, ())}


def forbidden() -> dict[str, list[str]]:
    return {name: people for module in modules() for name, people in getattr(module, "FORBIDDEN", {}).items()}


def all_samples(cast: Any) -> dict[str, dict[str, Any]]:
    makers: list[Callable[[Any], dict[str, dict[str, Any]]]] = [
        module.samples for module in modules() if hasattr(module, "samples")
    ]
    return {name: kwargs for make in makers for name, kwargs in make(cast).items()}
