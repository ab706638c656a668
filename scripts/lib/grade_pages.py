"""A page for each student, and an index: static HTML without scripts, to be put anywhere or printed."""
import html
import re

from lib import grade_trace
from lib.grade_report import number

STYLE = """\
body { font: 16px/1.45 sans-serif; color: #222; max-width: 62em; margin: 2em auto; padding: 0 1em }
h1 { margin-bottom: .2em } h2 { font-size: 1.15em; margin: 0 0 .4em }
h3 { font-size: 1em; margin: 1em 0 .2em; color: #555 }
section { border: 1px solid #ccc; border-left: .4em solid #2a7d2a; border-radius: .3em; padding: .8em 1em;
          margin: 1em 0 }
section.no { border-left-color: #b3261e }
table { border-collapse: collapse } td, th { padding: .3em .8em; text-align: left; border-bottom: 1px solid #ddd }
td.points { text-align: right } span.ok { color: #2a7d2a } span.no { color: #b3261e }
pre { background: #16181d; color: #dde; padding: .6em .8em; border-radius: .3em; overflow: auto; margin: .2em 0;
      font: 13px/1.25 "DejaVu Sans Mono", monospace }
pre.report { white-space: pre-wrap }
pre.screen { width: 80ch; max-width: 100%; min-height: 6em; border: .3em solid #444 }
pre .wanted { color: #9e9 } pre .seen { color: #f99 }
meter { width: 10em } .quiet { color: #666 }
"""


def page(title, body):
    return (f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>\n'
            f"<style>\n{STYLE}</style>\n<h1>{html.escape(title)}</h1>\n{body}</html>\n")


def lines_of(rows):
    return html.escape("\n".join(rows))


def sums(results):
    return (sum(result[key] for result in results) for key in ("points", "points_max"))


def sum_of(results):
    total, most = sums(results)
    return f"{number(total)} of {number(most)} points"


def meter(results):
    total, most = sums(results)
    return f'<meter max="{number(most or 1)}" value="{number(total)}"></meter>'


def verdict(result):
    return '<span class="ok">ok</span>' if result["ok"] else '<span class="no">not ok</span>'


def part(title, content):
    """A titled piece of a test; nothing when there is no content."""
    return f"<h3>{title}</h3>\n{content}\n" if content else ""


def differences(rows):
    """What was expected and what was seen, each in its colour."""
    shown = []
    for row in rows:
        kind = "wanted" if re.match(r"(row \d+ )?expected", row) else "seen"
        shown.append(f'<span class="{kind}">{html.escape(row)}</span>')
    return "<pre>" + "\n".join(shown) + "</pre>" if rows else ""


def text(rows):
    return f'<pre class="report">{lines_of(rows)}</pre>' if rows else ""


def folded(title, rows):
    """Much text, to be opened by who wants it."""
    if not rows:
        return ""
    count = f"{len(rows)} row{'s' * (len(rows) > 1)}"
    return f"<details><summary>{title}, {count}</summary>\n{text(rows)}</details>\n"


def repeat(result):
    if not result.get("failing_seeds"):
        return ""
    seeds = ", ".join(map(str, result["failing_seeds"]))
    return f"<p>It fails with seed {seeds}. Again, exactly:</p>{text([result['repeat']])}"


def judgement(result):
    """What was expected and what came, in words."""
    block = result["block"]
    rows = [("expected", block.get("expected")), ("got", result["got"]), ("reason", block.get("reason"))]
    cells = "".join(f"<tr><th>{name}<td>{html.escape(value)}\n" for name, value in rows if value)
    return f"<table>{cells}</table>\n"


def trace(result, file):
    """What the guest did, to be opened by who wants it, and the file that Perfetto opens."""
    if not result.get("trace"):
        return ""
    return (folded("What it did", grade_trace.rows(result["trace"])) +
            f'<p>All of it as a picture: open <a href="{file}" download>{file}</a> with '
            '<a href="https://ui.perfetto.dev">Perfetto</a>.</p>\n')


def trace_file(name, index):
    return f"{name}-test{index}.trace.json"


def test_body(result, index, name):
    """A test on its student's page; of a hidden one only how it came out."""
    block = result["block"]
    body = (f'<section class="{"ok" if result["ok"] else "no"}" id="test{index}">\n<h2>{verdict(result)} '
            f"{html.escape(result['title'])}: {number(result['points'])} of {number(result['points_max'])}</h2>\n")
    if result["hidden"]:
        return body + '<p class="quiet">What this test does is not shown.</p>\n</section>\n'
    screen = block.get("console") or []
    body += judgement(result)
    body += part("What was looked for", differences(block.get("differences") or []))
    body += part("Repeat it", repeat(result))
    body += part("Report", text(result["report"]) + folded("More of it", block.get("more") or []))
    body += part("The last screen", f'<pre class="screen">{lines_of(screen)}</pre>' if screen else "")
    body += folded("All that it printed", result["rows"])
    return body + trace(result, trace_file(name, index)) + "</section>\n"


def student_body(own, name):
    """The table of a student's tests, and each of them below."""
    rows = "".join(f'<tr><td><a href="#test{index}">{html.escape(result["title"])}</a><td>{verdict(result)}'
                   f'<td class="points">{number(result["points"])}<td class="points">{number(result["points_max"])}\n'
                   for index, result in enumerate(own, 1))
    return (f"<p>{meter(own)} {sum_of(own)}, {sum(result['ok'] for result in own)} of {len(own)} ok</p>\n"
            f"<table><tr><th>test<th><th>points<th>of\n{rows}</table>\n"
            + "".join(test_body(result, index, name) for index, result in enumerate(own, 1))
            + '<p><a href="index.html">All students</a></p>\n')


def index_body(names, results):
    """All students, with links."""
    rows = []
    for student, name in names.items():
        own = [result for result in results if result["student"] == student]
        rows.append(f'<tr><td><a href="{name}.html">{html.escape(student)}</a><td>{meter(own)}<td class="points">'
                    f"{sum_of(own)}<td>{sum(result['ok'] for result in own)} of {len(own)} ok\n")
    return (f"<p>{meter(results)} {sum_of(results)}, {sum(r['ok'] for r in results)} of {len(results)} ok</p>\n"
            f"<table><tr><th>student<th><th>points<th>tests\n{''.join(rows)}</table>\n")


def pages(results):
    """Files by name: index.html, a page for each student, and the traces of their tests that are not hidden."""
    names = {}
    for student in sorted(dict.fromkeys(result["student"] for result in results)):
        name = re.sub(r"[^A-Za-z0-9_-]", "_", student)[:80]
        while name in names.values() or name == "index":
            name += "_"
        names[student] = name
    files = {}
    for student, name in names.items():
        own = [result for result in results if result["student"] == student]
        files[f"{name}.html"] = page(student, student_body(own, name))
        files.update({trace_file(name, index): grade_trace.as_json(result["trace"])
                      for index, result in enumerate(own, 1) if result.get("trace") and not result["hidden"]})
    return {**files, "index.html": page("Results", index_body(names, results))}
