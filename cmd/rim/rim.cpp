#include "cmd/rim/rim.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "cmd/rim/signature.h"
#include "cmd/rim/xml.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::rim {

namespace {

[[noreturn]] void fail(const std::string& why, const std::string& hint = {}) {
  throw Error(ErrorId::bad_input, cat("TCG RIM: ", why), hint);
}

constexpr std::string_view kSwid = "http://standards.iso.org/iso/19770/-2/2015/schema.xsd";
constexpr const char* kWanted = "give a TCG RIM: a SWID tag (ISO/IEC 19770-2:2015) with a Payload of measurements";

struct HashRow {
  std::string_view space, name;
};
// Digests are attributes in the namespace of their algorithm. For SHA-384 two are in use.
constexpr std::array kHashes{
    HashRow{"http://www.w3.org/2001/04/xmlenc#sha256", "SHA-256"},
    HashRow{"http://www.w3.org/2001/04/xmlenc#sha384", "SHA-384"},
    HashRow{"http://www.w3.org/2001/04/xmldsig-more#sha384", "SHA-384"},
    HashRow{"http://www.w3.org/2001/04/xmlenc#sha512", "SHA-512"},
};

std::optional<unsigned> number_of(std::string_view text) {
  unsigned out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

// The digests of one entry by one algorithm: the number of the alternative, and the value.
struct Digests {
  const HashAlgorithm* hash = nullptr;
  std::vector<std::pair<unsigned, Bytes>> values;
};

class Entry {
 public:
  explicit Entry(const xmlNode& node) : node_(node) {
    index_ = number("index");
    if (!index_) fail(cat(line_of(node_), "a measurement has no index"));
  }

  unsigned index() const { return *index_; }

  bool is_active() const {
    const std::optional<std::string> word = attribute(node_, "active");
    for (const std::string_view yes : {"True", "true", "1"})
      if (word == yes) return true;
    for (const std::string_view no : {"False", "false", "0"})
      if (word == no) return false;
    refuse(word ? cat("active is '", printable(*word), "', and neither True nor False") : std::string("does not say whether it is active"));
  }

  // By algorithm, each complete. `unknown` gets the namespaces of digests that SPDM has no such algorithm for.
  std::vector<Digests> digests(std::set<std::string>& unknown) const {
    std::vector<Digests> out;
    bool any = false;
    for_each_attribute(node_, [&](std::string_view space, std::string_view name, const std::string& value) {
      const std::optional<unsigned> alternative = name.starts_with("Hash") ? number_of(name.substr(4)) : std::nullopt;
      if (space.empty() || !alternative) return;
      any = true;
      const auto* row = std::find_if(kHashes.begin(), kHashes.end(), [&](const HashRow& one) { return one.space == space; });
      if (row == kHashes.end()) return void(unknown.emplace(space));
      const HashAlgorithm* hash = find_hash(row->name);
      auto same = std::find_if(out.begin(), out.end(), [&](const Digests& one) { return one.hash == hash; });
      if (same == out.end()) same = out.insert(out.end(), Digests{hash, {}});
      same->values.emplace_back(*alternative, bytes_of(value, *hash, name));
    });
    if (!any) refuse("has no digest");
    for (Digests& one : out) assert_complete(one);
    return out;
  }

  std::string source() const {
    const std::optional<std::string> name = attribute(node_, "name");
    return cat(name ? cat(*name, ", ") : "", "index ", *index_, " of the RIM");
  }

  [[noreturn]] void refuse(const std::string& why) const { fail(cat(line_of(node_), "the measurement of index ", *index_, " ", why)); }

 private:
  std::optional<unsigned> number(std::string_view name) const {
    const std::optional<std::string> text = attribute(node_, name);
    if (!text) return std::nullopt;
    const std::optional<unsigned> out = number_of(*text);
    if (!out) fail(cat(line_of(node_), name, " of a measurement is '", printable(*text), "', and no number"));
    return out;
  }

  Bytes bytes_of(const std::string& digits, const HashAlgorithm& hash, std::string_view name) const {
    const std::optional<unsigned> size = number("size");
    if (size && *size != hash.size) refuse(cat("has the size ", *size, "; a digest of ", hash.name, " has ", hash.size, " bytes"));
    if (digits.size() != 2 * hash.size)
      refuse(cat(name, " has ", digits.size(), " characters; a digest of ", hash.name, " has ", 2 * hash.size, " hex digits"));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) refuse(cat(name, " is not of hex digits"));
    return unhex(digits, name);
  }

  // Alternatives are numbered from 0 on, and there are as many as it says.
  void assert_complete(Digests& digests) const {
    std::sort(digests.values.begin(), digests.values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const std::optional<unsigned> stated = number("alternatives");
    const std::size_t wanted = stated ? *stated : digests.values.size();
    if (digests.values.size() != wanted)
      refuse(cat("has ", digests.values.size(), " digests of ", digests.hash->name, ", and says that there are ", wanted, " alternatives"));
    for (std::size_t i = 0; i < wanted; ++i)
      if (digests.values[i].first != i) refuse(cat("has no Hash", i, " of ", digests.hash->name));
  }

  const xmlNode& node_;
  std::optional<unsigned> index_;
};

class Reading {
 public:
  Reading(Rim& out, const DeviceMatch& match, unsigned shift) : out_(out), match_(match), shift_(shift) {}

  void payload(const xmlNode& parent) {
    for (const xmlNode* node = first_element(parent); node != nullptr; node = next_element(*node)) {
      if (is(*node, kSwid, "Resource") && attribute(*node, "type") == "Measurement")
        measurement(Entry(*node));
      else
        ++others_;
      payload(*node);
    }
  }

  void finish() {
    if (others_ != 0)
      out_.notes.push_back(cat(others_, others_ == 1 ? " element of the payload that is not a measurement"
                                                     : " elements of the payload that are not measurements"));
    for (const std::string& space : unknown_)
      out_.notes.push_back(cat("digests in the namespace '", space, "': the algorithm is not known here"));
    if (!out_.devices.empty()) return;
    if (out_.inactive != 0) fail(cat("none of its ", out_.inactive, " measurements is active"), "there is nothing to compare with");
    fail("has no measurement with a digest of SHA-256, SHA-384 or SHA-512", kWanted);
  }

 private:
  void measurement(const Entry& entry) {
    if (!seen_.insert(entry.index()).second) entry.refuse("is there twice");
    if (!entry.is_active()) return void(++out_.inactive);
    if (entry.index() > kLastIndex || entry.index() + shift_ < 1 || entry.index() + shift_ > kLastIndex)
      entry.refuse(cat("would be block ", std::uint64_t{entry.index()} + shift_, "; blocks of SPDM are 1 to ", kLastIndex,
                       " (the shift is ", shift_, ": --index-shift)"));
    const std::vector<Digests> all = entry.digests(unknown_);
    if (all.empty()) out_.notes.push_back(cat("index ", entry.index(), ": has no digest that can be compared"));
    for (const Digests& one : all) add(entry, one);
  }

  void add(const Entry& entry, const Digests& digests) {
    ReferenceMeasurement one;
    one.index = static_cast<std::uint8_t>(entry.index() + shift_);
    one.source = entry.source();
    for (const auto& [number, value] : digests.values) one.allowed.push_back({ReferenceValue::Form::digest, value, digests.hash});
    if (one.allowed.size() > kMaxAlternatives) entry.refuse(cat("has more than ", kMaxAlternatives, " alternatives"));
    for (DeviceReferences& device : out_.devices)
      if (device.measurements.front().allowed.front().hash == digests.hash) return void(device.measurements.push_back(std::move(one)));
    DeviceReferences& device = out_.devices.emplace_back();
    device.match = match_;
    device.complete = false;  // each RIM speaks of some of the blocks: those of a driver, or of a VBIOS
    device.measurements.push_back(std::move(one));
  }

  Rim& out_;
  const DeviceMatch& match_;
  unsigned shift_;
  std::set<unsigned> seen_;
  std::set<std::string> unknown_;
  std::size_t others_ = 0;
};

}  // namespace

Rim read_rim(View file, const DeviceMatch& match, unsigned shift, const Bytes* signer) {
  const Document document = parse(file);
  const xmlNode& root = *xmlDocGetRootElement(document.get());
  if (!is(root, kSwid, "SoftwareIdentity"))
    fail(cat("this is not a TCG RIM: its root is ", printable(local_name(root)), " in the namespace '", printable(name_space(root)), "'"),
         kWanted);
  Rim out;
  out.is_signed = has_signature(*document);
  if (signer != nullptr) check_signature(*document, *signer);
  const xmlNode* payload = nullptr;
  for (const xmlNode* node = first_element(root); node != nullptr; node = next_element(*node)) {
    if (is(*node, kSwid, "Meta")) {
      if (out.product.empty()) out.product = attribute(*node, "product").value_or("");
      if (out.version.empty()) out.version = attribute(*node, "colloquialVersion").value_or("");
    }
    if (!is(*node, kSwid, "Payload")) continue;
    if (payload != nullptr) fail(cat(line_of(*node), "it has more than one Payload"), kWanted);
    payload = node;
  }
  if (payload == nullptr) fail("it has no Payload", kWanted);
  Reading reading(out, match, shift);
  reading.payload(*payload);
  reading.finish();
  return out;
}

}  // namespace spdm::rim
