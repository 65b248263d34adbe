#include "core/evidence/eat.h"

#include <algorithm>
#include <optional>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/cutter.h"
#include "core/file_kinds.h"
#include "core/text.h"

namespace spdm {

namespace {

using cbor::Item;
using Kind = Item::Kind;

constexpr std::size_t kMaxName = 1024;  // bytes of the name of a submodule
constexpr std::size_t kMinNonce = 8, kMaxNonce = 64;
constexpr std::string_view kProfiles = "tag:linaro.org,2025:device";  // all profiles of the draft begin so

bool has_profile(const Item& claims, std::string_view profile) {
  const Item* item = claims.find(claim::profile);
  return item != nullptr && item->is(Kind::text) && item->text() == profile;
}

// What the device has signed in one answer, and what the collector says of it.
struct Statement {
  std::uint64_t slot = 0, hash = 0;
  View requester_nonce, responder_nonce, transcript, signature;
  std::optional<View> prefix;
};

// A transcript and its signature, cut into messages.
struct Cut {
  Cut(Bytes all, std::string place) : bytes(std::move(all)), cutter(bytes, log, std::move(place)) {}
  Bytes bytes;
  MessageLog log;
  Cutter cutter;
};

// The messages of the negotiation at the front of a log.
std::size_t negotiation_of(const MessageLog& log) {
  const auto negotiates = [](const Message& request) {
    const Code code = read_header(request.bytes).code;
    return code == Code::get_version || code == Code::get_capabilities || code == Code::negotiate_algorithms;
  };
  std::size_t out = 0;
  while (out + 1 < log.size() && negotiates(log[out])) out += 2;
  return out;
}

Bytes bytes_of_first(const MessageLog& log, std::size_t count) {
  Bytes out;
  for (std::size_t i = 0; i < count; ++i) append(out, log[i].bytes);
  return out;
}

bool begins_with_get_version(View transcript) {
  return transcript.size() >= kHeaderSize && read_header(transcript).code == Code::get_version;
}

class Device {
 public:
  Device(const Item& claims, std::string_view what) : claims_(claims), what_(what) {}

  Evidence read() {
    const Item* challenge = claims_.find(claim::challenge);
    const Item* measurements = claims_.find(claim::measurements);
    if (measurements != nullptr && !measurements->is(Kind::map)) refuse("claim 3802", "is not a map");
    const Item* signature = measurements == nullptr ? nullptr : measurements->find(claim::signature);
    if (challenge == nullptr && signature == nullptr)
      refuse("claims", "nothing in them is signed by the device: neither a challenge (3807) nor a signature over measurements (3802)");
    if (const Item* vca = claims_.find(claim::vca)) vca_ = bytes_of(*vca, "claim 3804");
    read_certificates();
    if (challenge != nullptr) read_challenge(*challenge);
    if (signature != nullptr) read_measurements(*measurements, *signature);
    keep_chains();
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view where, std::string_view why) const {
    throw Error(ErrorId::bad_input, cat(what_, ": ", where, ": ", why), "the token was put together wrongly, or was altered");
  }

  View bytes_of(const Item& item, std::string_view where) const {
    if (!item.is(Kind::bytes)) refuse(where, "is not a byte string");
    return item.bytes;
  }

  View member(const Item& map, std::uint8_t key, std::size_t size, const std::string& where) const {
    const Item* item = map.find(key);
    const std::string place = cat(where, ", ", key);
    if (item == nullptr) refuse(place, "is missing");
    const View out = bytes_of(*item, place);
    if (size != 0 && out.size() != size) refuse(place, cat("has ", out.size(), " bytes, not ", size));
    return out;
  }

  std::uint64_t number(const Item& map, std::uint8_t key, std::uint64_t most, const std::string& where) const {
    const Item* item = map.find(key);
    const std::string place = cat(where, ", ", key);
    if (item == nullptr) refuse(place, "is missing");
    if (!item->is(Kind::unsigned_integer) || item->number > most) refuse(place, cat("is not a number up to ", most));
    return item->number;
  }

  Statement read_statement(const Item& item, const std::string& where) const {
    if (!item.is(Kind::map)) refuse(where, "is not a map");
    for (std::size_t i = 0; i < item.items.size(); i += 2) {
      const Item& key = item.items[i];
      if (!key.is(Kind::unsigned_integer) || key.number < dat_signature::slot || key.number > dat_signature::signature)
        refuse(where, cat("has the unknown key ", cbor::to_string(key)));
    }
    Statement out;
    out.slot = number(item, dat_signature::slot, kSlots - 1, where);
    out.requester_nonce = member(item, dat_signature::requester_nonce, 32, where);
    out.responder_nonce = member(item, dat_signature::responder_nonce, 32, where);
    out.transcript = member(item, dat_signature::transcript, 0, where);
    out.hash = number(item, dat_signature::hash, 64, where);
    out.signature = member(item, dat_signature::signature, 0, where);
    if (const Item* prefix = item.find(dat_signature::prefix)) out.prefix = bytes_of(*prefix, cat(where, ", 4"));
    if (out.transcript.size() > kMaxEvidenceBytes)
      refuse(cat(where, ", 5"), cat("has ", out.transcript.size(), " bytes; the limit is ", kMaxEvidenceBytes));
    if (out.signature.empty() || out.signature.size() > limit_of(FileKind::kernel_signature))
      refuse(cat(where, ", 7"), cat("has ", out.signature.size(), " bytes; no signature has that size"));
    return out;
  }

  void read_certificates() {
    const Item* map = claims_.find(claim::certificates);
    if (map == nullptr) return;
    if (!map->is(Kind::map)) refuse("claim 3803", "is not a map");
    std::size_t total = 0;
    for (std::size_t i = 0; i < map->items.size(); i += 2) {
      const Item& key = map->items[i];
      if (!key.is(Kind::unsigned_integer) || key.number >= kSlots)
        refuse("claim 3803", cat("has the key ", cbor::to_string(key), ", which is not a slot"));
      const std::string where = cat("claim 3803, ", key.number);
      const View chain = bytes_of(map->items[i + 1], where);
      total += chain.size();
      if (chain.empty()) refuse(where, "has no certificates");
      if (total > kMaxChainBytes) refuse(where, cat("exceeds the limit of ", kMaxChainBytes, " bytes for all chains together"));
      chains_.push_back({static_cast<std::uint8_t>(key.number), to_bytes(chain)});
    }
  }

  // Each transcript ends with a message of its kind, and with what the statement says.
  void check(const Cut& cut, const Statement& statement, std::string_view context, const std::string& where) const {
    if (!cut.cutter.intact()) refuse(cat(where, ", 5"), "a message in it cannot be understood");
    if (!cut.cutter.last() || cut.cutter.last()->context != context)
      refuse(cat(where, ", 5"), "does not end with the message that is signed");
    const Cutter::Signed& last = *cut.cutter.last();
    const Parameters& parameters = cut.cutter.parameters();
    if (last.signature_size != statement.signature.size())
      refuse(cat(where, ", 7"), cat("has ", statement.signature.size(), " bytes; ", last.signature_size, " were negotiated"));
    // GET_MEASUREMENTS of 1.0 names no slot: it is the one that was challenged.
    const std::uint8_t slot = parameters.version == k10 && context == kMeasurementsContext ? challenged_ : last.slot;
    if (statement.slot != slot) refuse(cat(where, ", 1"), cat("is slot ", statement.slot, ", and the transcript is about slot ", slot));
    if (!equal(statement.requester_nonce, last.requester_nonce)) refuse(cat(where, ", 2"), "is not the nonce of the request");
    if (!equal(statement.responder_nonce, last.responder_nonce)) refuse(cat(where, ", 3"), "is not the nonce of the response");
    check_prefix(statement, parameters.version, context, where);
    const HashAlgorithm* hash = hash_of(statement, where);
    if (parameters.hash != nullptr && parameters.hash != hash)
      refuse(cat(where, ", 6"), cat("is ", hash->name, "; ", parameters.hash->name, " was negotiated"));
  }

  // DSP0274 has the prefix since 1.2. Before, a token can only leave it out, or fill the room.
  void check_prefix(const Statement& statement, std::uint8_t version, std::string_view context, const std::string& where) const {
    const std::string place = cat(where, ", 4");
    if (!statement.prefix && version >= k12) refuse(place, "is missing");
    const View prefix = statement.prefix.value_or(View());
    if (equal(prefix, crypto::signing_message(version, context, {}))) return;
    const bool is_room = std::all_of(prefix.begin(), prefix.end(), [](std::uint8_t byte) { return byte == 0; });
    if (version >= k12 || !is_room) refuse(place, "is not the prefix of this version and message");
  }

  const HashAlgorithm* hash_of(const Statement& statement, const std::string& where) const {
    for (const HashAlgorithm& row : hash_algorithms())
      if (dat_hash(row) == statement.hash || row.bit == statement.hash) return &row;
    refuse(cat(where, ", 6"), cat(statement.hash, " is not a hash algorithm"));
  }

  static Bytes joined(View prefix, const Statement& statement) {
    Bytes out;
    out.reserve(prefix.size() + statement.transcript.size() + statement.signature.size());
    append(out, prefix);
    append(out, statement.transcript);
    append(out, statement.signature);
    return out;
  }

  void read_challenge(const Item& item) {
    const std::string where = "claim 3807";
    const Statement statement = read_statement(item, where);
    if (!begins_with_get_version(statement.transcript))
      refuse(cat(where, ", 5"), "does not begin with GET_VERSION: the negotiation is not known");
    Cut cut(joined({}, statement), cat(what_, ": ", where, ", 5"));
    cut.cutter.cut();
    check(cut, statement, kChallengeAuthContext, where);
    challenged_ = cut.cutter.last()->slot;
    settle_negotiation(cut.log, where);
    compare_chains(cut.cutter);
    out_.nonces.push_back(cut.cutter.last()->requester_nonce);
    out_.log = std::move(cut.log);
  }

  // The negotiation of each transcript, and the claim beside them, are of one connection.
  void settle_negotiation(const MessageLog& log, const std::string& where) {
    const Bytes own = bytes_of_first(log, negotiation_of(log));
    if (vca_ && !equal(*vca_, own)) refuse("claim 3804", cat("is not what ", where, " begins with"));
    if (negotiation_ && *negotiation_ != own) refuse(cat(where, ", 5"), "does not begin with the negotiation of claim 3807");
    negotiation_ = own;
  }

  // In 1.0 and 1.1 the signature does not cover the negotiation: it is that of the challenge, or what the collector says.
  void read_measurements(const Item& map, const Item& signature) {
    const std::string where = R"(claim 3802, "signature")";
    const Statement statement = read_statement(signature, where);
    const bool whole = begins_with_get_version(statement.transcript);
    const View before = whole ? View() : negotiation_ ? View(*negotiation_) : vca_.value_or(View());
    if (!before.empty() && !begins_with_get_version(before)) refuse("claim 3804", "does not begin with GET_VERSION");
    Cut cut(joined(before, statement), cat(what_, ": ", where, ", 5"));
    cut.cutter.cut();
    check(cut, statement, kMeasurementsContext, where);
    if (whole || !before.empty()) settle_negotiation(cut.log, where);
    if (begins_in_the_middle(cut.log)) out_.detached = beside(hash_of(statement, where)->name);
    compare_measurements(map, cut.cutter.measured());
    out_.nonces.push_back(cut.cutter.last()->requester_nonce);
    const std::size_t known = out_.log.empty() ? 0 : negotiation_of(cut.log);
    Intake intake;
    for (const Message& message : out_.log) intake.refuses(message.bytes.size());
    for (std::size_t i = known; i < cut.log.size(); ++i) {
      if (const std::optional<std::string> why = intake.refuses(cut.log[i].bytes.size())) refuse(where, cat("a message ", *why));
      out_.log.push_back(std::move(cut.log[i]));
    }
  }

  static bool begins_in_the_middle(const MessageLog& log) { return !log.empty() && negotiation_of(log) == 0; }

  static Detached beside(std::string_view hash) {
    Detached out;
    out.format = kEatFormat;
    out.hash = hash;
    return out;
  }

  // What the collector has taken out of the messages must be what they say. It may leave out what a token has no room for.
  void compare_measurements(const Item& map, const std::vector<MeasurementBlock>& measured) const {
    for (std::size_t i = 0; i < map.items.size(); i += 2) {
      const Item& key = map.items[i];
      if (key.is(Kind::text) && key.text() == claim::signature) continue;
      if (!key.is(Kind::unsigned_integer) || key.number == 0 || key.number > dat_measurement::last_index)
        refuse("claim 3802", cat("has the key ", cbor::to_string(key), ", which is not an index of a measurement"));
      const std::string where = cat("claim 3802, ", key.number);
      const auto found =
          std::find_if(measured.rbegin(), measured.rend(), [&](const MeasurementBlock& block) { return block.index == key.number; });
      if (found == measured.rend()) refuse(where, "is not among the measurements that the device has signed");
      compare_measurement(map.items[i + 1], *found, where);
    }
  }

  void compare_measurement(const Item& item, const MeasurementBlock& block, const std::string& where) const {
    if (!item.is(Kind::map)) refuse(where, "is not a map");
    const Item* digest = item.find(dat_measurement::digest);
    const Item* raw = item.find(dat_measurement::raw);
    if (item.items.size() != 4 || (digest == nullptr) == (raw == nullptr))
      refuse(where, "does not have a type and either a digest or a raw value");
    const std::uint64_t type = number(item, dat_measurement::type, dat_measurement::last_type, where);
    if (type != static_cast<std::uint64_t>(block.type)) refuse(where, "does not have the type that the device has signed");
    if (digest != nullptr && (!digest->is(Kind::array) || digest->items.size() != 2))
      refuse(where, "has a digest that is not a pair of algorithm and value");
    const View value = bytes_of(raw != nullptr ? *raw : digest->items[1], where);
    if (block.raw != (raw != nullptr) || !equal(value, block.value)) refuse(where, "is not the value that the device has signed");
  }

  // A chain that was read on the connection is the one that the claim has.
  void compare_chains(const Cutter& cutter) {
    const std::size_t head = 4 + cutter.parameters().hash_size();
    std::erase_if(chains_, [&](const ChainBeside& beside) {
      const ChainReader& read = cutter.chain(*beside.slot);
      if (!read.complete() || read.chain().size() < head) return false;
      if (!equal(View(read.chain()).subspan(head), beside.certificates))
        refuse(cat("claim 3803, ", *beside.slot), "is not the chain that was read on the connection (claim 3807, 5)");
      return true;
    });
  }

  void keep_chains() {
    if (chains_.empty()) return;
    if (!out_.detached) out_.detached = beside({});
    out_.detached->chains = std::move(chains_);
  }

  const Item& claims_;
  std::string_view what_;
  std::optional<View> vca_;
  std::optional<Bytes> negotiation_;
  std::uint8_t challenged_ = 0;
  std::vector<ChainBeside> chains_;
  Evidence out_;
};

class Token {
 public:
  Token(std::string_view what, const ReadNested& nested) : what_(what), nested_(nested) {}

  std::vector<EvidencePart> read(const Item& token) {
    claims(token, "", "");
    return std::move(parts_);
  }

 private:
  [[noreturn]] void refuse(std::string_view why) const {
    throw Error(ErrorId::bad_input, cat(what_, ": ", why), "it is not a token for device assignment, or was altered");
  }

  // RFC 9711 section 4.2.18: a submodule is a claims set, a token of its own (bytes), or something that is not for us.
  void claims(const Item& item, const std::string& label, const std::string& name) {
    if (has_profile(item, kDatSpdmProfile)) return device(item, label, name);
    if (has_profile(item, kDatPciProfile)) return;  // nothing in it is signed
    const Item* profile = item.find(claim::profile);
    if (!has_profile(item, kDatProfile) && profile != nullptr && profile->is(Kind::text) && profile->text().starts_with(kProfiles))
      return keep(label, [&](const std::string& place) -> Evidence {
        throw Error(ErrorId::bad_input, cat(place, ": claim 265: the profile ", printable(profile->text().substr(0, 128)), " is not known"),
                    cat("the known profile is ", kDatSpdmProfile));
      });
    if (has_profile(item, kDatProfile)) check_nonce(item);
    const Item* submods = item.find(claim::submods);
    if (submods == nullptr) return;
    if (!submods->is(Kind::map)) refuse("claim 266: is not a map");
    for (std::size_t i = 0; i < submods->items.size(); i += 2) submodule(submods->items[i], submods->items[i + 1], label);
  }

  void submodule(const Item& name, const Item& value, const std::string& label) {
    if (!name.is(Kind::text)) refuse("claim 266: a submodule whose name is not text");
    if (name.bytes.size() > kMaxName) refuse(cat("claim 266: the name of a submodule has more than ", kMaxName, " bytes"));
    const std::string own = cat(label, "[", printable(name.text()), "]");
    if (value.is(Kind::map)) return claims(value, own, name.text());
    if (!value.is(Kind::bytes)) return;
    try {
      for (EvidencePart& part : nested_(value.bytes, cat(what_, own))) {
        part.label = cat(own, part.label);
        add(std::move(part));
      }
    } catch (const Error& error) {
      add({.label = own, .evidence = {}, .error = error});
    }
  }

  // The nonce of the verifier. What the device signs for it is another one, which the collector may make of it.
  void check_nonce(const Item& item) const {
    const Item* nonce = item.find(claim::nonce);
    if (nonce == nullptr) return;
    const auto fits = [](const Item& one) { return one.is(Kind::bytes) && one.bytes.size() >= kMinNonce && one.bytes.size() <= kMaxNonce; };
    const bool several = nonce->is(Kind::array) && !nonce->items.empty() && std::all_of(nonce->items.begin(), nonce->items.end(), fits);
    if (!fits(*nonce) && !several) refuse(cat("claim 10: is not a byte string of ", kMinNonce, " to ", kMaxNonce, " bytes"));
  }

  // `name`: what the collector calls the device; no path, for the same evidence is the same in any file.
  void device(const Item& item, const std::string& label, const std::string& name) {
    keep(label, [&](const std::string& place) {
      Evidence out = Device(item, place).read();
      out.host.target = name;
      out.collector = cat("a token (EAT) of the experimental profile ", kDatProfile);
      return out;
    });
  }

  // A device that cannot be read is told in its place, and the others are still read.
  template <class Read>
  void keep(const std::string& label, Read read) {
    EvidencePart part{.label = label, .evidence = {}, .error = std::nullopt};
    try {
      part.evidence = read(cat(what_, label));
    } catch (const Error& error) {
      part.error = error;
    }
    add(std::move(part));
  }

  void add(EvidencePart part) {
    if (parts_.size() == kMaxDevicesOfDocument)
      refuse(cat("has evidence of more than ", kMaxDevicesOfDocument, " devices; split the token"));
    parts_.push_back(std::move(part));
  }

  std::string_view what_;
  const ReadNested& nested_;
  std::vector<EvidencePart> parts_;
};

}  // namespace

std::uint64_t dat_hash(const HashAlgorithm& hash) { return hash.bit == 1 ? 0 : hash.bit; }

bool is_token(const cbor::Item& item) {
  const Item* profile = item.find(claim::profile);
  const Item* submods = item.find(claim::submods);
  return (profile != nullptr && profile->is(Kind::text)) || (submods != nullptr && submods->is(Kind::map));
}

std::vector<EvidencePart> read_token(const cbor::Item& token, std::string_view what, const ReadNested& nested) {
  return Token(what, nested).read(token);
}

}  // namespace spdm
