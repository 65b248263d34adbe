// What IDE and TEE-IO ask of SPDM: capabilities and algorithms (PCIe r6.x 6.33.3, 11.2).
#include <algorithm>

#include "core/appraisal/inspector.h"
#include "core/text.h"
#include "core/wire/tee_io.h"

namespace spdm {

namespace {

constexpr std::string_view kNotOffered = "it was not offered to the device", kInspect = "ask it with: spdmctl inspect";
constexpr std::string_view kVendorHas = "its vendor says whether other firmware can do it";

std::string list_of(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) out += cat(out.empty() ? "" : ", ", name);
  return out;
}

}  // namespace

void Inspector::look_at_capabilities() {
  const bool known = connection_ != nullptr && (connection_->capabilities() || connection_->negotiated());
  const auto look = [&](InspectionItem item, bool good, std::string_view has, std::string_view lacks) {
    if (!known) return add(item, CheckStatus::not_run, "the capabilities of the device were not seen");
    add(item, good ? CheckStatus::pass : CheckStatus::fail, std::string(good ? has : lacks), good ? "" : std::string(kVendorHas));
  };
  const Parameters parameters = known ? connection_->parameters() : Parameters();
  const Capabilities& device = parameters.responder;
  const std::string version = cat("SPDM ", version_name(parameters.version));
  look(InspectionItem::spdm_version, parameters.version >= k12, version, cat(version, ", 1.2 or newer is asked for"));
  look(InspectionItem::certificates, device.has(cap::cert), "it has certificates", "it has no certificates (CERT_CAP)");
  look(InspectionItem::signed_measurements, (device.flags & cap::meas_mask) == cap::meas_sig, "it signs measurements",
       "it signs no measurements (MEAS_CAP)");
  look(InspectionItem::key_exchange, device.has(cap::key_ex), "it exchanges keys", "it exchanges no keys (KEY_EX_CAP)");
  look(InspectionItem::encryption, device.has(cap::encrypt) && device.has(cap::mac), "it encrypts and authenticates messages",
       "it does not both encrypt and authenticate messages (ENCRYPT_CAP, MAC_CAP)");
}

// What was offered to the device in NEGOTIATE_ALGORITHMS; nothing of it where that was not seen.
static NegotiateAlgorithms offer_of(const Connection& connection) {
  for (const Exchange& exchange : connection.exchanges()) {
    if (exchange.request_code() != Code::negotiate_algorithms) continue;
    Reader reader(exchange.request, "NEGOTIATE_ALGORITHMS");
    return NegotiateAlgorithms::decode(reader, connection.version());
  }
  return {};
}

static bool offers(const NegotiateAlgorithms& offer, AlgType type) {
  return std::any_of(offer.tables.begin(), offer.tables.end(), [&](const AlgStruct& table) { return table.type == type; });
}

void Inspector::look_at_algorithms() {
  const bool known = connection_ != nullptr && connection_->negotiated();
  const Parameters parameters = known ? connection_->parameters() : Parameters();
  const NegotiateAlgorithms offer = known ? offer_of(*connection_) : NegotiateAlgorithms();
  const auto look = [&](InspectionItem item, bool offered, bool good, std::string_view has, std::string_view lacks) {
    if (!known) return add(item, CheckStatus::not_run, "the algorithms of the device were not seen");
    if (!offered) return add(item, CheckStatus::not_run, std::string(kNotOffered), std::string(kInspect));
    add(item, good ? CheckStatus::pass : CheckStatus::fail, std::string(good ? has : lacks), good ? "" : std::string(kVendorHas));
  };
  look(InspectionItem::measurement_specification, offer.measurement_specification != 0,
       (parameters.measurement_specification & kDmtfMeasurementSpecification) != 0, "measurements are as DMTF specifies",
       "measurements are not as DMTF specifies");
  look(InspectionItem::opaque_format, parameters.version < k12 || (offer.other_params & other_params::opaque_fmt1) != 0,
       parameters.opaque_format == other_params::opaque_fmt1, "OpaqueDataFmt1", "it does not take OpaqueDataFmt1");
  look_at_algorithm(InspectionItem::hash, true, parameters.hash == nullptr ? "" : parameters.hash->name, kTeeIoHashes);
  look_at_algorithm(InspectionItem::signature_algorithm, true, parameters.asym == nullptr ? "" : parameters.asym->name, kTeeIoSignatures);
  look_at_algorithm(InspectionItem::key_exchange_algorithm, offers(offer, AlgType::dhe),
                    parameters.key_exchange == nullptr ? "" : parameters.key_exchange->name, kTeeIoKeyExchanges);
  look_at_algorithm(InspectionItem::aead, offers(offer, AlgType::aead), parameters.aead == nullptr ? "" : parameters.aead->name,
                    kTeeIoAeads);
  look(InspectionItem::key_schedule, offers(offer, AlgType::key_schedule), parameters.key_schedule, "that of SPDM",
       "it does not take the key schedule of SPDM");
}

// An inspection offers these algorithms and no other, and all only to a device that has refused that. Evidence of other conversations
// may show that the device has selected another one, and then not whether it could do with these.
void Inspector::look_at_algorithm(InspectionItem item, bool offered, std::string_view selected, std::span<const std::string_view> wanted) {
  if (connection_ == nullptr || !connection_->negotiated())
    return add(item, CheckStatus::not_run, "the algorithms of the device were not seen");
  if (std::find(wanted.begin(), wanted.end(), selected) != wanted.end()) return add(item, CheckStatus::pass, std::string(selected));
  if (!offered) return add(item, CheckStatus::not_run, std::string(kNotOffered), std::string(kInspect));
  if (selected.empty()) return add(item, CheckStatus::fail, cat("it has selected none of ", list_of(wanted)), std::string(kVendorHas));
  if (refused_)
    return add(item, CheckStatus::fail, cat("offered all, it selects ", selected, ", not ", list_of(wanted)), std::string(kVendorHas));
  add(item, CheckStatus::not_run, cat("it has selected ", selected, "; whether it can do ", list_of(wanted), " was not asked"),
      std::string(kInspect));
}

}  // namespace spdm
