"""The finished lesson of the demonstration: "Adding fractions", a tutor and two students, a minute and a quarter."""

from functools import cache
from typing import Final

from portal.showcase import figures
from portal.showcase.curves import curve_through
from portal.showcase.drawings import placed, star
from portal.showcase.handwriting import Style
from portal.showcase.script import Desk, Script, in_order

TITLE: Final = "Adding fractions: 1/2 + 1/4"
TUTOR: Final = "tutor"
LEO: Final = "leo"
AMARA: Final = "amara"
LENGTH_MS: Final = 76_000

_HALF = (330.0, 345.0)
_QUARTER = (800.0, 345.0)
_RADIUS = 128.0
_LINE = (250.0, 500.0)
_LINE_PX = 1000.0


@cache
def fractions_lesson() -> Script:
    """The script; the same every time."""
    tutor = Desk(TUTOR, 11, Style(speed_px_s=560.0, wobble_px=0.45, slant=0.07, pressure=140))
    leo = Desk(LEO, 23, Style(speed_px_s=450.0, wobble_px=0.9, slant=0.0, pressure=156), colour="green")
    amara = Desk(AMARA, 37, Style(speed_px_s=480.0, wobble_px=0.6, slant=0.12, pressure=128), colour="violet")
    _question(tutor)
    _first_try(tutor, leo, amara)
    _correction(tutor, leo, amara)
    _number_line(tutor, leo, amara)
    actions, speeches = in_order((tutor, leo, amara))
    return Script(TITLE, "Mathematics", TUTOR, (LEO, AMARA), LENGTH_MS, actions, speeches)


def _question(tutor: Desk) -> None:
    tutor.at(400).say(4300)
    tutor.at(1000).size = 4.0
    tutor.write("Adding fractions", 96, 128, 62)
    tutor.draw([figures.underline((92, 176), 500)], colour="orange")
    tutor.size = 4.0
    tutor.at(tutor.now_ms + 900).say(5200)
    tutor.draw([figures.circle(_HALF, _RADIUS), *figures.spokes(_HALF, _RADIUS, 2)])
    tutor.draw([figures.scribble(_HALF, _RADIUS, -90, 90, 20)], colour="blue")
    tutor.size = 8.0
    tutor.fraction("1", "2", 240, 612)
    tutor.write("+", 535, 372, 76)
    tutor.at(tutor.now_ms + 600).say(5000)
    tutor.size = 4.0
    tutor.draw([figures.circle(_QUARTER, _RADIUS), *figures.spokes(_QUARTER, _RADIUS, 4)])
    tutor.draw([figures.scribble(_QUARTER, _RADIUS, -90, 0, 20)], colour="orange")
    tutor.size = 8.0
    tutor.write("+", 590, 640, 76)
    tutor.fraction("1", "4", 760, 612)
    tutor.write("=", 975, 640, 76)
    tutor.write("?", 1122, 640, 84, tag="question", colour="red")


def _first_try(tutor: Desk, leo: Desk, amara: Desk) -> None:
    asked_ms = tutor.now_ms
    tutor.at(asked_ms + 150).say(2600).point(1190, 560)
    amara.at(6_000).point(420, 300)
    amara.at(16_500).point(860, 260)
    leo.at(9_000).point(330, 250)
    leo.at(asked_ms + 900).hand(True)
    leo.at(asked_ms + 1500).chat("I think I know it!")
    leo.at(asked_ms + 3000).hand(False)
    leo.at(asked_ms + 3300).say(3000)
    tutor.at(asked_ms + 3200).erase("question")
    leo.size = 8.0
    leo.fraction("2", "6", 1140, 612, tag="wrong")
    amara.at(leo.now_ms + 600).chat("Hm, 2/6 is less than a half")


def _correction(tutor: Desk, leo: Desk, amara: Desk) -> None:
    tutor.at(leo.now_ms + 1400).say(7200)
    tutor.draw([figures.ring(1112, 505, 1246, 736)], tag="ring", colour="red", size=4)
    tutor.at(tutor.now_ms + 1300)
    # The half is cut once more: two quarters.
    tutor.draw([[(_HALF[0] - _RADIUS, _HALF[1] + 1), _HALF, (_HALF[0] + _RADIUS, _HALF[1] - 1)]], colour="red")
    tutor.at(tutor.now_ms + 800)
    tutor.write("=", 340, 636, 56, colour="red")
    tutor.fraction("2", "4", 412, 612, colour="red")
    tutor.draw(figures.arrow((545, 470), (440, 400), -0.12), colour="red", size=4)
    amara.at(tutor.now_ms + 700).say(3000).chat("So a half is two quarters!")
    leo.at(tutor.now_ms + 1500).erase("wrong")
    tutor.at(leo.now_ms + 800).erase("ring")
    amara.at(amara.now_ms + 3300)
    amara.say(1900).write("3", 1158, 592, 76)
    amara.draw([[(1140, 612), (1180, 610), (1222, 611)]])
    # A slip of the pen, taken back.
    amara.at(amara.now_ms + 150).write("1", 1160, 710, 76)
    amara.at(amara.now_ms + 650).undo()
    amara.at(amara.now_ms + 450).write("4", 1152, 710, 76)
    tutor.at(amara.now_ms + 600).say(2600)
    tutor.write("✓", 1275, 650, 100, colour="green")
    leo.at(tutor.now_ms + 200).chat("Same size slices first, then add")


def _number_line(tutor: Desk, leo: Desk, amara: Desk) -> None:
    tutor.at(tutor.now_ms + 2600).add_page("line", "Number line", "grid")
    turned_ms = tutor.now_ms
    leo.at(turned_ms + 300).follow("line").point(320, 430)
    amara.at(turned_ms + 400).follow("line").point(800, 420)
    tutor.at(turned_ms + 900).say(4600).type("Check it on the number line", 150, 90, "heading")
    tutor.size = 4.0
    tutor.draw(figures.number_line(_LINE, _LINE_PX, 4))
    tutor.size = 4.0
    for index, label in ((0, "0"), (4, "1")):
        tutor.write(label, figures.tick_at(_LINE, _LINE_PX, 4, index) - 14, _LINE[1] + 74, 46)
    # Both students draw at once.
    jumps_ms = tutor.now_ms + 900
    middle = figures.tick_at(_LINE, _LINE_PX, 4, 2)
    end = figures.tick_at(_LINE, _LINE_PX, 4, 3)
    leo.at(jumps_ms).say(2300).draw(figures.hop(_LINE[0] + 4, middle - 4, _LINE[1] - 22, 150), colour="blue", size=8)
    leo.size = 4.0
    leo.write("1/2", 440, 300, 54, colour="blue")
    amara.at(jumps_ms + 450).draw(figures.hop(middle + 4, end - 4, _LINE[1] - 22, 110), colour="orange", size=8)
    amara.size = 4.0
    amara.at(amara.now_ms + 900).say(2000).write("1/4", 815, 340, 54, colour="orange")
    tutor.at(max(leo.now_ms, amara.now_ms) + 700).say(4600).size = 8.0
    tutor.write("1/2 + 1/4 = 3/4", 330, 760, 92)
    tutor.mark(curve_through([(905, 712), (985, 706), (1085, 709)]), "yellow", 40.0)
    for each in placed(star(), 1330, 690, 0.8, 6):
        amara.at(amara.now_ms + 100).draw([each.path], colour="violet" if each.colour == "blue" else each.colour)
    leo.at(tutor.now_ms - 900).chat("Three quarters! That was easier than I thought")
    tutor.at(tutor.now_ms + 1500).say(3600).chat("Well done, both of you. See you on Thursday!")
    amara.at(tutor.now_ms + 2600).chat("Bye!")
