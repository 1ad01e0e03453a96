"""python -m propman.ops.machine FILE: the system libraries and fonts that our packages need.

Root has them installed; others are told what to ask for, and everything but PDF and pictures of Chinese pages works without.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PDF_LIBRARIES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"]
FONTS = ["fontconfig", "fonts-noto-cjk"]


def makes_pdf() -> bool:
    return subprocess.run([sys.executable, "-c", "import weasyprint"], capture_output=True).returncode == 0


def shows_chinese() -> bool:
    return bool(shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout)


def missing_packages() -> list[str]:
    """Names of Debian's packages."""
    return ([] if makes_pdf() else PDF_LIBRARIES) + ([] if shows_chinese() else FONTS)


def main(file: Path) -> int:
    """Write what is still missing into the file, so that the next look is not needed."""
    missing = missing_packages()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        silently = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=silently)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], env=silently)
        missing = missing_packages()
    if missing:
        sys.stderr.write(f"PDF files or Chinese fonts will be missing; ask for the packages {' '.join(missing)}\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}\n" for name in missing))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
