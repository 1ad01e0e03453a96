"""PDF, typeset by Typst.

Typst and not WeasyPrint: WeasyPrint needs Pango from the operating system, which a fresh machine does not have; Typst is one
wheel, and its only font comes from a package too. The words come from the caller, in the reader's language.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn
import typst

FONTS = Path(pylopdf_fonts_zh_cn.__file__).parent


def typeset(template: Path, data: Mapping[str, Any]) -> bytes:
    """The template as a PDF; it reads the data from `sys.inputs.data` as JSON and sees no file outside its folder."""
    compiled = typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    return bytes(compiled)
