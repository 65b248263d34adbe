"""Hosts of a fleet: a network namespace with an sshd each, all below one folder, on this machine's own file system.

To be used in namespaces that end with the test (see run): nothing is taken down here."""

import json
import stat
import subprocess
import sys
import time

PYTHON = "/usr/bin/python3"  # Debian's Ansible has its modules there


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Host:
    """Reached at `address` by the name `name`. Its programs, /run among them, are those of the controller: only its network,
    its keys and its PATH are its own."""

    def __init__(self, fleet, name, number):
        self.fleet, self.name, self.address, self.near = fleet, name, f"10.77.{number}.2", f"10.77.{number}.1"
        self.folder = fleet.folder / name
        self.folder.mkdir()
        self.variables = {}

    def program(self, name, text):
        """A program that this host has, and the others do not."""
        return write_program(self.folder / "bin" / name, text)

    def wire(self):
        """A link to the controller; nobody answers at the other end until the host is up."""
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "addr", "add", f"{self.near}/30", "dev", self.name)
        run("ip", "link", "set", self.name, "up")

    def up(self):
        inside = ("ip", "-n", self.name)
        run(*inside, "addr", "add", f"{self.address}/30", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / "host_key")
        config = self.folder / "sshd_config"
        config.write_text(
            f"ListenAddress {self.address}:22\n"
            f"HostKey {self.folder}/host_key\n"
            f"AuthorizedKeysFile {self.fleet.folder}/user.pub\n"
            f"SetEnv PATH={self.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "StrictModes no\nUsePAM no\nUseDNS no\nPidFile none\nSubsystem sftp internal-sftp\n"
        )
        self.log = open(self.folder / "sshd.log", "w")
        self.sshd = subprocess.Popen(
            ["ip", "netns", "exec", self.name, "/usr/sbin/sshd", "-D", "-e", "-f", str(config)], stderr=self.log, stdin=subprocess.DEVNULL
        )


class Fleet:
    """The hosts, the controller's keys for them, and the devices that are emulated on them."""

    def __init__(self, folder, program):
        self.folder, self.program, self.hosts, self.devices = folder, program, {}, {}
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "user")
        for part in ("home", "bin", "keyring"):
            (folder / part).mkdir()

    def device(self, name, trusted=True):
        """The target of a device with a PKI of its own."""
        run(self.program, "emulate", "--init", self.folder / name, stdout=subprocess.DEVNULL)
        if trusted:
            (self.folder / "keyring" / f"{name}.pem").write_bytes((self.folder / name / "root.pem").read_bytes())
        self.devices[name] = f"emulated:{self.folder}/{name}/profile.yaml"
        return self.devices[name]

    def host(self, name, up=True, **variables):
        host = Host(self, name, len(self.hosts) + 1)
        host.variables = variables
        host.wire()
        if up:
            host.up()
        self.hosts[name] = host
        return host

    def settle(self):
        """What ssh and Ansible need to know of the hosts; waits for their daemons."""
        lines = [
            f"IdentityFile {self.folder}/user",
            f"UserKnownHostsFile {self.folder}/known_hosts",
            "GlobalKnownHostsFile none",
            "StrictHostKeyChecking yes",
            "IdentitiesOnly yes",
            "BatchMode yes",
            "ConnectTimeout 10",
            "User root",
        ]
        known = ""
        for host in self.hosts.values():
            lines += [f"Host {host.name}", f"  HostName {host.address}", f"  HostKeyAlias {host.name}"]
            key = host.folder / "host_key.pub"
            known += f"{host.name} {key.read_text()}" if key.exists() else ""
        (self.folder / "ssh_config").write_text("\n".join(lines) + "\n")
        (self.folder / "known_hosts").write_text(known)
        write_program(self.folder / "bin/ssh", f'#!/bin/sh\nexec /usr/bin/ssh -F {self.folder}/ssh_config "$@"\n')
        inventory = {
            "all": {
                "vars": {
                    "ansible_ssh_common_args": f"-F {self.folder}/ssh_config",
                    "ansible_user": "root",
                    "ansible_python_interpreter": PYTHON,
                    "spdmctl_program": str(self.program),
                    "spdmctl_controller_program": str(self.program),
                    "spdmctl_keyring": "keyring",
                    "spdmctl_reports": "reports",
                },
                "hosts": {host.name: host.variables for host in self.hosts.values()},
            }
        }
        (self.folder / "inventory.yml").write_text(json.dumps(inventory, indent=1))
        for host in self.hosts.values():
            if hasattr(host, "sshd"):
                self.wait_for(host)

    def wait_for(self, host):
        for _ in range(100):
            if host.sshd.poll() is not None:
                sys.exit(f"the sshd of {host.name} ended at once:\n{(host.folder / 'sshd.log').read_text()}")
            if "Server listening" in (host.folder / "sshd.log").read_text():
                return
            time.sleep(0.05)
        sys.exit(f"the sshd of {host.name} does not listen")

    def environment(self):
        return {
            "PATH": f"{self.folder}/bin:{self.program.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder / "home"),
            "LC_ALL": "C.UTF-8",
        }

    def controller(self, command, **environment):
        """Runs a command as the owner of the fleet would, in an environment of its own."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
