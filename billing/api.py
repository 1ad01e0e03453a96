"""The API: bills, payments, surveys, sheets. One service call each."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Bill, ItemResult, Payment, Survey, SurveyResult
from billing.permissions import READERS, bill_for, communities_of, payment_for, sheet_for
from billing.selectors.counter import may_pay
from billing.selectors.money import bills_visible_to, payments_visible_to
from billing.selectors.surveys import Answer, items_of, open_sheets, own_sheet
from billing.serializers import (
    BillSerializer,
    CreditNoteSerializer,
    CreditSerializer,
    NewPaymentSerializer,
    PaymentSerializer,
    ReasonSerializer,
    SaveSheetSerializer,
    SheetSerializer,
    SurveySerializer,
)
from billing.services.books import KeyReused
from billing.services.corrections import NotCreditable, cancel_bill, credit_bill, reissue_bills
from billing.services.payments import Customer, NotReversible, reverse_payment, take_payment
from billing.services.surveys import NotYourSheet, SheetClosed, save_sheet
from propman.accounts.models import User
from propman.accounts.roles import RESIDENTS, STAFF, Role
from propman.common.problems import Problem
from propman.community.models import Household, Person
from propman.tenancy.idempotency import IdempotentPosts


class FinancePosts(IdempotentPosts):
    """Residents and employees read what is theirs to read; only finance officers post."""

    roles = frozenset({*RESIDENTS, *STAFF})
    requires_key = True

    def check_permissions(self, request: Request) -> None:
        super().check_permissions(request)  # type: ignore[misc]
        if request.method == "POST" and Role.FINANCE_OFFICER not in roles_of(request):
            raise PermissionDenied


def key_of(request: Request) -> str:
    return f"api:{request.headers['Idempotency-Key']}"


class BillViewSet(FinancePosts, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Bill]):
    """Bills: one's own, or all of the company for finance."""

    serializer_class = BillSerializer
    queryset = Bill.objects.none()
    filterset_fields = ["quarter", "community__address"]
    lookup_field = "number"
    lookup_value_regex = r"\d{4}-\d{6,12}"

    def get_queryset(self) -> QuerySet[Bill]:
        return bills_visible_to(caller(self.request), roles_of(self.request))

    def get_object(self) -> Bill:
        return bill_for(caller(self.request), roles_of(self.request), self.kwargs["number"])

    @extend_schema(request=CreditSerializer, responses={201: CreditNoteSerializer})
    @action(detail=True, methods=["post"])
    def credit(self, request: Request, number: str) -> Response:
        """Issue a credit note for a part of the bill."""
        given = checked(CreditSerializer, request)
        try:
            note = credit_bill(bill=self.get_object(), by=caller(request), at=timezone.now(), key=key_of(request), **given)
        except (NotCreditable, KeyReused) as error:
            raise Problem(409, str(error)) from error
        return Response(CreditNoteSerializer(note).data, status=201)

    @extend_schema(request=ReasonSerializer, responses=BillSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, number: str) -> Response:
        """Cancel the bill: credit all that it stands for."""
        reason = checked(ReasonSerializer, request)["reason"]
        try:
            cancel_bill(bill=self.get_object(), reason=reason, by=caller(request), at=timezone.now())
        except NotCreditable as error:
            raise Problem(409, str(error)) from error
        return Response(BillSerializer(self.get_object()).data)

    @extend_schema(request=ReasonSerializer, responses=BillSerializer(many=True))
    @action(detail=True, methods=["post"])
    def reissue(self, request: Request, number: str) -> Response:
        """Cancel every bill of the room and quarter and issue them anew from today's owners and area."""
        reason = checked(ReasonSerializer, request)["reason"]
        try:
            new = reissue_bills(bill=self.get_object(), reason=reason, by=caller(request), at=timezone.now())
        except NotCreditable as error:
            raise Problem(409, str(error)) from error
        return Response(BillSerializer(new, many=True).data, status=201)


class PaymentViewSet(FinancePosts, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Payment]):
    """Payments: one's own, or all of the company for finance, who also takes them."""

    serializer_class = PaymentSerializer
    queryset = Payment.objects.none()
    filterset_fields = ["community__address", "method"]
    lookup_field = "number"
    lookup_value_regex = r"\d{4}-\d{6,12}"

    def get_queryset(self) -> QuerySet[Payment]:
        return payments_visible_to(caller(self.request), roles_of(self.request))

    def get_object(self) -> Payment:
        return payment_for(caller(self.request), roles_of(self.request), self.kwargs["number"])

    @extend_schema(request=NewPaymentSerializer, responses={201: PaymentSerializer})
    def create(self, request: Request) -> Response:
        """Book money that was brought; the Idempotency-Key books it once."""
        given = checked(NewPaymentSerializer, request)
        household = get_object_or_404(Household.objects.select_related("room", "community"), pk=given.pop("household"))
        payer = Person.objects.filter(pk=wanted).first() if (wanted := given.pop("payer")) else None
        if wanted and (payer is None or not may_pay(household, payer)):
            raise Problem(422, _("This person never owned the household."))
        customer = Customer(household, payer)
        try:
            payment = take_payment(customer=customer, by=caller(request), at=timezone.now(), key=key_of(request), **given)
        except KeyReused as error:
            raise Problem(422, _("This Idempotency-Key was used before, with another request.")) from error
        return Response(PaymentSerializer(payment).data, status=201)

    @extend_schema(request=ReasonSerializer, responses=PaymentSerializer)
    @action(detail=True, methods=["post"])
    def reverse(self, request: Request, number: str) -> Response:
        """Take back a payment that was booked wrongly; bills that it paid are open again."""
        reason = checked(ReasonSerializer, request)["reason"]
        try:
            reverse_payment(payment=self.get_object(), reason=reason, by=caller(request), at=timezone.now())
        except NotReversible as error:
            raise Problem(409, str(error)) from error
        return Response(PaymentSerializer(self.get_object()).data)


class SurveyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Survey]):
    """Surveys of the communities whose results one may read; totals only, after the count."""

    roles = frozenset(READERS)
    serializer_class = SurveySerializer
    queryset = Survey.objects.none()
    filterset_fields = ["quarter", "community__address"]

    def get_queryset(self) -> QuerySet[Survey]:
        communities = communities_of(caller(self.request), roles_of(self.request))
        return Survey.objects.filter(community__in=communities).select_related("community")

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        many = kwargs.get("many", False)
        shown = list(args[0]) if many and args else list(args[:1])
        results = {result.survey_id: result for result in SurveyResult.objects.filter(survey__in=shown)}
        cells: dict[int, list[ItemResult]] = {}
        for cell in ItemResult.objects.filter(survey__in=shown).select_related("item").order_by("item__position"):
            cells.setdefault(cell.survey_id, []).append(cell)
        kwargs["context"] = {**self.get_serializer_context(), "results": results, "cells": cells}
        return SurveySerializer(shown if many else shown[0] if shown else None, **kwargs)


class SheetViewSet(viewsets.ViewSet):
    """The score sheets of one's own households, while they are out.

    Saving takes no Idempotency-Key: saving twice is the same anyway, and the answer that is kept under a key would tell
    that somebody answered.
    """

    roles = frozenset({Role.OWNER, Role.TENANT})

    @extend_schema(responses=SheetSerializer(many=True), operation_id="sheets_list")
    def list(self, request: Request) -> Response:
        """The sheets that can be filled in now, with one's household's answers so far."""
        now = timezone.now()
        sheets = open_sheets(caller(request), at=now)
        return Response([sheet_data(sheet.survey, sheet.household, caller(request), now) for sheet in sheets])

    @extend_schema(request=SaveSheetSerializer, responses=SheetSerializer)
    def create(self, request: Request) -> Response:
        """Save some or all answers; a later one replaces an earlier one."""
        given, now = checked(SaveSheetSerializer, request), timezone.now()
        survey, household = sheet_for(caller(request), given["survey"], given["household"], at=now)
        known = {item.pk for item in items_of(survey)}
        if strangers := [answer["item"] for answer in given["answers"] if answer["item"] not in known]:
            raise Problem(422, _("This sheet has no item %(items)s.") % {"items": ", ".join(map(str, strangers))})
        answers = {answer["item"]: Answer(answer["score"], answer["comment"]) for answer in given["answers"]}
        try:
            save_sheet(survey=survey, household=household, by=caller(request), answers=answers, at=now)
        except SheetClosed as error:
            raise Problem(409, _("The sheets of this quarter were collected.")) from error
        except NotYourSheet as error:
            raise Http404 from error
        return Response(sheet_data(survey, household, caller(request), now))


def caller(request: Request) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def sheet_data(survey: Survey, household: Household, user: User, at: Any) -> dict[str, Any]:
    given = own_sheet(survey, household, user, at=at)
    return {
        "survey": survey.pk,
        "household": household.pk,
        "quarter": survey.quarter,
        "closes_at": survey.closes_at,
        "items": [
            {
                "item": item.pk,
                "name": item.name,
                "standard": item.standard,
                "answered": item.pk in given,
                "score": given[item.pk].score if item.pk in given else None,
                "comment": given[item.pk].comment if item.pk in given else "",
            }
            for item in items_of(survey)
        ],
    }


def checked(serializer: type[Any], request: Request) -> dict[str, Any]:
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    found: dict[str, Any] = given.validated_data
    return found


def roles_of(request: Request) -> frozenset[str]:
    held: frozenset[str] = getattr(request._request, "roles", frozenset())
    return held
