"""What people type: parsing and layout. Here the form of each verb of a complaint."""

from ..workflow import Verb
from .dispatch import OrderWorkForm
from .verbs import (
    AnswerForm,
    CalledForm,
    CorrectForm,
    DeferForm,
    HandOverForm,
    HelpedForm,
    LengthenForm,
    MergeForm,
    OptionalTextForm,
    RateForm,
    ReasonForm,
    RecategoriseForm,
    TextForm,
    VerbForm,
    WaitForm,
)

FORMS: dict[Verb, type[VerbForm]] = {
    Verb.ACCEPT: VerbForm,
    Verb.HAND_OVER: HandOverForm,
    Verb.TAKE: VerbForm,
    Verb.REFUSE: ReasonForm,
    Verb.ANSWER: AnswerForm,
    Verb.REPLY: TextForm,
    Verb.NOTE: TextForm,
    Verb.WAIT: WaitForm,
    Verb.DEFER: DeferForm,
    Verb.RESOLVE: TextForm,
    Verb.CONFIRM: VerbForm,
    Verb.HALF_FIX: TextForm,
    Verb.REOPEN: TextForm,
    Verb.URGE: OptionalTextForm,
    Verb.RATE: RateForm,
    Verb.WITHDRAW: OptionalTextForm,
    Verb.MERGE: MergeForm,
    Verb.TAKE_OVER: VerbForm,
    Verb.SKIP: ReasonForm,
    Verb.RECATEGORISE: RecategoriseForm,
    Verb.LENGTHEN: LengthenForm,
    Verb.CORRECT: CorrectForm,
    Verb.TELL: HelpedForm,
    Verb.CALL_BACK: CalledForm,
    Verb.ORDER_WORK: OrderWorkForm,
}
