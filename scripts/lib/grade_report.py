"""What scripts/grade makes of its results: TAP and JUnit XML; grade_pages.py makes the pages."""
import json
import re
import xml.etree.ElementTree as xml


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
