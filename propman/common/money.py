"""Money is a whole number of minor units (cents) with its currency named; here it becomes text and back."""

import re

SIGNS = {"CNY": "¥", "EUR": "€", "GBP": "£", "USD": "$", "HKD": "HK$"}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND"})
TYPED = re.compile(r"(\d{1,12})(?:[.,](\d{1,2}))?")


class NotMoney(ValueError):
    """The text is no amount of money."""


def minor_digits(currency: str) -> int:
    return 0 if currency in WITHOUT_CENTS else 2


def in_figures(amount: int, currency: str = "") -> str:
    """65447 with CNY is ¥654.47; without a currency 654.47. A real minus sign stands before a negative amount.

    Thousands are grouped in both languages: books and bills in Chinese are written so too (千分位).
    """
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    text = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    return f"{'−' if amount < 0 else ''}{SIGNS.get(currency, f'{currency} ' if currency else '')}{text}"


def plain(amount: int, currency: str) -> str:
    """For machines: 654.47, -30.00."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}" + (f".{rest:0{digits}d}" if digits else "")


def parse(text: str, currency: str) -> int:
    """Minor units of what somebody typed, such as 654.47 or 654,4. Raises NotMoney."""
    found = TYPED.fullmatch(text.strip().replace(" ", ""))
    digits = minor_digits(currency)
    if found is None or len(found[2] or "") > digits:
        raise NotMoney(text)
    return int(found[1]) * 10**digits + int((found[2] or "").ljust(digits, "0") or 0)
