// The device profile: a YAML file that describes an emulated device.
//
//   name: Emulated accelerator          # shown to people only
//   versions: ["1.2", "1.3"]            # default: 1.0 to 1.4
//   capabilities:                       # flags follow from what the device has; these are changed afterwards
//     set: [CACHE_CAP]                  # names as "spdmctl info" shows them, or a number
//     clear: [CHUNK_CAP]
//   ct-exponent: 20                     # cryptography takes up to 2^20 us
//   data-transfer-size: 4600            # largest message it receives in one piece
//   max-message-size: 131072            # largest message after reassembly
//   send-limit: 1024                    # largest message it sends in one piece; default: data-transfer-size
//   algorithms:                         # in the order of preference
//     asym: [ECDSA-P384, ECDSA-P256]    # default: whatever the keys of the slots fit
//     hash: [SHA-384, SHA-256]          # default: SHA-384, SHA-256, SHA-512
//     measurement-hash: SHA-256         # or raw: raw bit streams only; default: the base hash
//     opaque: [fmt1]                    # opaque data formats: fmt0, fmt1; default: fmt1
//   slots:
//     - slot: 0                         # 0 to 7, or provisioned: a key known without certificates. Several entries with
//                                       # one number: one slot with a key per algorithm
//       key: key.pem                    # PKCS#8, PEM or DER
//       chain: chain.pem                # certificates from the root to the leaf, PEM or DER back to back; left out: a
//                                       # slot with a key and no certificate (1.3+)
//       root: root.pem                  # only when the chain does not begin with the root
//       model: DeviceCert               # DeviceCert, AliasCert, GenericCert
//       key-pair-id: 1
//       key-usage: [challenge, measurement, endpoint-info]
//       multi-key-only: false           # only there on multi-key connections (1.3+)
//     - slot: 1
//       raw-chain: chain.bin            # an SPDM certificate chain, sent as it is, however wrong
//       key: key.pem
//   empty-slots: [3]                    # slots that exist and hold nothing (1.3+)
//   measurement-signatures: true        # false: it measures, but does not sign
//   content-changed: unchanged          # not-detected, changed, unchanged
//   measurements:
//     - index: 1
//       type: immutable-rom             # mutable-firmware, hardware-configuration, firmware-configuration,
//                                       # measurement-manifest, device-mode, mutable-firmware-version,
//                                       # mutable-firmware-security-version, hash-extended, informational,
//                                       # structured-measurement-manifest; or a number
//       text: "boot ROM 1.0"            # what is measured: one of text, hex, file, number (64 bits, little-endian)
//       digest: 00ff...                 # the digest to show; computed from the above when left out
//       raw: false                      # true: always a raw bit stream (device-mode, *-version and informational are)
//       tcb: true                       # covered by the summary of the TCB; default: only immutable-rom is
//   device-mode:                        # measurement 254
//     operational-capabilities: [normal, recovery]  # manufacturing, validation, normal, recovery, rma, decommissioned
//     operational-state: normal
//     device-capabilities: [invasive-debug-active]  # [non-]invasive-debug-active, invasive-debug-was-active-ever,
//     device-state: []                              # [non-]invasive-debug-was-active-this-reset
//   log:                                # measurement extension log (1.3+); hash-extended measurements extend over it
//     - measurement: 8
//       type: informational
//       text: "loaded module a"         # or hex, file, number
//   endpoint-info:                      # device classes (1.3+)
//     - registry: 3                     # 0 DMTF, 1 TCG, 2 USB, 3 PCI-SIG, ...
//       vendor: 361b
//       sub-ids: [0100]
//   vendor-defined:
//     - registry: 3
//       vendor: 361b
//       request: 01                     # left out: any
//       response: 0203                  # left out: what was asked
//   opaque-data: {challenge: 00, measurements: 00}
//   sessions:                           # or true: all that needs no further key; left out: no sessions
//     key-exchange: [secp384r1]         # in the order of preference; default: all there are; []: by PSK only
//     aead: [AES-256-GCM]               # the same
//     secured-versions: ["1.1"]         # of DSP0277; default: 1.0 to 1.3
//     psk:
//       - hint: sensor 5                # or hint-hex
//         key: psk.bin                  # a file, or key-hex
//     psk-context: true                 # false: without PSK_FINISH
//     encrypt: true                     # false: secured messages are authenticated only
//     handshake-in-the-clear: false
//     heartbeat-period: 0               # seconds; 0: no HEARTBEAT
//     key-update: requester             # none, requester, both
//     required: false                   # true: measurements in sessions only
//     events:                           # 1.3+; or true: it lists all, and none happens; left out: it has none
//       types: [measurement-changed]    # event-lost, measurement-changed, measurement-pre-update, certificate-changed
//       happen:
//         - type: measurement-changed
//           after: 3                    # questions of requesters that have subscribed, which are answered with none; default: 0
//           indices: [2]                # of certificate-changed: slots
//           text: "firmware 2.0"        # what is measured there from then on: one of text, hex, file, number
//     mutual-authentication: none       # none, optimized, encapsulated, digests
//     basic-mutual-authentication: false
//     requester-asym: [ECDSA-P384]      # what the requester may sign with
//     requester-slot: 0
//     requester-chain: requester.pem    # its certificates; optimized goes by them
//     requester-key: requester.pub      # the key that it must have
//     requester-root: root.pem          # the root that its chain must have
//   ide:                                # or true: IDE_KM in sessions that encrypt (PCIe 6.33.3)
//     ports:                            # by PortIndex; default: one at 00:00.0
//       - {bus: 0x01, device: 0, function: 0, segment: 0}
//     link-streams: 0
//     selective-streams: 1
//     address-blocks: 1                 # of each selective stream
//     features: [configuration-requests, tee-limited]  # flow-through, partial-header-encryption, aggregation, pcrc
//     algorithm: 0
//     stream-ids: [0]                   # of the blocks, those of the link first; default: 0, 1, ...
//     secure-streams: []                # Stream IDs that somebody else has set up
//     registers: [0x01000042, 0, ...]   # in place of all that, from the IDE Capability Register on
//   tdisp:                              # or true: TDISP (PCIe 11)
//     functions:                        # default: whichever it is asked for
//       - {bus: 0x01, device: 0, function: 1, segment: 0}
//     address-width: 52
//     lock-flags: [no-fw-update, cache-line-128, lock-msix]  # bind-p2p, all-request-redirect
//     state: config-unlocked            # config-locked, run, error: what somebody else has made of it
//     report:
//       info: [dma-without-pasid]       # no-fw-update, dma-with-pasid, ats, prs
//       msix-control: 0
//       lnr-control: 0
//       tph-control: 0
//       ranges:                         # attributes: msix-table, msix-pba, non-tee, updatable
//         - {first-page: 0xfe000, pages: 4, attributes: [], id: 0}
//       device-specific: 00ff
//     raw-report: 00ff                  # sent as it is, in place of report
//     portion: 0x8000                   # the most of the report in one answer
//   storage:                            # as a drive (DSP0286): where it is asked so; what follows is for faults
//     protocols: [0x00, 0xe8]           # that it lists, and answers
//     byte-order: little-endian         # of the numbers of discovery and pending info; or big-endian
//     version: 0x1000                   # of the binding
//     connections: 1                    # 1 to 4
//     operations: [discovery, pending-info, message]  # that it has; default: these, with sessions secured-message, too
//     stale-tail: false                 # true: other bytes follow a response, as many as were asked for
//     waiting: 10ff0100                 # a response that waits when a requester comes
//     not-ready: 0                      # how many times each response is refused before it is given away
//     empty: false                      # true: it reports success, and gives no response away
//   faults:                             # see core/responder/faults.h
//     - on: CHALLENGE_AUTH              # a response, one of IDE_KM or TDISP, or any
//       do: flip 40.3                   # busy, not-ready, error, delay, drop, close, truncate, append, flip, set, ...
//       first: 1                        # the first occurrence it strikes
//       times: 2                        # left out: for ever
//       signed: false                   # true: made before the message is signed
//       in-session: false               # true: inside of sessions only
//
// Files are looked for beside the profile. Unknown keys and values that make no sense are errors.
#pragma once

#include <filesystem>

#include "core/responder/profile.h"

namespace spdm::transport {

// Throws Error{config} naming file, line, column and what is allowed.
DeviceProfile load_profile(const std::filesystem::path& path);
// The same from text; `path` says where the files beside it are, and is named in errors.
DeviceProfile parse_profile(const std::string& contents, const std::filesystem::path& path);

}  // namespace spdm::transport
