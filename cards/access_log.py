"""The web server's access log: casting leaves neither a serial nor an address in it."""

from typing import Any

from gunicorn.glogging import Logger

PATH = "/box/"  # below a company's prefix; Django is not loaded yet when the web server reads this
KEPT = ("t", "s", "m", "H", "B", "D", "M", "L", "T")


class AccessLog(Logger):
    """Gunicorn's logger; of a request to a box it knows method, path, status, size and time, whatever the format asks for."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> dict[str, Any]:
        atoms: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        path = environ.get("RAW_URI", "").partition("?")[0]
        if not path.endswith(PATH):
            return atoms
        return {key: atoms[key] for key in KEPT} | {"U": path, "r": f"{atoms['m']} {path} {atoms['H']}"}
