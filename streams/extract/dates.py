"""Time expressions of English text, resolved against the day of the transcript.

Own rules, because the common library for it takes about a millisecond for each phrase and misses the
two-digit years of monitoring services. Other languages give nothing here.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.extract.reading import Sentence


class Precision(StrEnum):
    """How exact a date is; it says how many digits of `FoundDate.value` there are."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    DECADE = "decade"
    VAGUE = "vague"


class Direction(StrEnum):
    """On which side of the day of the transcript it lies; PRESENT holds that day."""

    PAST = "past"
    PRESENT = "present"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A time expression: `text` is verbatim but for white space, of which each sign is a space.

    `value` is an ISO 8601 date at its precision: 2021-11-24, 2021-W47, 2021-11, 2021, 202 (the 2020s); None
    where the words give only a direction ("several years ago"). For a span of days it is the first.
    """

    text: str
    start: int
    end: int
    value: str | None
    precision: Precision
    direction: Direction


_MONTHS: Final = {
    **{name.lower(): number for number, name in enumerate(calendar.month_name) if number},
    **{name.lower(): number for number, name in enumerate(calendar.month_abbr) if number},
    "sept": 9,
}
_WEEKDAYS: Final = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_NUMBERS: Final = {
    name: number
    for number, name in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        start=1,
    )
} | {
    "a": 1,
    "an": 1,
    "couple": 2,
    "dozen": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
}
_DAYS: Final = {"day": 1, "week": 7, "fortnight": 14}
_MONTHS_IN: Final = {"month": 1, "year": 12, "decade": 120, "century": 1200}

_MONTH: Final = (
    r"(?:(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
    r"|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_WEEKDAY: Final = "(?:" + "|".join(_WEEKDAYS) + ")"
_DAY: Final = r"(?:[12]\d|3[01]|0?[1-9])"
_YEAR: Final = r"(?:1[5-9]\d\d|20\d\d)"
_COUNT: Final = r"(?:\d{1,3}|" + "|".join(_NUMBERS) + r")"
_UNIT: Final = r"(?:day|week|fortnight|month|year|decade)"

_EXPRESSION: Final = re.compile(
    rf"""(?<![\w.,$€£-])(?:
      (?P<iso>(?P<iso_y>{_YEAR})-(?P<iso_m>0[1-9]|1[0-2])-(?P<iso_d>0[1-9]|[12]\d|3[01]))
    | (?P<dmy>(?P<dmy_a>\d\d?)[./](?P<dmy_b>\d\d?)[./](?P<dmy_y>{_YEAR}))
    | (?P<daymonth>(?:the\s)?(?P<dm_d>{_DAY})(?:st|nd|rd|th)?(?:\s?[-–]\s?{_DAY}(?:st|nd|rd|th)?)?\s(?:of\s)?
        (?P<dm_m>{_MONTH})(?:,?\s(?P<dm_y>{_YEAR}|'?\d\d(?![\w:.,-]*\d)(?!\s(?:people|percent|per|members|states|countries))))?)
    | (?P<monthday>(?P<md_m>{_MONTH})\s(?P<md_d>{_DAY})(?:st|nd|rd|th)?(?:\s?[-–]\s?{_DAY}(?:st|nd|rd|th)?)?(?![\d:.]*\d)
        (?:,?\s(?P<md_y>{_YEAR}))?)
    | (?P<monthyear>(?P<my_m>{_MONTH})(?:\sof|,)?\s(?P<my_y>{_YEAR}|['’]\d\d))
    | (?P<month>(?P<mo_lead>in|last|next|this|since|until|till|by|during|from|early|late|mid|before|after|of|past|coming)
        [\s-](?P<mo_m>{_MONTH})(?!\s\d))
    | (?P<weekday>(?:(?P<wd_lead>next|last|this|coming|past|previous|following)\s)?(?P<wd>{_WEEKDAY})s?(?:\s(?:morning|afternoon|evening|night))?)
    | (?P<near>the\sday\s(?:before\syesterday|after\stomorrow)|yesterday|today|tonight|tomorrow
        |this\s(?:morning|afternoon|evening)|last\snight|earlier\sin\sthe\sday|later\sin\sthe\sday)
    | (?P<ago>(?:(?:just|about|almost|nearly|over|some|only|more\sthan|less\sthan)\s)?(?P<ago_n>{_COUNT})(?:\sof)?\s
        (?P<ago_u>{_UNIT}|century)s?\sago)
    | (?P<longago>(?:(?:a\sfew|several|many|some)\s)?(?:days|weeks|months|years|decades|centuries)\sago|long\sago)
    | (?P<ahead>(?:in|within)\s(?P<ah_n>{_COUNT})(?:\sof)?\s(?P<ah_u>{_UNIT})s?(?:['’]s?\stime)?)
    | (?P<unit>(?P<un_lead>next|last|this|coming|previous|current)\s(?P<un_u>week(?:end)?|month|year|decade))
    | (?P<decade>(?:the\s)?(?:early\s|mid-|late\s)?(?P<de_y>1[5-9]\d0|20\d0)s)
    | (?P<ordinal>(?:on|by|until)\sthe\s(?P<or_d>{_DAY})(?:st|nd|rd|th)(?!\s(?:annual|anniversary|birthday|session|meeting|summit
        |conference|congress|assembly|party|floor|day|parallel|round|amendment|century|time|of|and|largest|\w+\s(?:anniversary|session|summit|round))\b))
    | (?P<year>(?:(?:in|since|until|till|by|during|from|to|of|early|late|mid|before|after|through|between|and|end\sof)[\s-](?:the\s)?
        |(?:the|a|its|their|his|our|that|this)\s|(?<=['’]s\s)|(?<=['’]\s))(?P<yr_y>{_YEAR}))
        (?!\s(?:people|tonnes?|tons?|men|troops|soldiers|members|refugees|miles|kilometres|km|metres|dollars|pounds|euros|hours))
    )(?![\w%]|[.,]\d|-\d\d)""",
    re.IGNORECASE | re.VERBOSE,
)

_FUTURE: Final = re.compile(
    r"\b(?:will|shall|would|to|due|scheduled|expected|plans?|planned|planning|set|upcoming|begins?|until|by|should|must|can|may|might|ready|later)\b|['’]ll\b",
    re.IGNORECASE,
)
_PAST: Final = re.compile(
    r"(?<!\bbe\s)\b(?:was|were|had|has|have|did|said|told|met|held|left|took|began|gave|made|went|came|since|\w{3,}ed)\b",
    re.IGNORECASE,
)
_WINDOW: Final = 120
"""Signs before an expression in which a tense is looked for: far enough for a clause, and bounded."""


def find_dates(sentence: Sentence, reference: date) -> tuple[FoundDate, ...]:
    """Find the time expressions of a sentence and resolve them against `reference`, the day on which it was said.

    A weekday or a day without its year lies on the side that the tense before it says, else nearest.
    """
    line = _line(sentence)
    found = []
    for match in _EXPRESSION.finditer(line):
        resolved = _resolve(match, reference)
        if resolved is None:
            continue
        value, precision, direction = resolved
        begin, end = match.start(), match.end()
        if match["year"] is not None:
            begin = match.start("yr_y")
        if match["month"] is not None and match["mo_lead"].lower() not in {"last", "next", "this"}:
            begin = match.start("mo_m")
        start, stop = sentence.start + begin, sentence.start + end
        found.append(FoundDate(line[begin:end], start, stop, value, precision, direction))
    return tuple(found)


def _line(sentence: Sentence) -> str:
    """Lay the tokens out at their offsets; whatever parts them becomes spaces, a line break among them."""
    parts: list[str] = []
    at = sentence.start
    for token in sentence.tokens:
        parts.append(" " * (token.start - at))
        parts.append(token.text)
        at = token.end
    return "".join(parts)


_Resolved = tuple[str | None, Precision, Direction]


def _resolve(match: re.Match[str], reference: date) -> _Resolved | None:
    kind = (
        match.lastgroup
        if match.lastgroup in _RESOLVERS
        else next(name for name in _RESOLVERS if match[name] is not None)
    )
    try:
        return _RESOLVERS[kind](match, reference)
    except (ValueError, OverflowError):
        return None  # 31 February, or a year that the calendar does not have


def _day(value: date, reference: date) -> _Resolved:
    direction = (
        Direction.PRESENT if value == reference else Direction.PAST if value < reference else Direction.FUTURE
    )
    return value.isoformat(), Precision.DAY, direction


def _month(year: int, month: int, reference: date) -> _Resolved:
    here, there = (reference.year, reference.month), (year, month)
    direction = Direction.PRESENT if here == there else Direction.PAST if there < here else Direction.FUTURE
    return date(year, month, 1).isoformat()[:7], Precision.MONTH, direction


def _year(year: int, reference: date) -> _Resolved:
    direction = (
        Direction.PRESENT
        if year == reference.year
        else Direction.PAST
        if year < reference.year
        else Direction.FUTURE
    )
    return f"{year:04d}", Precision.YEAR, direction


def _decade(year: int, reference: date) -> _Resolved:
    tens, here = year // 10, reference.year // 10
    direction = Direction.PRESENT if tens == here else Direction.PAST if tens < here else Direction.FUTURE
    return f"{tens:03d}", Precision.DECADE, direction


def _week(day: date, reference: date) -> _Resolved:
    week, here = day.isocalendar()[:2], reference.isocalendar()[:2]
    direction = Direction.PRESENT if week == here else Direction.PAST if week < here else Direction.FUTURE
    return f"{week[0]:04d}-W{week[1]:02d}", Precision.WEEK, direction


def _full_year(digits: str, reference: date) -> int:
    """Give the year; two digits stand for the one nearest to the day of the transcript."""
    digits = digits.strip("'’")
    if len(digits) == 4:  # noqa: PLR2004
        return int(digits)
    century = reference.year // 100 * 100
    return min(
        (century + shift + int(digits) for shift in (-100, 0, 100)),
        key=lambda year: abs(year - reference.year),
    )


def _leaning(match: re.Match[str]) -> Direction | None:
    """Say which way the tense around an expression points: the last sign of it before, else the first after."""
    line, start, end = match.string, match.start(), match.end()
    before = line[max(0, start - _WINDOW) : start]
    future = max((m.end() for m in _FUTURE.finditer(before)), default=-1)
    past = max((m.end() for m in _PAST.finditer(before)), default=-1)
    if future != past:
        return Direction.FUTURE if future > past else Direction.PAST
    after = line[end : end + _WINDOW]
    ahead, behind = _FUTURE.search(after), _PAST.search(after)
    if ahead is None and behind is None:
        return None
    if behind is None or (ahead is not None and ahead.start() < behind.start()):
        return Direction.FUTURE
    return Direction.PAST


def _choose(candidates: tuple[date, ...], reference: date, leaning: Direction | None) -> date:
    if leaning is Direction.FUTURE:
        return min((c for c in candidates if c >= reference), default=max(candidates))
    if leaning is Direction.PAST:
        return max((c for c in candidates if c <= reference), default=min(candidates))
    return min(candidates, key=lambda c: abs((c - reference).days))


def _with_year(match: re.Match[str], day: str, month: str, year: str | None, reference: date) -> _Resolved:
    number = _MONTHS[month.lower().rstrip(".")]
    if year is not None:
        return _day(date(_full_year(year, reference), number, int(day)), reference)
    candidates = []
    for shift in (-1, 0, 1):
        try:
            candidates.append(date(reference.year + shift, number, int(day)))
        except ValueError:
            continue  # 29 February
    if not candidates:
        raise ValueError(day)
    return _day(_choose(tuple(candidates), reference, _leaning(match)), reference)


def _iso(match: re.Match[str], reference: date) -> _Resolved:
    return _day(date(int(match["iso_y"]), int(match["iso_m"]), int(match["iso_d"])), reference)


def _numeric(match: re.Match[str], reference: date) -> _Resolved:
    first, second, year = int(match["dmy_a"]), int(match["dmy_b"]), int(match["dmy_y"])
    if second > 12 or (first <= 12 and first == second):  # noqa: PLR2004
        first, second = second, first
    elif first <= 12:  # noqa: PLR2004
        return _year(year, reference)  # 3/4: nobody can say which is the month
    return _day(date(year, second, first), reference)


def _day_month(match: re.Match[str], reference: date) -> _Resolved:
    return _with_year(match, match["dm_d"], match["dm_m"], match["dm_y"], reference)


def _month_day(match: re.Match[str], reference: date) -> _Resolved:
    return _with_year(match, match["md_d"], match["md_m"], match["md_y"], reference)


def _month_year(match: re.Match[str], reference: date) -> _Resolved:
    return _month(_full_year(match["my_y"], reference), _MONTHS[match["my_m"].lower().rstrip(".")], reference)


def _bare_month(match: re.Match[str], reference: date) -> _Resolved | None:
    word, lead = match["mo_m"].rstrip("."), match["mo_lead"].lower()
    if (
        word.lower() in {"may", "march", "mar"}
        and not word.istitle()
        and lead not in {"in", "last", "next", "since"}
    ):
        return None  # the verb
    month = _MONTHS[word.lower()]
    this = date(reference.year, month, 1)
    first = reference.replace(day=1)
    if lead in {"next", "coming"}:
        year = reference.year + (this <= first)
    elif lead in {"last", "past"}:
        year = reference.year - (this >= first)
    elif lead == "this":
        year = reference.year
    else:
        candidates = tuple(this.replace(year=reference.year + shift) for shift in (-1, 0, 1))
        year = _choose(candidates, first, _leaning(match)).year
    return _month(year, month, reference)


def _weekday(match: re.Match[str], reference: date) -> _Resolved:
    lead = (match["wd_lead"] or "").lower()
    ahead = (_WEEKDAYS[match["wd"].lower()] - reference.weekday()) % 7
    if lead in {"next", "coming", "following"}:
        shift = ahead or 7
    elif lead in {"last", "past", "previous"}:
        shift = ahead - 7
    elif ahead == 0:
        shift = 0
    else:
        shift = ahead if _leaning(match) is Direction.FUTURE else ahead - 7
    return _day(reference + timedelta(days=shift), reference)


def _near(match: re.Match[str], reference: date) -> _Resolved:
    words = match["near"].lower()
    shift = (
        -2 if "before yesterday" in words
        else 2 if "after tomorrow" in words
        else -1 if words in {"yesterday", "last night"}
        else 1 if words == "tomorrow"
        else 0
    )  # fmt: skip
    return _day(reference + timedelta(days=shift), reference)


def _shifted(count: str, unit: str, sign: int, reference: date) -> _Resolved:
    number = sign * (int(count) if count.isdigit() else _NUMBERS[count.lower()])
    unit = unit.lower()
    if unit == "day":
        return _day(reference + timedelta(days=number), reference)
    if unit in _DAYS:
        return _week(reference + timedelta(days=number * _DAYS[unit]), reference)
    months = reference.year * 12 + reference.month - 1 + number * _MONTHS_IN[unit]
    if unit == "month":
        return _month(months // 12, months % 12 + 1, reference)
    return _year(date(months // 12, 1, 1).year, reference)


def _ago(match: re.Match[str], reference: date) -> _Resolved:
    return _shifted(match["ago_n"], match["ago_u"], -1, reference)


def _long_ago(match: re.Match[str], reference: date) -> _Resolved:  # noqa: ARG001 - the table gives both to each
    return None, Precision.VAGUE, Direction.PAST


def _ahead(match: re.Match[str], reference: date) -> _Resolved:
    return _shifted(match["ah_n"], match["ah_u"], 1, reference)


def _unit(match: re.Match[str], reference: date) -> _Resolved:
    lead, unit = match["un_lead"].lower(), match["un_u"].lower()
    step = 1 if lead in {"next", "coming"} else -1 if lead in {"last", "previous"} else 0
    if unit in {"week", "weekend"}:
        return _week(reference + timedelta(days=7 * step), reference)
    if unit == "month":
        months = reference.year * 12 + reference.month - 1 + step
        return _month(months // 12, months % 12 + 1, reference)
    if unit == "year":
        return _year(date(reference.year + step, 1, 1).year, reference)
    return _decade(reference.year + 10 * step, reference)


def _named_decade(match: re.Match[str], reference: date) -> _Resolved:
    return _decade(int(match["de_y"]), reference)


def _ordinal(match: re.Match[str], reference: date) -> _Resolved:
    day = int(match["or_d"])
    candidates = []
    for shift in (-1, 0, 1):
        months = reference.year * 12 + reference.month - 1 + shift
        try:
            candidates.append(date(months // 12, months % 12 + 1, day))
        except ValueError:
            continue  # a month without that day
    return _day(_choose(tuple(candidates), reference, _leaning(match)), reference)


def _named_year(match: re.Match[str], reference: date) -> _Resolved:
    return _year(int(match["yr_y"]), reference)


_RESOLVERS: Final = {
    "iso": _iso,
    "dmy": _numeric,
    "daymonth": _day_month,
    "monthday": _month_day,
    "monthyear": _month_year,
    "month": _bare_month,
    "weekday": _weekday,
    "near": _near,
    "ago": _ago,
    "longago": _long_ago,
    "ahead": _ahead,
    "unit": _unit,
    "decade": _named_decade,
    "ordinal": _ordinal,
    "year": _named_year,
}
