"""The marks by which the parts of a transcript are told: datelines, brackets, tags, leads, sign-offs, page furniture.

Every pattern is anchored or bounded, so that no text can make one run long; those for whole lines are only tried on
lines of at most `LONG_LINE` characters.
"""
# ruff: noqa: SIM905 - lists of words are read as words

from __future__ import annotations

import re
from typing import Final

_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY: Final = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}(?:,?\s+\d{{2,4}})?|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?|no date)"
_DASH: Final = r"(?:--|—|–|-)"

MONITORED: Final = re.compile(
    rf"[^\W\d_][^\n]{{0,70}}?,\s+{_DAY}\s*\([^()\n]{{1,90}}(?:\([^()\n]{{1,40}}\))?\)\s*(?:{_DASH}|:)(?=\s)",
    re.IGNORECASE,
)
"""A monitoring service's dateline: place, date, station: `Managua (Nicaragua), 27 Aug 88 (Radio Sandino) --`."""

_AGENCY: Final = re.compile(
    rf"(?P<place>[A-Z][^\W\d_.'’\-/]*[\w .,'’\-/()]{{0,60}}?)?(?:,?\s{{0,2}}(?i:{_DAY}))?\s{{0,2}}(?P<agency>\((?!\d)[A-Z][\w .&/\-]{{1,40}}\)|,\s{{0,2}}[A-Z]{{2,10}})?\s{{0,2}}(?P<end>--|—|–|-|:)(?=\s)"
)
_UPPER_PLACE: Final = re.compile(
    r"[A-Z][A-Z.'’\-/]+(?: [A-Z][A-Z.'’\-/]+){0,3}(?:,\s*(?:[A-Z][A-Za-z.'’]+)(?: [A-Z][a-z]+)?)?(?:\s*\([^()\n]{3,30}\))?\s*(?:--|—|–|-)(?=\s)"
)
_DATED_PLACE: Final = re.compile(
    rf"[A-Z][^\W\d_]+(?:[ \-][A-Z][^\W\d_]+){{0,3}}(?:,\s*[A-Z][^\W\d_]+)?,\s*(?i:{_DAY})\s*(?:--|—|–|-|:)(?=\s)"
)
_NATIVE: Final = re.compile(
    r"[\u4e00-\u9fff]{2,14}\d{1,2}月\d{1,2}日(?:[\u4e00-\u9fff]{0,4})?[电電讯訊](?:\s*[（(][^）)\n]{1,40}[）)])?"
    r"|[\u0600-\u06ff]{2,14}(?: [\u0600-\u06ff]{2,14})?\s*(?:[-–—]\s*[\u0600-\u06ff\u200c]{2,14}(?: [\u0600-\u06ff]{1,8}){0,2}|[(][^()\n]{2,30}[)])\s*[-–—:](?=\s)"
    r"|[^\W\d_a-z][\w \-]{1,30}(?:,\s*\d{1,2}\.? [^\W\d_]{3,10}\.?)?\s*(?:/[^/\d\n]{2,20}/\.?|[(](?:dpa|epd|apa|ots|efe|lusa|ansa|ntb|tt|aa|afp|[А-ЯЁІЇ]{2,}[^()\n]{0,15})[)]\s*[.:]?\s*(?:--|—|–|-|\.-))(?=\s)"
    r"|[А-ЯЁІЇ][А-ЯЁІЇ\- ]{2,30},\s*\d{1,2}\.? [а-яёії]{3,10}\s*(?:--|—|–|-)(?=\s)(?: [^\W\d_]{2,12}(?: [^\W\d_]{2,12})?\s*\.(?=\s))?"
)
"""Datelines as agencies write them in Chinese, Arabic letters, Russian and German."""

_HEADED: Final = re.compile(
    r"(?P<head>[A-Z0-9\"'“‘][^\n.]{20,160}?)(?=\s(?:--\s)?(?:\((?:AP|AFP|Reuters|UPI|Xinhua|TASS|Interfax|Bloomberg|CNN|VOA|BBC|PTI|EFE|ANSA|AFX|FT\.com|SPACE\.com)\)\s(?:--|—|–|-)\s|[A-Z]{3,}[^\n]{0,40}\([A-Z][A-Za-z]{1,12}\)\s(?:--|—|–|-)\s))(?:\s--(?=\s[A-Z]))?"
)

_WIRE: Final = re.compile(r"\((?:[A-Z][\w.]{1,15})(?: [A-Z][\w.]{1,15}){0,2}\)\s*(?:--|—|–|-)(?=\s)")

PLACE_COLON: Final = re.compile(
    r"[A-Z][A-Z.'’\-]{2,}(?: [A-Z][A-Z.'’\-]+){0,2}(?:, [A-Z][\w. ]{2,15})?:(?=\s+[\"“A-Z][^A-Z]*[a-z])"
)

TIME_LINE: Final = re.compile(
    r"(?:\(?(?:as of|local|time:?)\s*)?\d{1,2}[:.]\d{2}\s*(?:[ap]\.?m\.?)(?:\s*\(?[A-Z]{2,5}\)?|\s+local(?: time)?)?\.?",
    re.IGNORECASE,
)
END_LINE: Final = re.compile(
    r"(?:end|ends|enditem|\(ends?\)|-+\s*ends?\s*-+|#{3,}|-\s*30\s*-|\*{3,}\s*end.{0,20}|end of (?:transcript|text|interview|broadcast))"
    r"[\s.]*(?:\d{1,2}[:.]\d{2}\s*[ap]\.?m\.?.{0,16})?",
    re.IGNORECASE,
)
RULE_LINE: Final = re.compile(r"(?:[-=_*~#•·]\s?){3,}")
BY_LINE: Final = re.compile(r"(?:By|BY)\s+[A-Z][^\W\d_.'’\-]*\.?(?:[ ,|/&]+(?:and\s+)?[\w.'’\-]+){0,9}")
CREDITS: Final = re.compile(
    r"\(?(?:Reporting|Additional reporting|Writing|Editing|Compiled|Translated) by\b.{0,300}", re.IGNORECASE
)
SOURCE_LINE: Final = re.compile(
    r"(?:Source|Text of report|Excerpts? from (?:a )?report|Text of (?:an? )?\w+)\b.{0,300}", re.IGNORECASE
)
BOILERPLATE: Final = re.compile(
    r"(?:e\s?&\s?o\s?e\b.{0,80}|page\s*\d+(?:\s*(?:of|/)\s*\d+)?|\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?|(?:©|\(c\)|copyright\b).{0,200}|.{0,40}all rights reserved\b.{0,80}"
    r"|(?:click|tap) (?:here|to)\b.{0,80}|(?:share|print|e-?mail|tweet|facebook|twitter|whatsapp|telegram|linkedin|instagram|rss|home|menu|search|subscribe|sign in|log in|"
    r"advertisement|sponsored|related|comments?|more on this story|skip to (?:main )?content|follow us.{0,60}|back to top|next|previous|newsletter|cookies?.{0,80}|"
    r"terms (?:of use|and conditions).{0,40}|privacy policy.{0,40}|contact us|about us|live tv|watch live|listen live|video|photos?|gallery|trending|most (?:read|popular|viewed))"
    r"(?:[\s|•·>/,-]*+(?:share|print|e-?mail|tweet|facebook|twitter|whatsapp|telegram|linkedin|instagram|rss|home|menu|search|subscribe|sign in|log in|this article|this page|on|via|news|world|sport|"
    r"business|politics|video|photos?|comments?|about us|contact us|live|tv|radio|more|stories|articles?|topics|by|us))*+\s*[:.]?"
    r"|(?:this (?:site|website) uses|we use|by continuing).{0,20}\bcookies?\b.{0,200}|sign up (?:for|to)\b.{0,100}|subscribe (?:to|now)\b.{0,100}|follow .{1,40} on (?:twitter|facebook|x|instagram|telegram)\b.{0,60}"
    r"|(?:read|see|watch) (?:more|also|next)\b.{0,150}|for (?:more|further|media|press) (?:information|inquiries|enquiries|details)\b.{0,200}|bbc mon(?:itoring)?\b.{0,80}|https?://\S+|www\.\S+|.{0,30}(?:rush transcript|may not be in its final form|updated as needed|not for (?:quotation|publication)).{0,200}"
    r"|(?:tel|phone|fax|e-?mail|media contact|contact|press contact)\s*:.{0,120}|download (?:the )?(?:pdf|app)\b.{0,60})",
    re.IGNORECASE,
)
DEBRIS: Final = re.compile(r"[a-z]{1,3}(?: [a-z]{1,3}){0,2}|[^\w\s]{1,3}|[^\w\s]*\w?[^\w\s]*")
STATION_ID: Final = re.compile(
    r"(?:this is(?! (?:what|how|why|a|an|not|the (?:first|second|report))\b)|you(?:['’]re| are) (?:listening to|watching|tuned (?:in )?to)|welcome to|live from|broadcasting (?:from|on)|from \w+(?: \w+)?, this is|here is the news from)\b"
    r".{0,60}\b(?:radio|tv|television|channel|network|broadcasting|news|service|fm|voice of|bbc|voa|cnn|npr|irib|cgtn|rt|al jazeera)\b.{0,40}",
    re.IGNORECASE,
)

METADATA: Final = re.compile(
    r"(?:published|updated|last (?:updated|modified|edited)|posted|date|issued|first published|modified|release date|broadcast|aired|subjects?|topics?|location|venue|place|programme|program|presenter)"
    r"(?:\s+(?:on|at))?\s*[:\d].{0,200}|\d{1,2}\s+(?:"
    + _MONTH
    + r")\s+\d{4}.{0,30}|(?:"
    + _MONTH
    + r")\s+\d{1,2},?\s+\d{4}.{0,30}",
    re.IGNORECASE,
)
"""A line that says when, where or on what, and is not part of the words."""

MONITORING: Final = re.compile(
    r"(?:Text of|Excerpts? from) (?:an? )?(?:\w+ ){0,3}(?:report|article|commentary|editorial|statement|interview|speech)\b|\[(?:Presenter|Correspondent|Newsreader|Announcer|Reporter)\b",
    re.IGNORECASE,
)
"""How the monitoring services of today open a translation and name who speaks in it."""

ASKING: Final = re.compile(
    r"interview|press (?:conference|briefing|gaggle|availability)|news conference|briefing|doorstop|q ?& ?a|questions and answers|spokes(?:person|man|woman)",
    re.IGNORECASE,
)
TALK: Final = re.compile(
    r"\b(?:by|with|on|remarks|statement|speech|address|press|briefing|gaggle|interview|conference|transcript)\b",
    re.IGNORECASE,
)
"""Words by which the heading of a talk is told from the place where it was held."""

NEWS: Final = re.compile(
    r"\b(?:on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|said|told|yesterday|according to|have (?:agreed|signed)|has (?:agreed|signed))\b"
)
ASIDE_LINE: Final = re.compile(r"\([^()\n]{3,120}\)")
"""A line in brackets before the first words: `(As prepared for delivery)`."""

SELF: Final = re.compile(r"\bI(?:['’](?:ve|d|ll))?\b(?!['’]m [A-Z])(?!\.)(?= [a-z])")
FIRST_PERSON: Final = re.compile(
    r"\b(?:i|i['’]m|i['’]ve|we|we['’]re|we['’]ve|my|our|you|your)\b", re.IGNORECASE
)

BRACKET: Final = re.compile(r"\[([^\[\]\n]{1,300})\]|\(([^()\[\]\n]{1,80})\)")
BEGIN: Final = re.compile(
    r"(?:begin|start)(?:ning)? (?:of )?(?:[\w-]+ ){0,2}(?:recording|clip|tape|videotape|video|audio|sound ?bite|transcript)s?\b.{0,60}",
    re.IGNORECASE,
)
CLOSE: Final = re.compile(
    r"end (?:of )?(?:[\w-]+ ){0,2}(?:recording|clip|tape|videotape|video|audio|sound ?bite)s?\b.{0,60}",
    re.IGNORECASE,
)
OMITTED: Final = re.compile(
    r"(?:[\w-]+ )?(?:passages?|portions?|paragraphs?|sections?|sentences?|text|parts?|material) (?:on .{1,80} |about .{1,80} )?omitted\b.{0,60}|omitted|commercial break|break in (?:transmission|recording|reception)\b.{0,40}",
    re.IGNORECASE,
)
INDISTINCT: Final = re.compile(
    r".{0,30}(?:indistinct|inaudible|unintelligible|as (?:heard|received|published|printed|broadcast)|sic|changes? thought|laughter|laughs|applause|crosstalk|ph|phonetic|pause|coughs|cheers|in \w+|voice-?over|on camera)\b.{0,20}",
    re.IGNORECASE,
)
HEAD_NOTE: Final = re.compile(
    r"(?:(?:unattributed|unsigned|live|recorded|taped|video|news|special|telephone|exclusive|editorial|front-page|from the|no video)\b.{0,20} )?"
    r"(?:text|excerpts?|report|reportage|communique|commentary|editorial|interview|statement|speech|address|article|announcement|bulletin|news conference|press (?:conference|release)|declaration|letter|message|"
    r"resolution|dispatch|remarks|proclamation|decree|roundup|continued|live|recorded|summary|dialogue|correspondence|analysis|feature|program(?:me)?|sermon|toast|talk|discussion)\b.{0,250}",
    re.IGNORECASE,
)
WORDS_OF_A_SOURCE: Final = re.compile(
    r"(?:communique|statement|speech|address|declaration|letter|message|proclamation|decree|remarks|toast|sermon)\b",
    re.IGNORECASE,
)
ROLE_TAG: Final = re.compile(
    r"(?:unidentified|unnamed|first|second|third|male|female|another|the)?\s*(?:[\w-]+ ){0,2}(?:question|answer|reporter|correspondent|presenter|announcer|moderator|interviewer|journalist|speaker|anchor|newsreader|host|spokes(?:man|woman|person)|narrator|translator|interpreter)",
    re.IGNORECASE,
)
STATION_VOICE: Final = re.compile(
    r"\b(?:reporter|correspondent|presenter|announcer|anchor|newsreader|narrator|newscaster|host)\b",
    re.IGNORECASE,
)

TAG: Final = re.compile(
    r"(?P<name>[^\s:：\[\]()<>\"“”.,;?!][^:：\n\[\]()<>\"“”;?!]{0,70}?)(?P<aside>\s{0,3}\([^()\n]{1,40}\))?\s{0,3}(?::(?=\s|$)|：)"
)
Q: Final = re.compile(
    r"(?:(?P<asked>Q(?:uestion)?\s?[.:]|Q(?=[ \t\xa0]+\S)|(?:问|問|記者|记者|Вопрос|سؤال|پرسش|Frage|Pregunta|Pergunta|Soru|प्रश्न|سوال)\s?[:：])"
    r"|(?:A(?:nswer)?\s?:|(?:答|Ответ|جواب|پاسخ|Antwort|Respuesta|Resposta|Réponse|Cevap|उत्तर)\s?[:：]))"
)
"""The marks of question and answer, in the languages they were seen in."""
INLINE_TAG: Final = re.compile(
    r"(?<=[.!?—–\"”)…])\s{1,3}(?=(?:Q\s{1,3}[A-Z—–\[(“]|(?:(?:MR|MS|MRS|DR)\. |THE (?:VICE |PRIME |FIRST )?|SECRETARY |PRESIDENT |GENERAL |GEN\. |AMBASSADOR |SENATOR |(?:PRIME |FOREIGN )?MINISTER )[A-Z][A-Z.’'\-]+(?: [A-Z][A-Z.’'\-]+){0,3}:\s"
    r"|(?:JOURNALIST|REPORTER|QUESTION|PRIME MINISTER|INTERVIEWER|PRESENTER|COMPERE|HOST):\s))"
)
"""Where a speaker's tag follows the words of another on the same line, in texts that lost their line breaks."""

ARROWS: Final = re.compile(r">{2,3}(?!>)\s*(?:(?P<name>[^\s:<>][^:<>\n]{0,40}?):(?=\s))?")
LEAD: Final = re.compile(
    r"(?:the |our |this )?(?P<who>reporter|correspondent|anchor|presenter|announcer|newsreader|newscaster|narrator|speaker|host)\s+"
    r"(?:says|said|continues|continued|states|stated|concludes|concluded|adds|added|reports|reported|ends|notes|explains|asks)\s*:",
    re.IGNORECASE,
)
HANDS_OVER: Final = re.compile(
    r"(?P<name>[A-Z][^\W\d_'’\-]+(?: [A-Z][^\W\d_'’.\-]+){1,3}) (?:reports|has (?:more|the (?:story|details|report))|has this report|explains|filed this report|reporting)\b[^.!?\n]{0,60}[.!:]?$"
)
SIGNOFF_NAME: Final = re.compile(
    r"(?:for [^,.\n]{2,40}, )?(?:(?:i['’]m|this is|reporting for .{2,40}, (?:i['’]m|this is)) )?(?P<name>[A-Z][^\W\d_'’\-]+(?: (?:[A-Z]\.|al-|bin|de|van|von|[A-Z][^\W\d_'’\-]+)){1,4})"
    r",? (?:reporting |reports )?(?:for |from |in |of |at )?[^,.!?:;\n]{2,40}(?:, (?:in |reporting from )?[^,.!?:;\n]{2,30}){0,2}\.?"
)
MY_SIGNOFF: Final = re.compile(
    r"(?i:(?:for [^,.\n]{2,40}, )?(?:i['’]m|this is|i am)) [A-Z][^\W\d_A-Z]+ [A-Z][^\n]{2,80}"
    r"|(?i:that['’]s (?:all|the news)\b[^\n]{0,100}|(?:good ?(?:night|bye)|thank you for (?:watching|listening))\b[^\n]{0,60})"
)
HESITATION: Final = re.compile(r"\b(?:uh|um|ah|er|erm|uhm|you know,)\b", re.IGNORECASE)
OPENING_DASH: Final = re.compile(r"[–—―]\s?(?=[^\W\d_a-z])|-(?=[^\W\d_a-z])")
SENTENCE_END: Final = tuple('.!?…。！？।؟۔"”’»)]')
AUTHOR: Final = re.compile(
    r"\bby (?P<name>[^\n]{2,80}?)(?= (?:on|at|in|with|to|from|during|before|over)\b|$)", re.IGNORECASE
)

FULL_STOPS: Final = (".", "!", "?", "…", ".”", '."', "?”", '?"')
RANKED_NAME: Final = re.compile(
    r"\b(?:President|Minister|Premier|Chancellor|King|Prince|General|Admiral|Colonel|Major|Brigadier|Commander|Ambassador|Secretary|Spokesman|Spokeswoman|Chief|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Gen\.?|Col\.?|"
    r"Ayatollah|Sheikh|Senator|Director)(?:-General)? ((?:[A-Z][^\W\d_'’\-]+ ){0,2}[A-Z][^\W\d_'’\-]+)"
)

GENERIC_ASKERS: Final = frozenset(
    (
        "q",
        "question",
        "journalist",
        "journalists",
        "press",
        "interviewer",
        "unidentified journalist",
        "unidentified reporter",
        "unknown",
        "questioner",
        "audience member",
        "quest",
        "media",
    )
)
BROADCASTERS: Final = frozenset(
    (
        "reporter",
        "host",
        "compere",
        "presenter",
        "anchor",
        "announcer",
        "correspondent",
        "moderator",
        "newsreader",
        "narrator",
        "broadcaster",
    )
)
NO_TAG: Final = frozenset(
    (
        "subjects", "subject", "topics", "topic", "note", "notes", "source", "date", "time", "contact", "location", "venue", "re", "cc", "to", "from", "e&oe", "photo", "video", "copyright", "title", "place",
        "programme", "program", "headline", "headlines", "for immediate release", "background", "summary", "transcript", "website", "email", "phone", "fax", "embargo", "editors", "editor's note", "update",
        "breaking", "watch", "read more", "related", "issue", "volume", "page", "file", "language", "media", "exclusive", "analysis", "opinion", "factbox", "explainer", "correction", "warning", "urgent", "flash", "live", "station", "published", "updated", "tags", "keywords", "category",
    )
)  # fmt: skip
TITLES: Final = frozenset(
    "mr ms mrs dr president secretary senator minister premier general gen ambassador chairman chair the prime vice speaker sen rep governor admiral colonel col justice judge sir lord lady deputy professor prof unidentified".split()
)
SPEECH_VERBS: Final = frozenset(
    "said says added stated asked told noted continued declared explained reported follows is was are were will has have".split()
)

SIGNOFF_LENGTH: Final = 120
CAPTION_WIDTH: Final = 60
HEADLINE_WORDS: Final = 30
FRONT_LINES: Final = 25
LONG_LINE: Final = 300
_DATELINE_LENGTH: Final = 250
_PLACE_LENGTH: Final = 36
_HEADLINE_LEAST: Final = 3
_HEADING_WORDS: Final = 6
"""A heading may end in a stop, as `Washington, D.C.` does, but then it is short."""

IN_BRACKETS: Final = 2
"""So many capital words make a name in brackets a name; longer ones are asides."""


def is_furniture(line: str) -> bool:
    """Whether a line belongs to the page and not to the story: menus, rights, page numbers, rules."""
    return len(line) <= LONG_LINE and bool(RULE_LINE.fullmatch(line) or BOILERPLATE.fullmatch(line))


def is_prose(line: str) -> bool:
    """Whether a line is a sentence of a story rather than a heading."""
    ends = line.endswith((".", "?", ".”", '."', "?”", "。", "؟"))
    return len(line) > LONG_LINE or (ends and len(line.split()) > _HEADING_WORDS)


def headline_end(line: str) -> tuple[int, int]:
    """Where a headline ends, and where the dateline begins, that stand on one line: `Pact signed (AP) -- The two states`.

    Both are 0 where no headline stands so.
    """
    found = _HEADED.match(line)
    if found is None or len(found.group("head").split()) <= _HEADLINE_LEAST:
        return 0, 0
    begin = found.end() + 1
    return (found.end("head"), begin) if dateline_end(line[begin:]) else (0, 0)


def dateline_end(line: str) -> int:
    """Where the dateline at the start of a line ends; 0 where there is none."""
    line = line[:_DATELINE_LENGTH]
    found = MONITORED.match(line) or _WIRE.match(line) or _DATED_PLACE.match(line) or _NATIVE.match(line)
    if found:
        return found.end()
    found = _UPPER_PLACE.match(line)
    if found and not line[found.end() :].isupper():
        return found.end()
    found = _AGENCY.match(line)
    if found is None or not found.group("agency") or len(found.group("place") or "") > _PLACE_LENGTH:
        return 0
    return found.end()
