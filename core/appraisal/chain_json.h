// A certificate chain in the report, and each of its certificates. Strings of the device are escaped (text.h).
#pragma once

#include "core/evidence/chain.h"
#include "core/format/json_writer.h"

namespace spdm {

void write_json(JsonWriter& out, const ChainResult& chain);
void write_json(JsonWriter& out, const CertificateInfo& certificate);
void write_json(JsonWriter& out, const Completion& completion);
void write_json(JsonWriter& out, const CrlInfo& list);
void write_json(JsonWriter& out, const Revocation& revocation);

}  // namespace spdm
