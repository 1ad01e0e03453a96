"""Photos of a town, drawn: what is broken as the asker saw it, and the same thing put right."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from io import BytesIO
from random import Random

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw, ImageFilter

from propman.common.uploads import NewFile, read_file

from .texts import Trouble

WIDTH, HEIGHT = 720, 960
RECENT = timedelta(days=45)  # older complaints of a sample go without
Paint = Callable[[ImageDraw.ImageDraw, bool], None]


def lift(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#cfd6d2")
    draw.rectangle((110, 90, 610, 900), "#8f9c96")
    gap = 4 if is_right else 70
    draw.rectangle((130, 110, 360 - gap, 900), "#b9c3be")
    draw.rectangle((360 + gap, 110, 590, 900), "#b0bbb6")
    draw.rectangle((360 - gap, 110, 360 + gap, 900), "#39443f")
    draw.rounded_rectangle((640, 420, 690, 540), 8, "#55625d")
    draw.ellipse((655, 440, 677, 462), "#7fe0a8" if is_right else "#ff8f6b")
    draw.rounded_rectangle((300, 20, 420, 76), 8, "#121816")
    draw.text((345, 28), "9" if is_right else "8", "#ffb35c", font_size=38)


def water(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#dcd8cf")
    draw.rectangle((0, 0, WIDTH, 330), "#efece4")
    draw.line((0, 330, WIDTH, 330), "#b8b2a5", 4)
    draw.rectangle((0, 760, WIDTH, HEIGHT), "#a9937b")
    if is_right:
        draw.rectangle((240, 90, 520, 260), "#f8f6f0")
        return
    for wide, tone in ((210, "#d8c8a4"), (150, "#c3ab7d"), (80, "#a98d5c")):
        draw.ellipse((380 - wide, 190 - wide // 2, 380 + wide, 190 + wide // 2), tone)
    for x, y in ((350, 400), (392, 520), (366, 640)):
        draw.ellipse((x, y, x + 14, y + 30), "#7fa9c4")
    draw.polygon([(280, 740), (480, 740), (450, 900), (310, 900)], "#3f77a3")
    draw.ellipse((280, 715, 480, 765), "#9cc3dd")


def lamp(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#2a3550" if is_right else "#141a28")
    draw.rectangle((0, 800, WIDTH, HEIGHT), "#2d2f33")
    for step in range(4):
        draw.rectangle(
            (120 - step * 30, 780 + step * 40, 600 + step * 30, 820 + step * 40), f"#{'5a5c60' if is_right else '3a3c42'}"
        )
    if is_right:
        draw.polygon([(360, 250), (40, 860), (680, 860)], "#8a7c4e")
    draw.rectangle((350, 250, 370, 800), "#6a6f75")
    draw.ellipse((300, 170, 420, 290), "#ffe9a8" if is_right else "#4b525b")


def bins(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#b9c4b4")
    draw.rectangle((0, 620, WIDTH, HEIGHT), "#8d8f8a")
    for left, tone in ((90, "#3d6f4f"), (300, "#39618c"), (510, "#6b6f72")):
        draw.rounded_rectangle((left, 420, left + 150, 760), 14, tone)
        draw.rectangle((left - 8, 396, left + 158, 430), "#2f3a35")
    if is_right:
        return
    for x, y, tone in (
        (60, 760, "#22262b"),
        (230, 800, "#e4ddca"),
        (400, 770, "#22262b"),
        (560, 810, "#a9673d"),
        (330, 340, "#22262b"),
    ):
        draw.ellipse((x, y - 60, x + 150, y + 70), tone)


def door(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#d9dad3")
    draw.rectangle((150, 80, 570, 900), "#40463f")
    wide = 420 if is_right else 190
    draw.rectangle((150, 80, 150 + wide, 900), "#9c3b2e")
    draw.rectangle((150, 470, 150 + wide, 500), "#c9c9c4")
    if not is_right:
        draw.line((330, 485, 610, 520), "#d8b25a", 10)


def paper(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#7d6550")
    draw.polygon([(90, 70), (650, 40), (670, 900), (70, 930)], "#f7f6f1")
    for line in range(14):
        draw.line((140, 170 + line * 50, 430 + (line * 37) % 150, 165 + line * 50), "#8b9096", 8)
    draw.rectangle((500, 760, 610, 800), "#7fe0a8" if is_right else "#f0b0a0")


def charger(draw: ImageDraw.ImageDraw, is_right: bool) -> None:
    draw.rectangle((0, 0, WIDTH, HEIGHT), "#5d6468")
    draw.polygon([(0, 960), (720, 960), (560, 560), (160, 560)], "#45494d")
    draw.line((360, 960, 360, 560), "#e8e6da", 12)
    draw.rounded_rectangle((260, 160, 460, 600), 20, "#eceff0")
    draw.rectangle((290, 200, 430, 300), "#123b2a" if is_right else "#20262a")
    draw.ellipse((340, 340, 380, 380), "#6fe0a0" if is_right else "#d9513d")


DRAWN: dict[str, Paint] = {
    "lift": lift, "water": water, "power": lamp, "cleaning": bins, "safety": door, "fees": paper, "parking": charger,
}  # fmt: skip


@cache
def photo(category: str, is_right: bool) -> NewFile:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    DRAWN[category](ImageDraw.Draw(image), is_right)
    out = BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=88)
    return read_file(ContentFile(out.getvalue(), f"IMG_{20 + len(category)}{int(is_right)}4.jpg"))


def photos_of(trouble: Trouble, habit: Random, *, is_right: bool = False) -> list[NewFile]:
    """One photo of it, as two of three people send one; none of what cannot be seen."""
    if trouble.category not in DRAWN or habit.random() > 0.66:
        return []
    return [replace(photo(trouble.category, is_right), salt=secrets.token_hex(16))]
