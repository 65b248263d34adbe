#include "core/tolerance.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/letters.h"
#include "core/text.h"

namespace spdm {

namespace {

// One field, and what must hold of it in each of these messages.
struct Row {
  std::string_view messages, field, what;
};

constexpr std::string_view kAll = "all";
constexpr std::string_view kEvery =
    "VERSION CAPABILITIES ALGORITHMS DIGESTS CERTIFICATE CHALLENGE_AUTH MEASUREMENTS ENDPOINT_INFO MEASUREMENT_EXTENSION_LOG "
    "VENDOR_DEFINED_RESPONSE";
constexpr std::string_view kOpaque = "CHALLENGE_AUTH MEASUREMENTS";

// tests/tree/tolerance.py holds it to the checks of core/wire and core/protocol, and to the manual.
constexpr std::array kRows{
    Row{kEvery, "SPDMVersion", "the version that was negotiated; 1.0 in VERSION"},
    Row{kEvery, "length", "nothing but the padding of the binding behind the last field"},

    Row{"CAPABILITIES", "Flags", "no reserved value, and no flag without those that it needs"},
    Row{"CAPABILITIES", "CTExponent", "at most 31"},
    Row{"CAPABILITIES", "DataTransferSize", "at least 42, at most MaxSPDMmsgSize, and equal to it without CHUNK_CAP"},
    Row{"CAPABILITIES", "Param1", "the Supported Algorithms block only where it was asked for"},

    Row{"ALGORITHMS", "Length", "the length of the message"},
    Row{"ALGORITHMS", "MeasurementSpecificationSel", "DMTF where it was offered and MEAS_CAP is set, else nothing"},
    Row{"ALGORITHMS", "MeasurementHashAlgo", "one hash algorithm of the version, or raw bit streams only"},
    Row{"ALGORITHMS", "BaseAsymSel", "an algorithm that was offered, and that the version has"},
    Row{"ALGORITHMS", "BaseHashSel", "an algorithm that was offered, and that the version has"},
    Row{"ALGORITHMS", "PqcAsymSel", "an algorithm that was offered, and none beside BaseAsymSel"},
    Row{"ALGORITHMS", "MELspecificationSel", "DMTF where it was offered and MEL_CAP is set, else nothing"},
    Row{"ALGORITHMS", "OtherParamsSelection", "one format of opaque data that was offered; a connection of several keys as both sides can"},
    Row{"ALGORITHMS", "ExtAsymSelCount", "no extended algorithm, for none was offered"},
    Row{"ALGORITHMS", "AlgStruct.AlgType", "a type that the version has, in rising order, each once"},
    Row{"ALGORITHMS", "AlgStruct.AlgCount", "no external algorithm, for none was offered"},
    Row{"ALGORITHMS", "AlgStruct.AlgSupported", "one algorithm at most, and one that was offered"},
    Row{"ALGORITHMS", "KEM", "none beside DHE"},
    Row{"ALGORITHMS", "DHE", "one, or a KEM, where both sides have KEY_EX_CAP"},
    Row{"ALGORITHMS", "ReqBaseAsymAlg", "exactly one algorithm where the requester signs"},
    Row{"ALGORITHMS", "AEAD", "one where both sides have ENCRYPT_CAP or MAC_CAP"},
    Row{"ALGORITHMS", "KeySchedule", "one where sessions are possible"},

    Row{"DIGESTS", "ProvisionedSlotMask", "one slot at least, and none beside SupportedSlotMask"},
    Row{"DIGESTS", "CertificateInfo", "a model that exists and fits the slot and its digest"},
    Row{"DIGESTS", "KeyUsageMask", "no reserved bit, and some use for the key of slot 0"},

    Row{"CERTIFICATE CHALLENGE_AUTH MEASUREMENTS ENDPOINT_INFO", "SlotID", "the slot that was asked for"},
    Row{"CERTIFICATE", "CertModel", "the model of the slot, where the connection is one of several keys"},
    Row{"CERTIFICATE", "RemainderLength", "nothing left where the whole chain was asked for and fits"},

    Row{"CHALLENGE_AUTH", "SlotMask", "the slot that was challenged"},
    Row{"CHALLENGE_AUTH", "BasicMutAuthReq", "not set where mutual authentication was not negotiated"},
    Row{kOpaque, "RequesterContext", "the one that was sent"},

    Row{kOpaque, "OpaqueDataLength", "at most 1024, and 0 where no format was negotiated"},
    Row{kOpaque, "OpaqueData", "elements of the negotiated format that fill it, and a multiple of 4 bytes"},
    Row{kOpaque, "OpaqueData.TotalElements", "one element at least"},
    Row{kOpaque, "OpaqueData.reserved", "room for it"},
    Row{kOpaque, "OpaqueElement.ID", "a registry that exists"},
    Row{kOpaque, "OpaqueElement.VendorLen", "room for it"},
    Row{kOpaque, "OpaqueElement.VendorID", "room for it"},
    Row{kOpaque, "OpaqueElement.OpaqueElementDataLen", "room for it"},
    Row{kOpaque, "OpaqueElement.OpaqueElementData", "room for it"},
    Row{kOpaque, "OpaqueElement.AlignPadding", "zeros, up to a multiple of 4 bytes"},

    Row{"MEASUREMENTS", "Param1", "1 to 254 measurements, where their number was asked for"},
    Row{"MEASUREMENTS", "NumberOfBlocks", "the number of blocks that are there: those that were asked for, and they alone"},
    Row{"MEASUREMENTS", "Index", "1 to 254, each once, and in ascending order from 1.2 on"},
    Row{"MEASUREMENTS", "MeasurementSpecification", "DMTF, as negotiated"},
    Row{"MEASUREMENTS", "MeasurementSize", "the size of the value and its header"},
    Row{"MEASUREMENTS", "DMTFSpecMeasurementValueType", "no digest where only raw bit streams were negotiated"},
    Row{"MEASUREMENTS", "DMTFSpecMeasurementValueSize", "for a digest, that of the negotiated algorithm"},
    Row{"MEASUREMENTS", "ContentChanged", "0 to 2, and 0 without a signature"},

    Row{"VENDOR_DEFINED_RESPONSE", "VendorIDLen", "a length that the registry has"},
    Row{"VENDOR_DEFINED_RESPONSE", "StandardID", "the registry and vendor that were asked"},
};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string clause_of(std::string_view message, std::string_view field) {
  if (field == "SPDMVersion" || field == "length") return "DSP0274, Generic SPDM message format";
  if (field.starts_with("Opaque")) return "DSP0274, General opaque data format";
  return cat("DSP0274, ", message, " response message");
}

std::vector<TolerableRule> expand() {
  std::vector<TolerableRule> out;
  for (const Row& row : kRows)
    for (const std::string_view message : words_of(row.messages))
      out.push_back({cat(message, ".", row.field), clause_of(message, row.field), row.what});
  return out;
}

// How many letters have to be changed, added or left out (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t changed = diagonal + (lower(a[i]) == lower(b[k]) ? 0 : 1);
      diagonal = std::exchange(row[k + 1], std::min({changed, row[k] + 1, row[k + 1] + 1}));
    }
  }
  return row.back();
}

// Those whose field, or whole name, is nearest.
std::string near_ones(std::string_view name) {
  constexpr std::size_t kShown = 3;
  constexpr std::size_t kLongest = 128;  // of what is compared
  name = name.substr(0, kLongest);
  std::vector<std::pair<std::size_t, std::string_view>> rated;
  for (const TolerableRule& rule : tolerable_rules()) {
    const std::string_view whole = rule.name, field = whole.substr(whole.find('.') + 1);
    rated.emplace_back(std::min(distance(name, whole), distance(name, field)), whole);
  }
  std::stable_sort(rated.begin(), rated.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (std::size_t i = 0; i < kShown; ++i) out += cat(i == 0 ? "" : ", ", rated[i].second);
  return out;
}

}  // namespace

std::span<const TolerableRule> tolerable_rules() {
  static const std::vector<TolerableRule> kRules = expand();
  return kRules;
}

Tolerance::Tolerance(std::span<const std::string_view> names) {
  bool all = false;
  for (const std::string_view name : names) {
    if (same_letters(name, kAll)) {
      all = true;
      continue;
    }
    const std::size_t before = names_.size();
    for (const TolerableRule& rule : tolerable_rules())  // some differ by case alone: Length is a field, length that of the message
      if (same_letters(rule.name, name)) names_.push_back(rule.name);
    if (names_.size() == before)
      throw Error(ErrorId::usage, cat("'", printable(name), "' is not a rule after which a message can be read on"),
                  cat("near are: ", near_ones(name), "; all are in: man 7 spdmctl-rules"));
  }
  if (all) names_ = {std::string(kAll)};
}

bool Tolerance::takes(std::string_view message, std::string_view field, std::string_view why) {
  constexpr std::size_t kMost = 64;  // of one message
  if (is_strict() || deviations_.size() == kMost) return false;
  const std::string name = cat(message, ".", field);
  const std::span<const TolerableRule> rules = tolerable_rules();
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const TolerableRule& one) { return one.name == name; });
  if (rule == rules.end() || (names_.front() != kAll && std::find(names_.begin(), names_.end(), name) == names_.end())) return false;
  deviations_.push_back({&*rule, std::string(why)});
  return true;
}

}  // namespace spdm
