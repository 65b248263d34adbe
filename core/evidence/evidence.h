// Evidence (RFC 9334): what the host saw of the target, and what was on the wire. appraise.h appraises it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/error.h"
#include "core/evidence/drive_view.h"
#include "core/evidence/encryption_view.h"
#include "core/evidence/mctp_view.h"
#include "core/evidence/platform.h"
#include "core/wire/binding.h"
#include "core/word_table.h"

namespace spdm {

// One message as it was on the link, framing removed, padding of the binding kept.
// The sender decides whether it is a request or a response, not bit 7 of the code.
struct Message {
  bool from_requester;
  bool secured = false;  // a secured message (DSP0277) as it was on the link: opaque to us
  Bytes bytes;
  // The session that it was exchanged in: the plain text of a secured message, as the collector opened it. 0: outside of any.
  std::uint32_t inside = 0;
  // When it was on the link, since 1970 in UTC; nothing when nobody has kept it.
  std::optional<std::chrono::nanoseconds> time = std::nullopt;
};

// Append-only, in the order of the wire. Transcripts are functions over it (transcript.h).
using MessageLog = std::vector<Message>;

// The identity of a PCI function as the host sees it (PCIe r6.x sec 6.31.3): what the leaf certificate must name.
struct PciIdentity {
  std::uint16_t vendor = 0, device = 0;
  std::uint32_t class_code = 0;  // 24 bits
  std::uint8_t revision = 0;
  std::optional<std::uint16_t> subsystem_vendor, subsystem;  // type-0 headers only
  std::uint64_t serial = 0;                                  // Device Serial Number capability, 0 when absent

  bool operator==(const PciIdentity&) const = default;
};

// "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100[:0123456789abcdef]"
std::string to_string(const PciIdentity& identity);
// Case-insensitive in the hex digits; throws Error{usage} naming the part that is wrong.
PciIdentity parse_pci_identity(std::string_view text);

// What the host knows of the target beside the messages. The device has signed none of it.
struct HostView {
  std::string target;              // as the user wrote it
  std::optional<std::string> bdf;  // "0000:03:00.0"
  std::optional<PciIdentity> identity;
  std::optional<std::string> driver, owner;
  std::optional<std::string> slot;       // name of the physical slot, as in /sys/bus/pci/slots
  std::optional<std::string> removable;  // "removable", "fixed", "unknown"
  std::optional<std::string> hostname;   // of the host that collected
  PlatformView platform;
  std::optional<EncryptionView> encryption;  // where it was asked for
  std::optional<DriveView> drive;            // where it was asked by the way of a drive
  std::optional<MctpView> mctp;              // where it was asked over MCTP

  // Set by whoever appraises; no part of the file.
  bool is_claimed = false;      // only the collector's word: we have not seen the device ourselves, and nobody trusts that host
  bool identity_given = false;  // `identity` comes from the user, so it is no claim
};

// Why collecting ended early: part of the evidence, so that a verdict given later cannot differ from the live one.
struct Interruption {
  ErrorId id{};
  std::string message, hint;
};

Interruption interruption_of(const Error& error);
// The reverse of interruption_of(); `device` is the target or file it happened on.
Error error_of(const Interruption& interruption, const std::string& device);

// What a verifier that has keys of hosts found of the signature of the host that collected.
enum class CollectionSignature {
  not_checked,  // there is one, and the verifier has no keys of hosts
  good,         // the host that the evidence names has signed this evidence
  wrong,        // it is not by that host, or for other evidence
  unknown_key,  // no key is known of that host, and the key that signed is not known either
  missing,
};
inline constexpr std::array kCollectionSignatures{
    Word{CollectionSignature::not_checked, "not-checked"},
    Word{CollectionSignature::good, "good"},
    Word{CollectionSignature::wrong, "wrong"},
    Word{CollectionSignature::unknown_key, "unknown-key"},
    Word{CollectionSignature::missing, "missing"},
};
static_assert(is_sound(kCollectionSignatures));
inline std::string_view name(CollectionSignature signature) { return row_of(kCollectionSignatures, signature).name; }

struct CollectionCheck {
  CollectionSignature signature = CollectionSignature::not_checked;
  std::string host, key;  // of a good one: the host, and the file with its key
  std::string why;        // of one that is not good
};

// A certificate chain that lies beside the messages.
struct ChainBeside {
  std::optional<std::uint8_t> slot;  // nothing: the collector does not say, and it is that of whichever slot has signed
  Bytes certificates;                // in DER without a gap, root or first intermediate first, leaf last
};

// Evidence of which its collector has kept a part: its log may begin in the middle of a connection.
struct Detached {
  std::string format;      // what it was read from: a name of load.h
  std::string asym, hash;  // as the collector says (names of algorithms.h); empty where it says nothing
  std::vector<ChainBeside> chains;

  // The chain of a slot; nullptr where there is none.
  const ChainBeside* chain_of(std::uint8_t slot) const {
    for (const ChainBeside& chain : chains)
      if (chain.slot.value_or(slot) == slot) return &chain;
    return nullptr;
  }
};

struct Evidence {
  HostView host;
  Binding binding = Binding::none;
  std::string time;       // RFC 3339, UTC, when collection began; empty when unknown (a capture without times)
  std::string collector;  // "spdmctl 0.1.0", or empty for a capture
  bool live = false;      // collected by us with nonces of ours: fresh
  // Nonces that the requester chose and put into CHALLENGE and GET_MEASUREMENTS; empty for a capture.
  std::vector<Block<32>> nonces;
  // The responder's public key (DER SubjectPublicKeyInfo) that the owner provisioned for slot 0xFF; empty when none.
  Bytes provisioned_key;
  MessageLog log;
  std::optional<Detached> detached;
  std::optional<Interruption> error;

  // Of the host that collected, for all of the above: a JWS (RFC 7515). Part of the file, and not of what is hashed; whoever changes
  // the evidence and writes it again has no use for it. Empty when there is none.
  std::string signature;

  // What became of the signature. Not part of the file; nothing as long as nobody has looked.
  std::optional<CollectionCheck> collection;
  bool is_signed() const { return collection && collection->signature == CollectionSignature::good; }

  // For evidence read from a file: its evidence_sha256() (file.h) as it was written, because the other members may
  // change afterwards. Not part of the file.
  std::string sha256;
};

}  // namespace spdm
