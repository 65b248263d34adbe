#!/usr/bin/env python3
"""No source is longer than 450 lines without a reason."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 450
REASONS = {
    # path: why it is one piece
}


def main():
    sizes = {}
    for folder in ("cmd", "core", "transport", "certstore", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".h", ".cpp", ".py"):
                sizes[path.relative_to(ROOT).as_posix()] = len(path.read_text().splitlines())
    problems = [f"{name}: {size} lines, more than {LIMIT}" for name, size in sizes.items() if size > LIMIT and name not in REASONS]
    problems += [f"{name}: no longer needs its exception" for name in REASONS if sizes.get(name, 0) <= LIMIT]
    print("\n".join(problems) or f"{len(sizes)} files, the median has {sorted(sizes.values())[len(sizes) // 2]} lines")
    return 1 if problems else 0


sys.exit(main())
