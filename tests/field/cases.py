#!/ usr / bin / env python3
"""Cases of the field, by the program: tests/field/cases.py build/development/spdmctl. SPDMCTL_FIELD names the folder; without it nothing
is run (77)."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import own_root  # noqa: E402,F401


def main():
    if "SPDMCTL_FIELD" not in os.environ:
        return 77
    folder = pathlib.Path(os.environ["SPDMCTL_FIELD"]) / "cases/01-critical-dice-tcbinfo"
    run = subprocess.run([sys.argv[1], "verify", "--measurements", "--json", "--root", folder / "root.pem", folder / "evidence.json"],
                         capture_output=True, check=False)
    report = json.loads(run.stdout)
    assert run.returncode == 0 and report["verdict"] == "pass", run.stdout.decode()
    leaf = report["slots"][0]["chain"]["certificates"][-1]
    assert any(one["critical"] and one["processed"] and one["tcb_infos"] for one in leaf["extensions"]), leaf
    print("1 case")
    return 0


if __name__ == "__main__":
    sys.exit(main())
