"""What devices tell of PCI encryption, in a session through a real mailbox."""

from scenarios.attest import GOOD, UNTRUSTED
from stage import pick

# What the machine has not: TEE-IO and IDE, at the function and at its root port.
OF_HOST = {"tee-io": "fail", "ide": "fail", "root-port-ide": "fail", "free-stream": "not-run"}


def inspect(stage):
    guest = stage.boot(["tee-io", "session"])
    device, lines = asked(guest, GOOD)
    # QEMU shows no IDE, and the device behind the mailbox tells of one: this is what a lie looks like.
    stage.fields("a device with IDE", device, {"verdict": "fail", "exit_code": 10, "host.bdf": GOOD, "host.encryption.tee_io": False})
    stage.check("the lie is a finding", "ide-registers-differ" in [one["id"] for one in device["findings"]], device["findings"])
    stage.equal("what does not pass", lines, {**OF_HOST, "ide-registers": "fail"})
    stage.equal("the function", pick(device, "inspection.ports.1.function"), GOOD.partition(":")[2])
    stage.fields("its interface", pick(device, "inspection.interfaces.0"), {"function": GOOD.partition(":")[2], "versions": ["1.0"], "state": "run"})
    stage.equal("its report", len(pick(device, "inspection.interface_report.ranges")), 1)
    device, lines = asked(guest, UNTRUSTED)
    stage.fields("a device without", device, {"verdict": "fail", "exit_code": 13})
    stage.equal("what does not pass there", lines, {**OF_HOST, "ide-km": "fail", "ide-registers": "not-run", "tdisp": "fail", "interface-state": "not-run",
                                                   "interface-report": "not-run"})
    rule = "version: 1\\nrules: [{name: all, match: {}, require: {inspection: [session, session-measurements, aead]}}]\\n"
    stage.equal("a rule", guest.run(f"printf '{rule}' > /tmp/rule.yaml; spdmctl auth --policy /tmp/rule.yaml {UNTRUSTED}", 90).status, 0)
    stage.kernel_is_content(guest)


def asked(guest, target):
    """The device, and the lines that do not pass."""
    device = guest.run(f"spdmctl inspect --json {target}", 90).json()["devices"][0]
    return device, {one["line"]: one["status"] for one in pick(device, "inspection.lines") or [] if one["status"] != "pass"}
