"""The difference as one page that can be sent around: no script, no font and no style from anywhere else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from schemas.alert import Alert, ClauseMatch, Subject
    from schemas.event import Evidence
    from streams.replay.diff import Diff, Difference, Why

_SHOWN_SUBJECTS: Final = 5
_SHOWN_EVIDENCE: Final = 3
_SHOWN_CLAUSES: Final = 8
_RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "ur"})

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2126;--soft:#5b6570;--paper:#fff;--card:#f6f7f9;--line:#d9dee4;
--added:#146c2e;--lost:#a8201a;--changed:#8a5300;--mark:#fff1b8}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#a3adb8;--paper:#14171a;--card:#1d2226;--line:#343b42;
--added:#6fd08c;--lost:#ff8f87;--changed:#f0b45b;--mark:#55480f}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:2rem 1.2rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.2rem 0 .7rem}
h3{font-size:1.02rem;margin:.25rem 0 .2rem;line-height:1.35}
p{margin:.3rem 0}.soft{color:var(--soft)}.small{font-size:.88rem}
.sums{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.4rem,1fr));gap:.7rem;margin:1.3rem 0}
.sum{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.sum b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .7rem .4rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;color:var(--soft);font-size:.88rem}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
article{background:var(--card);border:1px solid var(--line);border-left:.3rem solid var(--kind);border-radius:.4rem;
padding:.8rem 1rem;margin:.8rem 0;overflow-wrap:anywhere}
.added{--kind:var(--added)}.lost{--kind:var(--lost)}.changed{--kind:var(--changed)}
.kind{color:var(--kind);font-weight:700;font-size:.85rem;text-transform:uppercase;letter-spacing:.04em}
blockquote{margin:.5rem 0;padding:.1rem 0 .1rem .8rem;border-left:2px solid var(--line)}
mark{background:var(--mark);color:inherit;padding:0 .15em;border-radius:.2em}
.why{margin-top:.6rem;padding-top:.5rem;border-top:1px solid var(--line)}
code{font:0.9em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
ul{margin:.3rem 0;padding-left:1.2rem}
@media(max-width:34rem){body{padding:1.2rem .9rem 3rem}th,td{padding-right:.45rem;font-size:.84rem}td:first-child{min-width:8.5rem}}
@media print{article{break-inside:avoid}}
"""


def render_page(diff: Diff) -> str:
    """Give the difference as HTML: the same difference, the same page."""
    return "".join(_page(diff))


def _page(diff: Diff) -> Iterator[str]:
    title = f"{diff.after} against {diff.before}"
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
    yield f'<header><h1>{escape(title)}</h1><p class="soft">What was said from {_time(diff.from_time)} to {_time(diff.to_time)}. '
    yield f"<b>Added</b> is raised by {escape(diff.after)} only, <b>lost</b> by {escape(diff.before)} only.</p></header>\n"
    yield from _sums(diff)
    yield from _rules(diff)
    yield "<main><h2>Alerts that differ</h2>\n"
    if diff.is_empty:
        yield "<p>None: both raised the same alerts, word for word.</p>"
    for difference in diff.differences:
        yield from _article(difference, diff)
    yield "</main></body></html>\n"


def _sums(diff: Diff) -> Iterator[str]:
    kinds = {
        kind: sum(d.kind.value == kind for d in diff.differences) for kind in ("added", "lost", "changed")
    }
    sums = [("alike", str(diff.same), "")]
    sums += [(name, str(number), name) for name, number in kinds.items()]
    sums += [
        ("alerts a day before", f"{diff.alerts_a_day_before:g}", ""),
        ("alerts a day expected", f"{diff.alerts_a_day_after:g}", ""),
    ]
    yield '<section class="sums" aria-label="In numbers">'
    for name, number, kind in sums:
        colour = f' style="color:var(--{kind})"' if kind else ""
        yield f'<div class="sum"><b{colour}>{number}</b><span class="soft small">{name}</span></div>'
    yield "</section>\n"


def _rules(diff: Diff) -> Iterator[str]:
    if not diff.rules:
        return
    yield '<section><h2>By rule</h2><div class="wide"><table><thead><tr><th scope="col">Rule</th>'
    names = ("before", "after", "added", "lost", "changed")
    yield "".join(f'<th scope="col" class="n">{name}</th>' for name in names) + "</tr></thead><tbody>"
    for rule in diff.rules:
        numbers = (rule.before, rule.after, rule.added, rule.lost, rule.changed)
        yield f"<tr><td>{escape(rule.title)}</td>"
        yield "".join(f'<td class="n">{number or "–"}</td>' for number in numbers) + "</tr>"
    yield "</tbody></table></div></section>\n"


def _article(difference: Difference, diff: Diff) -> Iterator[str]:
    alert = difference.alert
    kind = difference.kind.value
    yield f'<article class="{kind}" id="{escape(alert.id)}"><span class="kind">{kind}</span>'
    yield f' <span class="soft small">{escape(alert.level.value)} · {escape(alert.topic)} · {_time(alert.raised_time)}</span>'
    yield f"<h3>{escape(alert.summary)}</h3>"
    yield f'<p class="soft small">{escape(alert.rule_title)}, version {alert.rule_version}{_facts(alert)}</p>'
    for subject in alert.subjects[-_SHOWN_SUBJECTS:]:
        yield from _quotes(subject)
    if difference.fields:
        yield f'<div class="wide"><table class="small"><thead><tr><th>Field</th><th>{escape(diff.before)}</th>'
        yield f"<th>{escape(diff.after)}</th></tr></thead><tbody>"
        for change in difference.fields:
            yield f"<tr><td>{escape(change.field)}</td><td>{escape(change.before)}</td><td>{escape(change.after)}</td></tr>"
        yield "</tbody></table></div>"
    if difference.why is not None:
        yield from _why(difference.why)
    yield "</article>\n"


def _facts(alert: Alert) -> str:
    parts = [
        ", ".join(alert.countries),
        f"stage {alert.stage.value.replace('_', ' ')}" if alert.stage else "",
    ]
    parts.append(f"{alert.origins} independent sources" if alert.origins > 1 else "")
    return "".join(f" · {escape(part)}" for part in parts if part)


def _quotes(subject: Subject) -> Iterator[str]:
    for evidence in subject.evidence[:_SHOWN_EVIDENCE]:
        speaker = f", {escape(evidence.speaker)}" if evidence.speaker else ""
        yield f"<blockquote><p{_language(subject)}><mark>{_words(evidence)}</mark></p>"
        yield f'<p class="soft small">{escape(subject.source.broadcaster)}{speaker}, {_time(subject.event_time)}, '
        yield f"transcript <code>{escape(subject.transcript_id)}</code></p></blockquote>"


def _language(subject: Subject) -> str:
    if subject.language is None:
        return ""
    direction = ' dir="rtl"' if subject.language.split("-")[0] in _RIGHT_TO_LEFT else ""
    return f' lang="{escape(subject.language)}"{direction}'


def _why(why: Why) -> Iterator[str]:
    yield f'<div class="why"><p><b>Why:</b> {escape(why.sentence)}.</p>'
    if why.clauses:
        yield '<ul class="small">' + "".join(_clause(c) for c in why.clauses[:_SHOWN_CLAUSES]) + "</ul>"
    if why.near_miss is not None and why.near_miss.held:
        yield '<p class="small soft">What held there all the same:</p><ul class="small">'
        yield "".join(_clause(c) for c in why.near_miss.held[:_SHOWN_CLAUSES]) + "</ul>"
    yield "</div>"


def _clause(clause: ClauseMatch) -> str:
    on = f" on <mark>{_words(clause.evidence)}</mark>" if clause.evidence else ""
    what = f"{clause.field or 'text'}: {clause.value}"
    return f"<li><code>{escape(clause.selection)}</code> {escape(what)}{on}</li>"


def _words(evidence: Evidence) -> str:
    return escape(" ".join(evidence.text.split()))


def _time(time: datetime) -> str:
    return f'<time datetime="{time.isoformat()}">{time:%d %b %Y %H:%M} UTC</time>'
