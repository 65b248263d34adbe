// What extensions of a certificate say of the layer that it certifies: the TCG's DICE (DICE Attestation Architecture 1.1, 6.1), the Open
// Profile for DICE, and RIoT before them. It is the word of the issuer. Filled by certstore, read by the appraisal and the report.
// Strings are raw: escape before showing (text.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/word_table.h"

namespace spdm {

// FWID: the digest of firmware.
struct Fwid {
  std::string algorithm;  // "SHA-384"; the dotted identifier of one that is not known
  Bytes digest;

  bool operator==(const Fwid&) const = default;
};

// OperationalFlags. The value is the number of the bit, the first of the BIT STRING being 0.
enum class TcbFlag : std::uint8_t {
  not_configured,
  not_secure,
  recovery,
  debug,
  not_replay_protected,
  not_integrity_protected,
  not_runtime_measured,
  not_immutable,
  not_tcb,
};
inline constexpr std::array kTcbFlags{
    Word{TcbFlag::not_configured, "notConfigured"},
    Word{TcbFlag::not_secure, "notSecure"},
    Word{TcbFlag::recovery, "recovery"},
    Word{TcbFlag::debug, "debug"},
    Word{TcbFlag::not_replay_protected, "notReplayProtected"},
    Word{TcbFlag::not_integrity_protected, "notIntegrityProtected"},
    Word{TcbFlag::not_runtime_measured, "notRuntimeMeasured"},
    Word{TcbFlag::not_immutable, "notImmutable"},
    Word{TcbFlag::not_tcb, "notTcb"},
};
static_assert(is_sound(kTcbFlags));
inline std::string_view name(TcbFlag flag) { return row_of(kTcbFlags, flag).name; }

// Flags of a TcbInfo. Bit 1 << n is bit n of the BIT STRING.
using TcbFlags = std::uint64_t;
constexpr TcbFlags bit_of(TcbFlag flag) { return TcbFlags{1} << static_cast<unsigned>(flag); }
// Their names; "bit 12" for one without. fixedWidth (31) says nothing, and is left out.
std::vector<std::string> names_of(TcbFlags flags);

struct IntegrityRegister {
  std::optional<std::string> name;
  std::optional<std::uint64_t> number;
  std::vector<Fwid> digests;
};

// DiceTcbInfo; or a measurement of concise evidence, which says the same in CBOR (draft-ietf-rats-evidence-trans).
struct TcbInfo {
  std::optional<std::string> vendor, model, version;
  std::optional<std::uint64_t> svn, layer, index;
  std::vector<Fwid> fwids;
  std::optional<TcbFlags> flags;
  std::optional<TcbFlags> flags_mask;  // which of the flags have a meaning; where it is missing: all of them
  std::optional<Bytes> vendor_info, type;
  std::vector<IntegrityRegister> integrity_registers;
  std::optional<std::string> element;  // of concise evidence: which element of the environment was measured (mkey)

  // Flags that are set, and have a meaning.
  TcbFlags states() const { return flags.value_or(0) & flags_mask.value_or(~TcbFlags{0}); }
  // It says so: not only that nothing is said of the flag.
  bool denies(TcbFlag flag) const { return flags && flags_mask && (*flags_mask & bit_of(flag)) != 0 && (*flags & bit_of(flag)) == 0; }
};

// CompositeDeviceID of RIoT, which the TCG's identifier was for before DiceTcbInfo.
struct CompositeDeviceId {
  std::uint64_t version = 0;
  std::string key_sha256;  // of the DER SubjectPublicKeyInfo of the layer below
  Fwid fwid;
};

enum class DiceMode { not_initialized, normal, debug, recovery };
inline constexpr std::array kDiceModes{
    Word{DiceMode::not_initialized, "notInitialized"},  // "not configured"; and each value that is not defined
    Word{DiceMode::normal, "normal"},
    Word{DiceMode::debug, "debug"},
    Word{DiceMode::recovery, "recovery"},
};
static_assert(is_sound(kDiceModes));
inline std::string_view name(DiceMode mode) { return row_of(kDiceModes, mode).name; }

// OpenDiceInput of the Open Profile for DICE.
struct OpenDiceInput {
  std::optional<Bytes> code_hash, code_descriptor, configuration_hash, configuration_descriptor, authority_hash, authority_descriptor;
  std::optional<DiceMode> mode;
  std::optional<std::string> profile_name;
};

// A conceptual message wrapper (draft-ietf-rats-msg-wrap), which may hold any message.
struct MessageWrapper {
  std::string form;                             // "cbor-record", "json-record", "cbor-tag", "cbor-collection", "json-collection"
  std::string media_type;                       // of a record; empty when it has none
  std::optional<std::uint64_t> content_format;  // CoAP, of a record
  std::optional<std::uint64_t> tag;             // CBOR
  std::optional<std::uint64_t> indicator;       // which kinds of messages it has
  std::string content;                          // "concise-evidence", "spdm-toc"; empty for what is not known
  std::size_t size = 0;                         // of the message
  std::string sha256;                           // of the message
};

// An extension that OpenSSL has no name for. What few have lies apart: a device may send thousands.
struct ExtensionInfo {
  std::string oid;   // dotted
  std::string name;  // "tcg-dice-TcbInfo"; empty when it is not known
  bool critical = false;
  bool processed = false;  // it is known, and was decoded
  std::string fault;       // why it was not decoded, although it is known
  std::size_t size = 0;    // of its value, in bytes
  std::vector<TcbInfo> tcb_infos;
  Bytes ueid;                                          // empty: it has none
  std::shared_ptr<const CompositeDeviceId> composite;  // nullptr, as the following: it has none
  std::shared_ptr<const OpenDiceInput> open_dice;
  std::shared_ptr<const MessageWrapper> wrapper;
};

}  // namespace spdm
