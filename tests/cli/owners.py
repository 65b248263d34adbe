#!/usr/bin/env python3
"""Who may own what the program goes by: root, the user behind sudo, and in a container an owner outside of its user namespace.

Only root can give files away, and not every machine lets make user namespaces: what cannot be tried is left out, and said.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import own_root  # what this machine is configured with is no part of a test

DATA = pathlib.Path(__file__).resolve().parent / "data"
SOMEBODY = 12345


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    if os.geteuid() != 0:
        print("not root: no file can be given away")
        return 77
    problems = []
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name).resolve()
        keyring = root / "etc/spdmctl/keyring.d"
        keyring.mkdir(parents=True)
        root.chmod(0o755)
        shutil.copy(DATA / "root.pem", keyring / "root.pem")
        (keyring / "root.pem").chmod(0o644)

        def verify(wanted, before=(), **environment):
            command = [*before, program, "verify", "--at", "2027-01-01T00:00:00Z", DATA / "device.json"]
            done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "SPDMCTL_CONFROOT": name, **environment})
            told = done.stdout + done.stderr
            if done.returncode != wanted or ("users other than root can write" in told) != (wanted != 0):
                problems.append(f"{' '.join(before)} {environment}: {done.returncode}, not {wanted}: {told[:400]}")

        verify(0)
        os.chown(keyring / "root.pem", SOMEBODY, SOMEBODY)
        verify(10)  # the root does not count: nobody vouches
        verify(0, SUDO_UID=str(SOMEBODY))
        verify(10, SUDO_UID=str(SOMEBODY + 1))
        os.chown(keyring / "root.pem", 65534, 65534)
        verify(10)  # where every owner has a number this is a user like others
        os.chown(keyring, SOMEBODY, SOMEBODY)
        verify(2)  # what narrows trust may have been taken away
        # In a namespace that knows root alone, each of these owners is one outside of it.
        namespace = ("unshare", "--user", "--map-root-user")
        if subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
            verify(0, before=namespace)
            keyring.chmod(0o757)
            verify(2, before=namespace)
        else:
            print("no user namespace can be made here")
    print("\n".join(problems) or "root, the user behind sudo, and owners outside of the namespace")
    return 1 if problems else 0


sys.exit(main())
