// The summary of the reports of many hosts: "schema": "spdmctl.summary/2". Pure: results in, numbers out. The caller
// gives the time that certificates are compared with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/fleet/device_details.h"
#include "core/fleet/result_reader.h"
#include "core/format/json.h"

namespace spdm {

inline constexpr std::string_view kSummarySchema = "spdmctl.summary/2";

struct Tally {
  std::size_t pass = 0, fail = 0, undetermined = 0;

  void add(Verdict verdict) { ++(verdict == Verdict::pass ? pass : verdict == Verdict::fail ? fail : undetermined); }
  std::size_t total() const { return pass + fail + undetermined; }
};

// A row of a table: what the devices have in common, and their verdicts. The row with the most devices comes first.
struct TallyRow {
  std::string name, detail;
  Tally devices;
  std::size_t trusted = 0;  // of roots: devices for which it is an anchor of the keyring
};

struct TallyTable {
  std::vector<TallyRow> rows;
  TallyRow more;  // the devices of all rows that did not fit
};

// The number of certificates that expire in a period, and of devices whose first certificate expires in it.
struct ExpiryPeriod {
  std::string name;        // "expired", "30-days", "90-days", "1-year", "later", "never"; a month: "2026-11"
  std::string_view words;  // "have expired"; empty for a month
  std::size_t certificates = 0, devices = 0;
};

enum class CertificateRole : std::uint8_t { root, intermediate, leaf };
inline constexpr std::array kCertificateRoles{
    Word{CertificateRole::root, "root"},
    Word{CertificateRole::intermediate, "intermediate"},
    Word{CertificateRole::leaf, "leaf"},
};
static_assert(is_sound(kCertificateRoles));
inline std::string_view name(CertificateRole role) { return row_of(kCertificateRoles, role).name; }

struct ExpiringCertificate {
  std::string subject, sha256, not_after;
  CertificateRole role = CertificateRole::leaf;
  std::size_t devices = 0;
};

struct Expiry {
  std::vector<ExpiryPeriod> periods;         // one after the other, without overlap
  std::vector<ExpiryPeriod> months;          // this one and those that follow
  std::vector<ExpiringCertificate> soonest;  // expired or to expire within a year, the earliest first
  std::size_t soonest_total = 0;
};

// One difference of a device from the others of its model.
struct Difference {
  std::string what;                        // "firmware version", "measurement 0x02 (mutable-firmware)", ...
  std::string value, usual;                // its own, and that of the others
  std::size_t agreeing = 0, siblings = 0;  // how many devices have the usual value, of how many with a known one
};
std::string in_words(const Difference& difference);

struct DeviceLine {
  std::string host, device, model;
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  std::string reason, cause, firmware, root, version, algorithms;
  std::string expires;                   // when its first certificate does; empty when not known
  std::vector<Difference> differences;   // empty: like its siblings
  std::optional<DeviceDetails> details;  // of FleetSummary::devices, as far as there is room
};

struct FleetSummary {
  std::int64_t at = 0;
  std::size_t results = 0, hosts = 0, files = 0;
  std::size_t devices_total = 0;  // a key is one device; see device_count.h
  std::size_t repeated = 0;       // results for a host and device that already had one
  Tally verdicts;
  // The worst of all results. At least Exit::usage when something was unreadable; Exit::no_device when there was
  // nothing.
  Exit worst = Exit::ok;
  TallyTable exits, causes, vendors, models, roots, firmware, versions;
  TallyTable inspection;  // lines of inspections, by name
  Expiry expiry;
  std::vector<DeviceLine> failing;  // those that fail, then those that are undetermined
  std::vector<DeviceLine> outliers;
  std::size_t failing_total = 0, outliers_total = 0;
  // For a page that people search: devices that fail, are undetermined or differ, then the others, up to the limit.
  std::vector<DeviceLine> devices;
  std::vector<std::string> texts;  // by the numbers in DeviceLine::details
  std::vector<Unreadable> unreadable;
  std::size_t unreadable_total = 0;
  std::vector<std::string> cut;  // one sentence each: what was left out, and because of which limit
};

// Without "schema" and "tool", which the program adds.
Json to_json(const FleetSummary& summary);
Json to_json(const DeviceLine& line);

// How much is kept in detail. Counting goes on beyond these limits.
struct SummaryLimits {
  std::size_t results = 500'000;  // that outliers are sought among
  std::size_t rows = 1'000;       // of each table
  std::size_t lines = 1'000;      // of each list of devices, certificates and faults
  std::size_t devices = 0;        // of FleetSummary::devices
};

class Summarizer {
 public:
  // `at`: seconds since 1970; certificates are compared with it.
  explicit Summarizer(std::int64_t at, SummaryLimits limits = {});
  ~Summarizer();

  void add_file();
  void add_host(const std::string& host);
  void add(const Result& result);
  void add(Unreadable unreadable);
  // To be called once, at the end.
  FleetSummary finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace spdm
