"""The base of every Celery task: it carries the company in its headers and opens the scope before it runs."""

from typing import Any, ClassVar

from celery import Task

from .scope import NoCompany, company_scope, current_company_id, has_company

HEADER = "propman_company"


class CompanyTask(Task):
    """A task of one company. One that serves all of them says `serves_all_companies=True`."""

    abstract = True
    serves_all_companies: ClassVar[bool] = False

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        if not self.serves_all_companies:
            if not has_company():
                raise NoCompany(f"{self.name} was sent outside any company scope.")
            options["headers"] = {**(options.get("headers") or {}), HEADER: current_company_id()}
        return super().apply_async(args, kwargs, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.serves_all_companies:
            return super().__call__(*args, **kwargs)
        company_id = (self.request.headers or {}).get(HEADER) or getattr(self.request, HEADER, None)
        if company_id is None:
            raise NoCompany(f"{self.name} arrived without a company.")
        with company_scope(company_id):
            return super().__call__(*args, **kwargs)
