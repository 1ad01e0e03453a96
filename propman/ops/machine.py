"""python -m propman.ops.machine FILE: the fonts that pictures of Chinese pages need.

Root has them installed; others are told what to ask for, and everything but those pictures works without. PDF brings its own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FONTS = ["fontconfig", "fonts-noto-cjk"]


def shows_chinese() -> bool:
    return bool(shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=zh"], capture_output=True).stdout)


def missing_packages() -> list[str]:
    """Names of Debian's packages."""
    return [] if shows_chinese() else FONTS


def main(file: Path) -> int:
    """Write what is still missing into the file, so that the next look is not needed."""
    missing = missing_packages()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        silently = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=silently)
        subprocess.run(["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing], env=silently)
        missing = missing_packages()
    if missing:
        sys.stderr.write(f"Chinese fonts will be missing; ask for the packages {' '.join(missing)}\n")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{name}\n" for name in missing))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
