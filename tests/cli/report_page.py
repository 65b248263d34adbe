#!/usr/bin/env python3
"""The page of `report --html`: it has everything in it, asks for nothing, and shows hostile strings as text.

  report_page.py SPDMCTL             what can be seen in the file itself
  report_page.py SPDMCTL --browser   what a browser makes of it: takes chromium
"""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

HERE = pathlib.Path(__file__).resolve().parent
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"><!-- ]]> &amp; 'q' \u2028 {{DATA}}"
# An address, or what would fetch one.
NETWORK = re.compile(r"https?:|//|\burl\(|@import|\bsrc=|<link|<iframe|<object|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", re.I)
INLINE = re.compile(r"<[^>]*\s(on\w+|style)=", re.I)


def hostile_report():
    digest = "00" * 32
    certificate = {"subject": "CN=" + HOSTILE, "sha256": digest, "not_after": "2026-12-01T00:00:00Z", "ca": False}
    chain = {"trusted": True, "root_sha256": digest, "anchor": {"subject": HOSTILE, "sha256": digest}, "certificates": [certificate]}
    return {"schema": "spdmctl.report/2", "hostname": "evil " + HOSTILE, "verdict": "fail", "exit_code": 11, "reason": "why " + HOSTILE, "source": HOSTILE,
            "host": {"target": HOSTILE}, "slots": [{"slot": 0, "used": True, "chain": {**chain, "certificates": [{**certificate, "device_info": HOSTILE + ":x:y"}]}}],
            "findings": [{"id": HOSTILE, "severity": "failure", "where": HOSTILE, "why": HOSTILE, "remedy": HOSTILE}], "evidence_sha256": HOSTILE[:64],
            "measurements": [{"index": 6, "type": "mutable-firmware-version", "value": "00", "text": HOSTILE}, {"index": 9, "type": HOSTILE[:60], "value": HOSTILE[:100]}]}


# A name without a space, one that is written from right to left, and two devices that call themselves the same.
LONG = "x" * 200
TURNED = "\u05e9\u05e8\u05ea\u200f-\u0627\u0644\u062e\u0627\u062f\u0645"
KEYS = ("ab" * 32, "cd" * 32)


def odd_reports():
    def one(host, key, root):
        return {"schema": "spdmctl.report/2", "hostname": host, "verdict": "fail", "exit_code": 10, "reason": LONG, "source": "0000:09:00.0", "host": {"identity": LONG},
                "slots": [{"slot": 0, "used": True, "chain": {"trusted": True, "leaf_key_sha256": key, "root_sha256": root, "anchor": {"subject": "CN=Same root", "sha256": root},
                           "certificates": [{"subject": "CN=" + LONG, "sha256": root, "not_after": "2026-12-01T00:00:00Z", "ca": True}]}}],
                "findings": [{"id": "not-trusted", "severity": "failure", "why": LONG}],
                "measurements": [{"index": 2, "type": "mutable-firmware", "value": "ef" * 48, "signed": True}], "evidence_sha256": key[::-1]}
    return [one("twin", KEYS[0], "01" * 32), one("twin", KEYS[1], "02" * 32), one(LONG, "12" * 32, "01" * 32), one(TURNED, "34" * 32, "01" * 32)]


def write_page(program, folder):
    subprocess.run([sys.executable, HERE / "data/fleet.py", folder / "fleet", "--hosts", "100"], check=True)
    hostile = folder / "hostile"
    hostile.mkdir()
    (hostile / "report.ndjson").write_text(json.dumps(hostile_report()) + "\n")
    (hostile / "<img src=x onerror=alert(1)>.json").write_text("no report: </script><b>\n")
    (hostile / "odd.ndjson").write_text("".join(json.dumps(report) + "\n" for report in odd_reports()))
    files = sorted((folder / "fleet").iterdir()) + sorted(hostile.iterdir())
    done = subprocess.run([program, "report", "--at", "2026-11-26T00:00:00Z", "--json", "--html", folder / "page.html", *files], capture_output=True, text=True)
    if done.returncode != 11:
        sys.exit(f"exit code {done.returncode}: {done.stderr}")
    return folder / "page.html", json.loads(done.stdout)


def check_file(page, summary, problems):
    text = page.read_text()
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S).group(1)
    own = text.replace(block, "")
    for found in NETWORK.finditer(own):
        problems.append(f"the page mentions the network: {own[max(0, found.start() - 40) : found.end() + 40]!r}")
    for found in INLINE.finditer(own):
        problems.append(f"a handler or a style in the markup: {found.group()!r}")
    if set("<>&") & set(block) or not block.isascii():
        problems.append("the block of data could be more than data")
    data = json.loads(block)
    if data["summary"] != summary:
        problems.append("the page and the document say different things")
    if len(data["devices"]) != summary["totals"]["results"]:
        problems.append("not every device is on the page")
    details = [device["details"] for device in data["devices"] if "details" in device]
    if len(details) != len(data["devices"]):
        problems.append(f"{len(details)} of {len(data['devices'])} rows open to what their reports hold")
    if not any([4, data["texts"].index("firmware-configuration")] == row[:2] for row in details[0]["measurements"]):
        problems.append(f"the measurements of a device are not on the page: {details[0]}")
    # What devices of a model have in common is there once.
    if len(set(data["texts"])) != len(data["texts"]) or text.count("firmware-configuration") > 100:
        problems.append("texts are on the page more than once")
    # Each script and style is allowed by its hash, and there is no other.
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', own).group(1)
    for name, directive in (("script", "script-src"), ("style", "style-src")):
        sources = re.findall(rf"<{name}>(.*?)</{name}>", text.replace(block, ""), re.S)
        hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'" for source in sources]
        if len(sources) != 1 or f"{directive} {hashes[0]};" not in policy + ";":
            problems.append(f"{directive} of the policy does not fit: {policy}")
    if "default-src 'none'" not in policy or "unsafe" in policy:
        problems.append(f"the policy is not strict: {policy}")
    # A test that would not notice is worth nothing.
    if not NETWORK.search('<img src="x">') or not INLINE.search("<b onclick='x'>"):
        problems.append("nothing would be found")


class Page(html.parser.HTMLParser):
    """The texts of elements by id, the rows of the table of devices, and every element's name."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.rows, self.names, self.title, self.links = [], {}, [], [], "", set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.links.add(dict(attrs).get("href"))
        if tag not in ("meta", "input", "img", "br", "link"):
            self.open.append((tag, dict(attrs).get("id")))
        if tag == "tr" and any(name == "rows" for _, name in self.open):
            self.rows.append("")

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for tag, name in self.open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data
            if tag == "title" and not any(other == "svg" for other, _ in self.open):
                self.title += data
        if self.rows and any(name == "rows" for _, name in self.open):
            self.rows[-1] += data + " "


def run_browser(chromium, page, fragment, *options):
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}", *options, page.as_uri() + fragment]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=100, check=True).stdout


def browse(chromium, page, fragment, *options):
    return Page(run_browser(chromium, page, fragment, "--dump-dom", *options).decode())


def with_script(page, script):
    """A copy that runs a script of the test: the policy of the page forbids it, so that the copy has none."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text())
    copy = page.with_name("copy.html")
    copy.write_text(text.replace("</body>", f"<script>{script}</script></body>"))
    return copy


# What a person does, one after the other, and what the page says then.
INTERACT = """
const at = id => document.getElementById(id), log = [];
const note = () => log.push([location.hash, at("found").textContent, at("rows").children.length, at("rows").textContent.slice(0, 40)]);
const change = (id, value, event) => { at(id).value = value; at(id).dispatchEvent(new Event(event)); note(); };
at("more").click(); note();
change("q", "rack03", "input");
document.querySelectorAll("#head button")[1].click(); note();
document.querySelectorAll("#head button")[1].click(); note();
change("verdict", "fail", "change");
at("reset").click(); note();
at("differs").click(); note();
document.title = JSON.stringify(log);
"""


def check_interaction(chromium, page, summary, problems):
    title = browse(chromium, with_script(page, INTERACT), "").title
    total, rest = summary["totals"]["results"], f"{summary['totals']['results']} devices"
    wanted = [["", f"{total} of {rest}", total], ["#q=rack03", f"30 of {rest}", 30], ["#q=rack03&sort=host", f"30 of {rest}", 30],
              ["#q=rack03&sort=host.down", f"30 of {rest}", 30], ["#q=rack03&sort=host.down&verdict=fail", f"0 of {rest}", 0],
              ["#devices", f"{total} of {rest}, the first 200 are shown", 200], ["#differs=1", f"{summary['totals']['outliers']} of {rest}", summary["totals"]["outliers"]]]
    log = json.loads(title) if title.startswith("[") else []
    if [step[:3] for step in log] != wanted:
        problems.append(f"searching by hand: {title}")
    elif "rack03-node0" not in log[2][3] or "rack03-node9" not in log[3][3]:
        problems.append(f"sorting by hand: {log[2:4]}")


# Where the page stands once it is there, what is wider than the window, and what opens by the keyboard.
MEASURE = """
const box = document.getElementById("devices").getBoundingClientRect();
const wide = [...document.querySelectorAll("header, main > *, main > section > *, td, dd")]
  .filter(element => element.getBoundingClientRect().right > (element.parentNode.closest("section") || document.documentElement).getBoundingClientRect().right + 1);
const inside = element => element.closest(".scroll, .card, figure");
const opener = document.querySelector("button.open");
opener.focus(); opener.click();
const opened = [opener.getAttribute("aria-expanded"), document.activeElement === opener, document.querySelectorAll("tr.more").length];
opener.click();
parent.postMessage(JSON.stringify({top: Math.round(box.top), height: innerHeight, scroll: document.documentElement.scrollWidth - innerWidth,
  wide: wide.filter(element => !inside(element)).map(element => element.tagName + "#" + element.id), opened, closed: document.querySelectorAll("tr.more").length,
  unnamed: [...document.querySelectorAll("button, select, input")].filter(element => !element.textContent && !element.closest("label")).length}), "*");
"""
# A window of the browser is never as narrow as a phone, and a frame is.
FRAME = """<!DOCTYPE html><title>nothing</title><script>addEventListener("message", event => document.title = event.data);</script>
<iframe src="%s" style="border: 0; width: %dpx; height: 900px"></iframe>"""


def check_sight(chromium, page, problems):
    """What is seen: a search brings its table into view, and nothing is wider than a phone."""
    copy, frame = with_script(page, MEASURE), page.with_name("frame.html")

    def measured(fragment, width):
        frame.write_text(FRAME % (copy.as_uri() + fragment, width))
        return json.loads(browse(chromium, frame, "", "--virtual-time-budget=3000", "--window-size=1400,1000").title)

    for width in (390, 768, 1280):
        seen = measured("#verdict=fail", width)
        if not -5 <= seen["top"] < seen["height"] / 2:
            problems.append(f"{width} wide: #verdict=fail leaves the table out of sight: {seen}")
        if seen["scroll"] > 0 or seen["wide"]:
            problems.append(f"{width} wide: something is wider: {seen}")
        if seen["opened"] != ["true", True, 1] or seen["closed"] or seen["unnamed"]:
            problems.append(f"{width} wide: a row does not open and close, or a control has no name: {seen}")
    if measured("", 1280)["top"] < 900:
        problems.append("without a search the page does not begin at its beginning")


def check_paper(chromium, page, problems):
    paper = page.with_name("page.pdf")
    run_browser(chromium, page, "", f"--print-to-pdf={paper}")
    pages = len(re.findall(rb"/Type */Page\b", paper.read_bytes()))
    if pages != 1:
        problems.append(f"the summary takes {pages} pages of paper")
    # So that the count means something.
    run_browser(chromium, page, "#q=rack", f"--print-to-pdf={paper}")
    if len(re.findall(rb"/Type */Page\b", paper.read_bytes())) < 2:
        problems.append("what was searched for does not come to paper")


def check_empty(chromium, program, page, problems):
    nothing = page.with_name("nothing.ndjson")
    nothing.write_text("")
    subprocess.run([program, "report", "--html", page.with_name("empty.html"), nothing], capture_output=True)
    empty = browse(chromium, page.with_name("empty.html"), "#verdict=fail")
    if "No results; 1 part could not be read" not in empty.texts["headline"] or "There is no device" not in empty.texts["none"] or empty.texts.get("timeline", "").strip():
        problems.append(f"the page without devices: {empty.texts}")


def check_details(chromium, page, summary, problems):
    """The row of a device opens to what its report holds, and two of one name can be told apart."""
    for fragment, rows, texts in (
            ("#host=twin&device=0000%3A09%3A00.0", 2, [f"key {key[:16]}..." for key in KEYS] + [key[::-1] for key in KEYS] + ["ef" * 48, "CN=" + LONG, "CN=Same root (SHA-256 0101", "CN=Same root (SHA-256 0202"]),
            (f"#q={KEYS[1]}", 1, ["twin"]), ("#root=CN%3DSame+root+%28SHA-256+0202020202020202...%29", 1, ["twin"]),
            ("#cause=bad-signature", next(row["results"] for row in summary["causes"] if row["id"] == "bad-signature"), ["signature does not verify"]), ("#cause=not-trusted&host=twin", 2, ["twin"])):
        shown = browse(chromium, page, fragment)
        if not shown.texts["found"].startswith(f"{rows} of "):
            problems.append(f"{fragment}: {rows} devices are expected: {shown.texts['found']}")
        problems.extend(f"{fragment}: {text!r} is not shown" for text in texts if text not in shown.texts["rows"])
    whole = browse(chromium, page, "")
    if not whole.rows or not whole.rows[0].startswith("fail") or "not-trusted" not in whole.texts.get("causes", "") or "#cause=not-trusted" not in whole.links:
        problems.append("what fails is not first, or its causes lead nowhere")
    if "\u05e9\u05e8\u05ea\\xe2\\x80\\x8f-\u0627" not in whole.texts["rows"]:
        problems.append("a name that is written from right to left is lost, or what turns its direction is not escaped")


def check_browser(chromium, page, summary, problems):
    totals = summary["totals"]

    def expect(fragment, count, every_row):
        shown = browse(chromium, page, fragment)
        found = shown.texts.get("found", "")
        if not found.startswith(f"{count} of {totals['results']} devices"):
            problems.append(f"{fragment}: {count} devices are expected, the page says: {found!r}")
        if len(shown.rows) != min(count, 200) or not all(every_row in row for row in shown.rows):
            problems.append(f"{fragment}: {len(shown.rows)} rows, not each with {every_row!r}")
        return shown

    whole = expect("", totals["results"], "0")
    for name, text in (("headline", f"{totals['fail']} of {totals['results']} results fail"), ("outlier-table", summary["outliers"][0]["differences"][0]["why"]),
                       ("timeline", "2026-11"), ("tables", "CN=Storage root"), ("unreadable-table", "<img src=x onerror=alert(1)>.json")):
        if text not in whole.texts.get(name, ""):
            problems.append(f"the page does not say {text!r} in {name}")
    if "img" in whole.names or whole.title == "taken":
        problems.append("a hostile string has become markup")
    expect("#verdict=fail", totals["fail"], "fail")
    expect("#q=rack03-node7", 3, "rack03-node7")
    expect("#q=RACK03+bad-signature+nothing", 0, "")
    expect("#model=10de%3A2330&verdict=pass", next(row["pass"] for row in summary["models"] if row["model"] == "10de:2330"), "10de:2330")
    hostile = expect("#q=evil", 1, "evil " + HOSTILE.split("<!--")[0])
    opened = browse(chromium, with_script(page, "document.querySelector('button.open').click();"), "#q=evil")
    if "img" in opened.names or opened.title == "taken" or not {"Findings", "Measurements", "Certificate chain"} <= set(re.findall("[A-Z][a-z]+(?: chain)?", opened.texts["rows"])):
        problems.append("a hostile string has become markup in the row of a device, or the row does not open")
    check_interaction(chromium, page, summary, problems)
    check_sight(chromium, page, problems)
    check_details(chromium, page, summary, problems)
    check_paper(chromium, page, problems)
    if "img" in hostile.names or hostile.title == "taken" or "why </script><script>" not in hostile.rows[0]:
        problems.append("a hostile string is not shown as text")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    in_browser = "--browser" in sys.argv[2:]
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if in_browser and chromium is None:
        print("skipped: chromium is not there")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        page, summary = write_page(program, pathlib.Path(scratch))
        if in_browser:
            check_browser(chromium, page, summary, problems)
            check_empty(chromium, program, page, problems)
        else:
            check_file(page, summary, problems)
    print("\n".join(problems) or "the page is as it should be")
    return 1 if problems else 0


sys.exit(main())
