"""What the every-URL test needs of the billing pages: see tests/url_samples.py."""

from typing import Any

PUBLIC = {"billing_public:satisfaction"}


def samples(cast: Any) -> dict[str, dict[str, Any]]:
    bill, community = {"reference": "2026-000001"}, {"community": "willow-garden"}
    payer = {"household": 1, "payer": 1}
    return {
        "billing:bill": bill,
        "billing:bill_pdf": bill,
        "billing:correct": bill,
        "billing:receipt": bill,
        "billing:receipt_pdf": bill,
        "billing:reverse": bill,
        "billing:sheet": {"survey": 1, "household": 1},
        "billing:result": {**community, "quarter": "2026Q1"},
        "billing:run": {"pk": 1},
        "billing:customer": payer,
        "billing:refund": payer,
        "billing:agreement": {"pk": 1},
        "billing:sign": {"pk": 1},
        "billing:propose": community,
        "bills-detail": {"number": "2026-000001"},
        "bills-credit": {"number": "2026-000001"},
        "bills-cancel": {"number": "2026-000001"},
        "bills-reissue": {"number": "2026-000001"},
        "payments-detail": {"number": "2026-000001"},
        "payments-reverse": {"number": "2026-000001"},
        "surveys-detail": {"pk": 1},
        "billing_public:satisfaction": community,
    }
