#!/usr/bin/env python3
"""The section LIMITS of man/spdmctl.1 has each kind of file of core/file_kinds.h once, in its order and with its limit, and the
other limits that a user can meet, as the sources have them."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = r'FileKindRow\{FileKind::\w+, "([^"]+)", (\d+) \* k(KiB|MiB), "[^"]*"\}'

# Where a limit stands in the sources, and what the page says that it is a limit of.
COUNTS = [
    ("core/format/yaml_reader.h", "kMaxNodes", "keys and values of a file of YAML"),
    ("core/format/yaml_reader.h", "kMaxDepth", "lists and mappings of YAML inside of each other"),
    ("core/appraisal/references.h", "kMaxReferences", "reference values of all files together"),
    ("core/appraisal/references.h", "kMaxAlternatives", "reference values of one measurement in one entry"),
    ("core/appraisal/references.h", "kMaxEnvironments", "environments of one entry"),
    ("core/appraisal/policy_file.cpp", "kMaxRules", "rules of a policy"),
    ("core/appraisal/requirements.cpp", "kMaxRoots", "roots that a rule names"),
    ("cmd/policy_test.cpp", "kMaxCases", "cases of a file for policy test"),
    ("cmd/host/folder.h", "kMaxFolderEntries", "entries of a directory for verify or report"),
    ("core/fleet/expected_devices.h", "kMaxExpected", "devices of a list for --expect"),
    ("core/fleet/expected_devices.h", "kMaxExpectedByPattern", "those among them without a leaf-key"),
    ("core/fleet/sightings.h", "kMaxCompared", "pieces of evidence that are compared with each other"),
    ("core/fleet/sightings.h", "kMaxComparedSignatures", "signatures of them that are compared"),
    ("core/fleet/sightings.h", "kMaxSpells", "hosts and times of one leaf key that are compared"),
    ("core/fleet/sightings.h", "kMaxTakenBack", "reports that are told as taken back in one document"),
    ("cmd/parse.h", "kMaxJobs", "devices that are asked at the same time with --jobs"),
    ("cmd/attest/pipeline.h", "kMaxWaiting", "bytes of results that wait for a slower device before them"),
    ("certstore/crl.h", "kMaxRevocations", "entries of a revocation list"),
    ("certstore/ocsp.h", "kMaxOcspAnswers", "certificates that an OCSP response speaks of"),
    ("certstore/ocsp.h", "kMaxOcspCertificates", "certificates that an OCSP response brings along"),
    ("certstore/efi.h", "kMaxEfiSignatures", "signatures of a list of the firmware"),
    ("core/session/secrets.h", "kMaxSessionSecrets", "sessions of a file of session secrets"),
    ("core/session/recorded_sessions.h", "kMaxOpenRecorded", "recorded sessions that are opened at the same time"),
    ("core/evidence/budget.h", "kMaxEvidenceMessages", "messages of a piece of evidence"),
    ("core/evidence/budget.h", "kMaxEvidenceBytes", "bytes of all messages of a device, or of a piece of evidence"),
    ("core/evidence/budget.h", "kMaxEvidenceText", "bytes of one text in evidence"),
    ("core/evidence/budget.h", "kMaxConnections", "connections of a piece of evidence"),
    ("core/evidence/budget.h", "kMaxSignatures", "signatures of a piece of evidence"),
    ("core/evidence/budget.h", "kMaxChainBytes", "bytes of all certificate chains of a piece of evidence"),
    ("core/evidence/load.h", "kMaxDevicesOfDocument", "devices in one capture, or in one document of others"),
    ("core/evidence/capture_hold.h", "kMaxCaptureHeld", "bytes of a capture that are kept at the same time"),
    ("core/evidence/capture_source.h", "kMaxCaptureFrame", "bytes of one packet of a capture"),
    ("core/evidence/capture_sockets.h", "kMaxTcpConnections", "TCP connections of a capture that are open at the same time"),
    ("core/evidence/capture_sockets.h", "kMaxTcpMarks", "TCP connections of a capture that are remembered after their end"),
    ("core/evidence/mctp_messages.h", "kMaxMctpMessage", "bytes of a message that is put together from packets of a capture"),
    ("core/evidence/mctp_messages.h", "kMaxOpenMctpMessages", "messages of a capture that are put together at the same time"),
    ("core/evidence/budget.h", "kMaxFindings", "findings on a device, beside one of each kind"),
    ("core/evidence/budget.h", "kMaxExtensionEntries", "entries of a measurement extension log"),
    ("core/evidence/budget.h", "kMaxManifestItems", "items of CBOR in all manifests of a device"),
    ("core/evidence/budget.h", "kMaxReadable", "bytes of all manifests and texts of a device, once decoded"),
    ("certstore/validation.h", "kMaxCertificates", "certificates of a chain"),
    ("core/wire/certificate.h", "kMaxCertificateChain", "bytes of a chain from a device"),
    ("core/wire/mel.h", "kMaxExtensionLog", "bytes of a measurement extension log from a device"),
    ("cmd/output/export.h", "kMaxExported", "devices in one document of ear or redfish"),
    ("core/fleet/ear_results.cpp", "kMaxWrapped", "characters of an EAR in a wrapper that report reads"),
    ("cmd/report.cpp", "kMaxOnPage", "devices on the page of report --html that can be searched"),
    ("cmd/gate/device_state.h", "kMaxStates", "states of devices that status reads"),
]


def kinds_of_the_program():
    source = (ROOT / "core/file_kinds.h").read_text()
    rows = re.findall(ROW, source)
    assert len(rows) == source.count("FileKindRow{") > 15, len(rows)
    return [(name, f"{number} {unit}") for name, number, unit in rows]


def counts_of_the_program():
    out = []
    for file, constant, name in COUNTS:
        found = re.search(rf"\b{constant} = ([0-9']+)U?(?: << ([0-9]+))?[,;]", (ROOT / file).read_text())
        assert found, f"{constant} is not in {file}, or not in the form of a number"
        number = int(found[1].replace("'", "")) << int(found[2] or 0)
        out.append((name, f"{number:,}"))
    return out


def rows_of_the_page():
    text = (ROOT / "man/spdmctl.1").read_text().replace("\\-", "-")
    section = text.split(".Sh LIMITS\n")[1].split(".Sh ")[0]
    items = [line[4:].split(" Ta ") for line in section.splitlines() if line.startswith(".It ") and not line.startswith(".It Sy ")]
    return [tuple(item[:2]) for item in items], [item for item in items if len(item) == 3 and not item[2].strip()]


def main():
    wanted = kinds_of_the_program() + counts_of_the_program()
    found, silent = rows_of_the_page()
    problems = [f"missing, or not as in the sources: {row}" for row in wanted if row not in found]
    problems += [f"not in the sources: {row}" for row in found if row not in wanted]
    problems += [f"does not say where: {item}" for item in silent]
    if not problems and found != wanted:
        problems.append("in another order than in the sources")
    # The constants of files stand in the table alone.
    for folder in ("certstore", "cmd", "core", "transport"):
        for path in sorted((ROOT / folder).rglob("*.[ch]*")):
            for constant in re.findall(r"constexpr [^;]*\b(kMax\w*File)\b\s*=", path.read_text()):
                problems.append(f"{path.relative_to(ROOT)}: {constant} belongs into core/file_kinds.h")
    print("\n".join(problems) or f"{len(found)} limits, each in its place")
    return 1 if problems else 0


sys.exit(main())
