"""The API's own description: an OpenAPI schema, a page to read it, and an answer to addresses that it does not know."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")


class CompanySchema(SchemaGenerator):
    """The schema of what lies below a company's prefix; its server is the prefix."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "urlconf": settings.COMPANY_URLCONF})

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        schema: dict[str, Any] = super().get_schema(request=request, public=public)
        return {**schema, "servers": [{"url": get_script_prefix().rstrip("/")}]}


class SchemaView(SpectacularAPIView):
    """OpenAPI, of all that the API can do; whether you may do it is another matter."""

    generator_class = CompanySchema


def docs(request: HttpRequest) -> HttpResponse:
    """The schema as a page: every address, what it takes and what it answers."""
    schema = CompanySchema().get_schema(public=True)
    return render(request, "common/api_docs.html", {"resources": _resources(schema), "server": schema["servers"][0]["url"]})


def _resources(schema: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    resources: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                resources.setdefault(operation["tags"][0], []).append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "says": operation.get("description", ""),
                        "parameters": operation.get("parameters", []),
                        "takes": _fields(schema, operation.get("requestBody", {}).get("content", {})),
                        "answers": [
                            {
                                "status": status,
                                "says": answer.get("description", ""),
                                "fields": _fields(schema, answer.get("content", {})),
                            }
                            for status, answer in operation["responses"].items()
                        ],
                    }
                )
    return sorted(resources.items())


def _fields(schema: dict[str, Any], content: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of a body, one level deep."""
    body = _resolved(schema, next(iter(content.values()), {"schema": {}})["schema"])
    if "results" in body.get("properties", {}):
        body = _resolved(schema, body["properties"]["results"])
    body = _resolved(schema, body.get("items", body))
    required = body.get("required", [])
    return [
        {"name": name, "is_required": name in required, "type": _type(schema, field), "says": field.get("description", "")}
        for name, field in body.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any], field: dict[str, Any]) -> str:
    resolved = _resolved(schema, field)
    if values := resolved.get("enum"):
        return " | ".join(str(value) for value in values)
    return str(resolved.get("format") or resolved.get("type") or "")


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if len(part.get("allOf", [])) == 1:
        part = part["allOf"][0]
    name = part.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = schema["components"]["schemas"][name] if name else part
    return found


class UnknownAddress(APIView):
    """Whatever the API does not know is a 404 in the API's own words."""

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404

    def get(self, request: Request, address: str) -> Response:
        raise Http404
