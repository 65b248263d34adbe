"""A guest that is a process: user mode Linux, with the file system of the host as its root, which it reads only."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from machine import Commands, GuestError, Lines
from store import Unfit

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE / "inside/mctp"


def memory_folder(size, other):
    """Where the memory of a guest is a file: programs run from it, and in containers /dev/shm is small, or is not for that."""
    shared = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    fits = shared and not shared.f_flag & os.ST_NOEXEC and shared.f_bavail * shared.f_frsize > 2 * size
    return "/dev/shm" if fits else str(other)


class UserModeGuest(Commands):
    """Its console is what the kernel says; the agent is at the other end of its second serial line."""

    def __init__(self, image, tree, *, memory=256, timeout=30):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="guest-"))
        self.sequence, self.started, self.timeout = 0, time.monotonic(), timeout
        ours, its = socket.socketpair()
        self.agent = Lines(ours)
        command = [image, f"mem={memory}M", f"uml_dir={self.folder}", "rootfstype=hostfs", "rootflags=/", "ro", f"init={TOOLS}/init"]
        command += ["con=null", "ssl=null", f"ssl1=fd:{its.fileno()},fd:{its.fileno()}", f"tools={TOOLS}", f"tree={tree}"]
        environment = {"PATH": os.environ["PATH"], "TMPDIR": memory_folder(memory << 20, self.folder)}
        with open(self.folder / "console", "wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[its.fileno()],
                                            start_new_session=True)
        its.close()
        try:
            self.wait_for_agent()
        except GuestError:
            said = self.console()
            self.close()
            if "Linux version" not in said:  # it looks first whether it may trace processes
                raise Unfit(f"user mode Linux does not run here: {said.strip()[-300:]}") from None
            raise

    def crashed(self):
        """As Guest has it; this one ends itself when its kernel panics, and the console says so."""
        return 0

    def close(self, keep_in=None):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # its processes are processes of ours
        self.process.wait()
        self.agent.socket.close()
        if keep_in:
            shutil.copy(self.folder / "console", f"{keep_in}.console")
        shutil.rmtree(self.folder, ignore_errors=True)
