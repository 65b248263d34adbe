"""Sleep, and a kernel that is locked down."""

GOOD = "0000:01:00.0"


def lockdown(stage):
    guest = stage.boot(["good"], append="lockdown=integrity")
    stage.check("the kernel is locked down", "[integrity]" in guest.read("/sys/kernel/security/lockdown"))
    result = guest.run(f"spdmctl auth {GOOD} --json")
    stage.equal("exit code", result.status, 4)
    error = result.json()["devices"][0].get("error", {})
    stage.equal("error", error.get("id"), "lockdown")
    stage.check("advice", error.get("hint"), error)
    text = guest.run(f"spdmctl auth {GOOD}")
    stage.check("the advice reaches people", "lock" in (text.stdout + text.stderr), text.stdout + text.stderr)
    listed = guest.run("spdmctl list --json")
    stage.equal("list works all the same", listed.status, 0)
    stage.check("and finds it", GOOD in listed.stdout)
    doctor = guest.run("spdmctl doctor --json")
    stage.check("doctor knows", "integrity" in doctor.stdout, doctor.stdout[:300])
    stage.kernel_is_content(guest)
