"""The table of scenarios: what is played, on which kernels."""

from dataclasses import dataclass
from typing import Callable

from scenarios import attest, power

EVERY = ["6.1", "6.12", "7.3"]
PLAIN = ["6.1", "6.12"]  # without TSM and doe_features


@dataclass
class Scenario:
    name: str
    play: Callable
    kernels: list
    about: str


SCENARIOS = [
    Scenario("attest", attest.attest, EVERY, "list, info, auth, measurements and certs, field by field; good and bad devices at once"),
    Scenario("parallel", attest.parallel, ["6.12"], "four devices in parallel"),
    Scenario("reference", attest.reference, ["6.12"], "the reference responder behind a mailbox"),
    Scenario("refusals", attest.refusals, ["6.12"], "devices that cannot be attested, and two programs at once"),
    Scenario("accesses", attest.accesses, ["6.12"], "configuration accesses and time per exchange"),
    Scenario("lockdown", power.lockdown, ["6.12"], "kernel lockdown in integrity mode"),
]
