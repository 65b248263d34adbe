// What a summary needs of the report on one device. Another host wrote it, and nothing in it is verified here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/appraisal/report.h"

namespace spdm {

struct ResultCertificate {
  std::string subject, sha256, not_after;
  bool is_ca = false;
};

struct ResultMeasurement {
  std::uint8_t index = 0;
  std::string type;   // "mutable-firmware"
  std::string value;  // hex; a long one is cut and carries its SHA-256
  bool is_signed = false;
};

struct ResultFinding {
  std::string id, severity, where, why, remedy;
};

// A line of an inspection. One that nobody needed is none.
struct ResultLine {
  std::string name;
  Verdict verdict = Verdict::undetermined;
};

// Strings are safe to show: they are escaped for a terminal. An empty string means not known.
struct Result {
  std::string host;      // who wrote the report
  std::string device;    // PCI address, target or file; empty when the run ended before there was a device
  std::string key;       // SHA-256 of the leaf key of the main slot, where a good signature proves it; else empty
  std::string leaf_key;  // the same, proven or not
  std::string model;     // "1b36:0010" (PCI vendor and device), or "MANUFACTURER:PRODUCT" of the certificate
  std::string vendor;    // the first part of it
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  std::string reason;  // one line
  std::string cause;   // id of the error, or of the finding that counts most
  std::string evidence_sha256;
  std::vector<ResultFinding> findings;  // the first of them
  std::string version, algorithms;
  std::string root_sha256, root_subject;  // of the anchor; without an anchor, of the root that the device sent
  bool trusted = false;
  std::string firmware;  // mutable-firmware-version; several with commas
  std::vector<ResultCertificate> certificates;
  std::vector<ResultLine> inspection;
  std::vector<ResultMeasurement> measurements;  // without the versions of firmware
};

}  // namespace spdm
