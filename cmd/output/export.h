// The formats of others: reports as EAR (render_ear.h) and Redfish (render_redfish.h), each one document for all devices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cmd/host/console.h"
#include "core/appraisal/report.h"
#include "core/crypto/crypto.h"
#include "core/evidence/cmw_writer.h"
#include "core/fleet/ear_names.h"
#include "core/format/json.h"

namespace spdm::cmd {

// Devices in one document. It holds all of them in memory at once, so their number is bounded.
inline constexpr std::size_t kMaxExported = 10'000;

// How the user wants an EAR.
struct EarForm {
  std::string sign_key;  // a file; empty: it is not signed
  EarProfile profile = EarProfile::veraison_2023;
  std::optional<CmwForm> wrapper;
};

// What a document says beside the reports.
struct Envelope {
  std::int64_t issued = 0;         // seconds since the epoch
  std::optional<Block<32>> nonce;  // of the verifier
  // Of an EAR:
  std::optional<crypto::PrivateKey> signer;  // makes it a JWT
  EarProfile profile = EarProfile::veraison_2023;
  std::optional<CmwForm> wrapper;
};

// The private key of --sign-key. Notes on stderr when everybody may read it. Throws Error: bad_input, usage for a key that signs no JWS,
// io, permission.
crypto::PrivateKey read_sign_key(const std::string& file, const Console& console);

// Otherwise as read_sign_key().
Envelope make_envelope(const EarForm& form, std::int64_t issued, const std::optional<Block<32>>& nonce, const Console& console);

// The part of one device. `format`, here and below: ear or redfish.
std::shared_ptr<Json> export_part(Format format, const Report& report);
// Adds a part under its label, made unique where it must be. Returns where it is: its key, or its index.
std::string add_part(Format format, Json& parts, Json part, const std::string& label);
// Makes a part that is there say that the device has failed after all.
void fail_part(Format format, Json& part, Exit exit, const std::string& why);
std::string export_document(Format format, Json parts, const Envelope& envelope);

}  // namespace spdm::cmd
