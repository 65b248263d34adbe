"""A root of their own for tests that run the program: what it is configured with on this machine, and what the caller has in the
environment, is no part of a test.

Importing it cleans the environment of this process, which programs that it starts inherit. Where a test makes an environment
of its own, it adds SPDMCTL_CONFROOT to it.
"""
import atexit
import os
import pathlib
import shutil
import tempfile

# All variables of the program; SPDMCTL_RESPONDER, SPDMCTL_REQUESTER, SPDMCTL_VECTORS and SPDMCTL_FIELD are of the tests.
VARIABLES = ("CONFROOT", "FORMAT", "KEYRING", "OUTPUT", "POLICY", "REFERENCE", "ROOT", "SYSROOT", "TIMEOUT")

for name in VARIABLES:
    os.environ.pop(f"SPDMCTL_{name}", None)
CONFROOT = pathlib.Path(tempfile.mkdtemp(prefix="spdmctl-root-")).resolve()
atexit.register(shutil.rmtree, CONFROOT, ignore_errors=True)
os.environ["SPDMCTL_CONFROOT"] = str(CONFROOT)
