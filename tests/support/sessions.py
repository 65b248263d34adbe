"""Sessions that documents show: commands behind a prompt, what they say, and how they end.

Behind a command stands what it shows: each line must come, in this order, and whatever is between two of them is left out;
a line of "..." only says so. "(exit code N)" is the exit code where it is not 0. Hex digits, times and numbers of bytes
differ from run to run, so runs of them count as equal.
"""

import pathlib
import re
from dataclasses import dataclass, field

VOLATILE = [
    (re.compile(r"\b\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{16,}(\.\.\.)?"), "HEX"),
    (re.compile(r"\d+"), "N"),
]
# What stands in a page for a character that would not come out as itself, or not be a character of text.
ESCAPES = {r"\e": "\\", r"\(aq": "'", r"\(dq": '"', r"\(ti": "~", r"\(ha": "^", r"\(ga": "`", r"\-": "-", r"\&": ""}


@dataclass
class Step:
    prompt: str
    command: str
    shown: list = field(default_factory=list)
    code: int = 0


def normalise(line):
    for pattern, replacement in VOLATILE:
        line = pattern.sub(replacement, line)
    return " ".join(line.split())


def of_markdown(file, section):
    """What stands in the code blocks of a section."""
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", pathlib.Path(file).read_text(), re.M | re.S)
    return re.findall(r"^```[a-z]*\n(.*?)^```", found.group(1), re.M | re.S) if found else []


def of_page(file, section):
    """What stands in the displays of a section of a manual page, all sub-sections included."""
    found = re.search(rf'^\.Sh {re.escape(section)}\n(.*?)(?=^\.Sh |\Z)', pathlib.Path(file).read_text(), re.M | re.S)
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", found.group(1), re.M | re.S) if found else []
    escape = re.compile("|".join(map(re.escape, ESCAPES)))
    return [escape.sub(lambda match: ESCAPES[match.group()], block) for block in blocks]


def steps(blocks, prompts="$"):
    """The steps behind these prompts; what is behind another one belongs to nobody."""
    out = []
    for line in "".join(blocks).splitlines():
        if line[:1] in prompts and line[1:2] == " ":
            out.append(Step(line[0], line[2:]))
        elif code := re.fullmatch(r"\(exit code (\d+)\)", line):
            out[-1].code = int(code.group(1))
        elif out and out[-1].command.endswith("\\"):
            out[-1].command += "\n" + line
        elif out and line.strip() not in ("", "..."):
            out[-1].shown.append(line)
    return out


def problems(step, said, code):
    """What is not as the document has it."""
    words = "\n    ".join([f"{step.prompt} {step.command}", *said.splitlines()])
    lines, at, out = [normalise(line) for line in said.splitlines()], 0, []
    for line in step.shown:
        try:
            at = lines.index(normalise(line), at) + 1
        except ValueError:
            out.append(f"this does not come (there, or at all): {line}\n    {words}")
            break
    if code != step.code:
        out.append(f"exit code {code}, not {step.code}:\n    {words}")
    return out
