#include "cmd/output/export.h"

#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "cmd/host/files.h"
#include "cmd/output/render_ear.h"
#include "cmd/output/render_redfish.h"
#include "core/crypto/jws.h"
#include "core/secret.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

// "x", "x#2": a device that is in the input more than once gets a number, too.
std::string unique(const std::string& label, const Json& taken) {
  std::string out = label;
  for (std::size_t number = taken.size() + 1; taken.contains(out); ++number) out = cat(label, "#", number);
  return out;
}

}  // namespace

crypto::PrivateKey read_sign_key(const std::string& sign_key, const Console& console) {
  const Secret file(read_file(sign_key, FileKind::key));
  crypto::PrivateKey out = crypto::PrivateKey::from_file_bytes(*file, sign_key);
  try {
    crypto::jws_algorithm(out);
  } catch (Error& error) {
    error.device = sign_key;
    throw;
  }
  struct stat status {};
  if (::stat(sign_key.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0)
    console.note(cat("spdmctl: ", printable(sign_key), ": everybody can read this private key; chmod 600 it, or create a new one"));
  return out;
}

Envelope make_envelope(const EarForm& form, std::int64_t issued, const std::optional<Block<32>>& nonce, const Console& console) {
  Envelope out{.issued = issued, .nonce = nonce, .signer = std::nullopt, .profile = form.profile, .wrapper = form.wrapper};
  if (!form.sign_key.empty()) out.signer = read_sign_key(form.sign_key, console);
  return out;
}

std::shared_ptr<Json> export_part(Format format, const Report& report) {
  return std::make_shared<Json>(format == Format::ear ? ear_appraisal(report) : redfish_resource(report));
}

std::string add_part(Format format, Json& parts, Json part, const std::string& label) {
  if (format == Format::ear) {
    const std::string key = unique(label, parts);
    parts[key] = std::move(part);
    return key;
  }
  // The number makes the id unique: searching all ids for each one would take quadratic time.
  set_redfish_id(part, cat(redfish_id(label), "-", parts.size() + 1));
  parts.push_back(std::move(part));
  return std::to_string(parts.size() - 1);
}

void fail_part(Format format, Json& part, Exit exit, const std::string& why) {
  if (format == Format::ear)
    fail_ear_appraisal(part, exit, why);
  else
    fail_redfish_resource(part, why);
}

std::string export_document(Format format, Json parts, const Envelope& envelope) {
  if (format == Format::redfish) return dump(redfish_collection(parts.is_null() ? Json::array() : std::move(parts)), 2) + "\n";
  const Json claims = ear_claims(parts.is_null() ? Json::object() : std::move(parts),
                                 {.profile = envelope.profile, .issued = envelope.issued, .nonce = envelope.nonce});
  const std::string ear = envelope.signer ? crypto::sign_jws(*envelope.signer, dump(claims, -1)) : dump(claims, envelope.wrapper ? -1 : 2);
  if (!envelope.wrapper) return ear + "\n";
  const std::string_view type = envelope.signer ? "application/eat+jwt" : "application/eat-ucs+json";  // RFC 9782
  return write_cmw(*envelope.wrapper, media_type_of_token(type, row_of(kEarProfiles, envelope.profile).profile), as_bytes(ear));
}

}  // namespace spdm::cmd
