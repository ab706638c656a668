"""What scripts/grade makes of its results: TAP, JUnit XML, JSON, and a page for each student."""
import html
import json
import re
import xml.etree.ElementTree as xml

STYLE = ("body{font:16px/1.4 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}pre{background:#111;color:#ddd;"
         "padding:.6em;overflow:auto}table{border-collapse:collapse}td,th{padding:.2em .8em;text-align:left;"
         "border-bottom:1px solid #ccc}.ok{color:#070}.no{color:#b00}")


def number(points):
    return f"{points:g}"


def plain(text):
    """A text that a TAP reader can take for nothing but a name."""
    return re.sub(r"[^\w ./:+@=-]", "?", text, flags=re.ASCII)


def heading(result):
    return f"{result['student']}: {result['title']}"


def tap(results):
    """The lines of a TAP stream, version 13."""
    lines = ["TAP version 13", f"1..{len(results)}"]
    for index, result in enumerate(results, 1):
        points = f"{number(result['points'])} of {number(result['points_max'])} points"
        lines.append(f"{'ok' if result['ok'] else 'not ok'} {index} - {plain(heading(result))} # {points}")
        if result["ok"]:
            continue
        lines += ["  ---", f"  got: {json.dumps(result['got'])}"]
        for key in ("expected", "reason"):
            if result["block"].get(key):
                lines.append(f"  {key}: {json.dumps(result['block'][key])}")
        for key in ("failing_seeds", "repeat"):
            if result.get(key):
                lines.append(f"  {key}: {json.dumps(str(result[key]))}")
        if result["block"].get("differences"):
            lines += ["  differences: |", *(f"    |{row}" for row in result["block"]["differences"])]
        lines.append("  ...")
    total, most = (sum(result[key] for result in results) for key in ("points", "points_max"))
    lines.append(f"# {number(total)} of {number(most)} points, {sum(r['ok'] for r in results)} of {len(results)} ok")
    return "".join(line + "\n" for line in lines)


def details(result):
    """What there is to be seen of a failure, as text."""
    block = result["block"]
    parts = [f"{key}: {block[key]}" for key in ("expected", "got", "reason") if block.get(key)]
    parts += ["", *block["differences"]] if block.get("differences") else []
    parts += ["", *result["report"]] if result["report"] else []
    if result.get("failing_seeds"):
        parts += ["", f"fails with seed {', '.join(map(str, result['failing_seeds']))}; again: {result['repeat']}"]
    return "\n".join(parts or [result["got"]])


def junit(results):
    """JUnit XML, a suite for each student."""
    root = xml.Element("testsuites")
    for student in dict.fromkeys(result["student"] for result in results):
        own = [result for result in results if result["student"] == student]
        suite = xml.SubElement(root, "testsuite", name=student, tests=str(len(own)),
                               failures=str(sum(not result["ok"] for result in own)))
        for result in own:
            case = xml.SubElement(suite, "testcase", classname=student, name=result["title"])
            if not result["ok"]:
                xml.SubElement(case, "failure", message=result["got"]).text = details(result)
            xml.SubElement(case, "system-out").text = "\n".join(result["rows"])
    # Nothing below 0x20 can be in XML 1.0; rows have none, names and messages may.
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?",
                  '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n")


def page(title, body):
    return (f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
            f"<style>{STYLE}</style>\n<h1>{html.escape(title)}</h1>\n{body}</html>\n")


def sum_of(results):
    total, most = (sum(result[key] for result in results) for key in ("points", "points_max"))
    return f"{number(total)} of {number(most)} points"


def test_body(result):
    """A test on its student's page; of a hidden one only how it came out."""
    kind, word = ("ok", "ok") if result["ok"] else ("no", "not ok")
    body = (f"<h2><span class={kind}>{word}</span> {html.escape(result['title'])}: {number(result['points'])} of "
            f"{number(result['points_max'])}</h2>\n")
    if result["hidden"]:
        return body + "<p>What this test does is not shown.</p>\n"
    body += f"<p>{html.escape(result['got'])}</p>\n"
    if not result["ok"]:
        body += f"<pre>{html.escape(details(result))}</pre>\n"
    rows = result["block"].get("console") or result["rows"]
    return body + (f"<pre>{html.escape(chr(10).join(rows))}</pre>\n" if rows else "")


def pages(results):
    """Static pages by file name: index.html, and one for each student."""
    files, rows = {}, []
    for student in sorted(dict.fromkeys(result["student"] for result in results)):
        own = [result for result in results if result["student"] == student]
        name = re.sub(r"[^A-Za-z0-9_-]", "_", student)[:80]
        while f"{name}.html" in files or name == "index":
            name += "_"
        files[f"{name}.html"] = page(student, f"<p>{sum_of(own)}</p>\n" + "".join(map(test_body, own)))
        rows.append(f'<tr><td><a href="{name}.html">{html.escape(student)}</a><td>{sum_of(own)}'
                    f"<td>{sum(result['ok'] for result in own)} of {len(own)} ok\n")
    files["index.html"] = page("Results", f"<p>{sum_of(results)}</p>\n<table><tr><th>student<th>points<th>tests\n"
                                          f"{''.join(rows)}</table>\n")
    return files
