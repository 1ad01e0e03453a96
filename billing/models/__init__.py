from .agreements import AgreementItem, AgreementSignature, FeeAgreement
from .bills import Bill, BillRun, CreditNote
from .ledger import Account, Payment, PaymentReversal, Refund, Transfer
from .surveys import Comment, ItemResult, Sheet, SheetAnswer, Survey, SurveyResult

__all__ = [
    "Account",
    "AgreementItem",
    "AgreementSignature",
    "Bill",
    "BillRun",
    "Comment",
    "CreditNote",
    "FeeAgreement",
    "ItemResult",
    "Payment",
    "PaymentReversal",
    "Refund",
    "Sheet",
    "SheetAnswer",
    "Survey",
    "SurveyResult",
    "Transfer",
]
