#include "core/fleet/result_reader.h"

#include <algorithm>
#include <bitset>

#include "core/crypto/crypto.h"
#include "core/fleet/ear_results.h"
#include "core/fleet/result_fields.h"
#include "core/fleet/result_parts.h"
#include "core/text.h"

namespace spdm {

const std::string_view kJudgesNothing =
    "judges nothing (it is of info or certs): give what auth, measurements, verify or audit has printed";

namespace {

// Limits: the bytes that are kept of a string (see result_fields.h), and the entries that are kept of a list.
constexpr std::size_t kValue = 128, kLongValue = 128 * 1024;
constexpr std::size_t kMaxCertificates = 16, kMaxMeasurements = 254, kMaxFirmware = 8, kMaxFindings = 16;
// The host may be named after the devices of a document: at most this many results wait for it.
constexpr std::size_t kMaxWaiting = 1024;

// "Vendor=1b36:Device=0010:..." to "1b36:0010"; empty when it is nothing like it.
std::string model_of_identity(std::string_view identity) {
  const auto part = [&](std::string_view key) -> std::string_view {
    const std::size_t at = identity.find(key);
    return at == std::string_view::npos ? std::string_view() : identity.substr(at + key.size(), 4);
  };
  const std::string_view vendor = part("Vendor="), device = part(":Device=");
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  for (const std::string_view id : {vendor, device})
    if (id.size() != 4 || !std::all_of(id.begin(), id.end(), is_hex)) return {};
  std::string out = cat(vendor, ":", device);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

// The parts of a report's slot that a summary needs.
struct Slot {
  bool used = false, has_chain = false, trusted = false;
  std::uint64_t number = 0;
  std::string leaf_key;
  std::string root_sha256, anchor_subject, anchor_sha256;
  std::vector<ResultCertificate> certificates;
  std::string cma, device_info;  // of the last certificate that has them
};

// What was read of a record, before it is known whether it is a document or the report on one device.
struct Draft {
  Result result;
  bool has_verdict = false, has_exit = false, has_error = false, has_source = false;
  bool judged = true;
  std::string source, target, bdf, identity, hostname, error_message, error_device;
  std::string failure, gap;  // the first finding of each severity
  std::string hash, measurement_hash;
  std::vector<std::string> firmware;
  Slot slot;
  std::bitset<256> proven;  // slots whose key has made a good signature
};

class ResultReader {
 public:
  ResultReader(JsonStream& in, const std::string& host, HostNaming naming, const ResultSink& sink)
      : in_(in), host_(host), naming_(naming), sink_(sink) {}

  // Reads one document or line. The results before a break count.
  void record() {
    if (in_.kind() == '[') return wrapped();
    if (in_.kind() == 'e') in_.fail(kSignedEar);  // no value of JSON begins so, and a JWT does: {" in base64url
    Draft line;
    const EarNames* ear = nullptr;
    bool has_schema = false, has_devices = false;
    hostname_.clear();
    waiting_.clear();
    has_results_ = false;
    devices_ = Worst();
    try {
      in_.object([&](std::string_view key) {
        if (key == "schema") {
          has_schema = true;
          read_schema();
        } else if (key == "hostname") {
          hostname_ = string_of(in_, kName);
        } else if (key == "devices") {
          has_devices = true;
          read_devices();
        } else if (key == "eat_profile") {
          has_schema = true;
          ear = &ear_profile_of(in_);
        } else if (key == "submods" && ear != nullptr) {
          has_devices = true;
          read_ear_submods(in_, *ear, [&](Result result) { wait_for_host(std::move(result)); });
        } else {
          member(key, line);
        }
      });
      if (!has_schema) in_.fail("has no \"schema\": it is not a document of spdmctl");
      const bool empty = !has_results_ && waiting_.empty();
      const bool further = has_devices && ((line.has_error && empty) || is_worse(line));
      if (further && !line.has_error) {
        line.has_source = true;  // it is about all of them
        line.result.reason = "the run as a whole ended worse than any of its devices";
      }
      if (!has_devices || further) wait_for_host(finished(std::move(line)));
    } catch (const Error&) {
      release();
      throw;
    }
    release();
    if (!has_results_) sink_.host(host_name({}));
  }

 private:
  // The worst result among the devices of a document.
  struct Worst {
    Verdict verdict = Verdict::pass;
    Exit exit = Exit::ok;
  };

  void wrapped() {
    std::string text = read_wrapped_ear(in_);
    JsonStream inner([left = std::string_view(text)](std::span<char> room) mutable {
      const std::size_t count = left.copy(room.data(), room.size());
      left.remove_prefix(count);
      return count;
    });
    try {
      if (inner.kind() != '{') inner.fail("what is wrapped is not an attestation result");
      ResultReader(inner, host_, naming_, sink_).record();
      if (!inner.at_end()) inner.fail("there is extra data after the attestation result");
    } catch (const Error& error) {
      in_.fail(error.what());
    }
  }

  // Whether the run ended worse than its devices: without a device, or because its time was over.
  bool is_worse(const Draft& document) const {
    const Result& own = document.result;
    const bool verdict =
        document.has_verdict && own.verdict != devices_.verdict && own.verdict != Verdict::pass && devices_.verdict != Verdict::fail;
    return verdict || (document.has_exit && worse(devices_.exit, own.exit) != devices_.exit);
  }

  void read_schema() {
    const std::string schema = string_of(in_, kWord);
    if (schema == kReportSchema || schema == kReportSchemaBefore || schema == kInspectSchema) return;
    in_.fail(cat("is ", schema, ", not ", kReportSchema, " or ", kReportSchemaBefore,
                 schema == "spdmctl.evidence/1" ? "; judge it first: spdmctl verify" : ""));
  }

  void read_devices() {
    in_.array(
        [&] {
          Draft draft;
          in_.object([&](std::string_view key) { member(key, draft); });
          Result result = finished(std::move(draft));
          devices_.exit = worse(devices_.exit, result.exit);
          if (devices_.verdict != Verdict::fail && result.verdict != Verdict::pass) devices_.verdict = result.verdict;
          wait_for_host(std::move(result));
        },
        JsonStream::Items::on_lines_of_their_own);
  }

  void wait_for_host(Result result) {
    waiting_.push_back(std::move(result));
    if (naming_ == HostNaming::by_file || waiting_.size() == kMaxWaiting) release();
  }

  // The name of the host comes from the collector of the reports, if possible. With HostNaming::by_file it is the name
  // of the file: everything inside may be written by the host itself. Else it is the key "hostname" that the collector
  // added, then the name that a report gives.
  const std::string& host_name(const std::string& claimed) const {
    if (naming_ == HostNaming::by_file) return host_;
    if (!hostname_.empty()) return hostname_;
    return claimed.empty() ? host_ : claimed;
  }

  void release() {
    for (Result& result : waiting_) {
      result.host = host_name(result.host);
      has_results_ = true;
      sink_.result(std::move(result));
    }
    waiting_.clear();
  }

  void member(std::string_view key, Draft& out) {
    Result& result = out.result;
    if (key == "verdict") {
      result.verdict = word_of(in_, kVerdicts);
      out.has_verdict = true;
    } else if (key == "exit_code") {
      read_exit(out);
    } else if (key == "reason") {
      result.reason = string_of(in_, kSentence);
    } else if (key == "source") {
      out.source = string_of(in_, kName);
      out.has_source = true;
    } else if (key == "host") {
      in_.object([&](std::string_view name) {
        if (name == "target") return void(out.target = string_of(in_, kName));
        if (name == "bdf") return void(out.bdf = string_of(in_, kWord));
        if (name == "identity") return void(out.identity = string_of(in_, kName));
        if (name == "hostname") return void(out.hostname = string_of(in_, kName));
        in_.skip();
      });
    } else if (key == "error") {
      out.has_error = true;
      in_.object([&](std::string_view name) {
        if (name == "id") return void(result.cause = string_of(in_, kWord));
        if (name == "why" || name == "message") return void(out.error_message = string_of(in_, kSentence));  // "message": before /2
        if (name == "device") return void(out.error_device = string_of(in_, kName));
        in_.skip();
      });
    } else if (key == "connection") {
      read_connection(out);
    } else if (key == "evidence_sha256") {
      result.evidence_sha256 = string_of(in_, kValue);
    } else if (key == "judged") {
      out.judged = in_.boolean();
    } else if (key == "findings") {
      in_.array([&] { read_finding(out); });
    } else if (key == "slots") {
      in_.array([&] { read_slot(out); });
    } else if (key == "signatures") {
      in_.array([&] { read_signature(out); });
    } else if (key == "measurements") {
      in_.array([&] { read_measurement(out); });
    } else if (key == "inspection") {
      read_result_lines(in_, result.inspection);
    } else {
      in_.skip();
    }
  }

  void read_exit(Draft& out) {
    out.result.exit = exit_of(in_);
    out.has_exit = true;
  }

  void read_connection(Draft& out) {
    in_.object([&](std::string_view key) {
      if (key == "version") return void(out.result.version = string_of(in_, kWord));
      if (key != "algorithms") return in_.skip();
      in_.object([&](std::string_view name) {
        if (name == "asym") return void(out.result.algorithms = string_of(in_, kWord));
        if (name == "hash") return void(out.hash = string_of(in_, kWord));
        if (name == "measurement_hash") return void(out.measurement_hash = string_of(in_, kWord));
        in_.skip();
      });
    });
  }

  void read_finding(Draft& out) {
    ResultFinding finding = read_result_finding(in_);
    const std::optional<Severity> severity = value_of(kSeverities, finding.severity);  // an unknown one changes nothing
    if (severity == Severity::failure && out.failure.empty()) out.failure = finding.id;
    if (severity == Severity::gap && out.gap.empty()) out.gap = finding.id;
    if (out.result.findings.size() < kMaxFindings) out.result.findings.push_back(std::move(finding));
  }

  void read_signature(Draft& out) {
    std::uint64_t slot = 0;
    bool good = false;
    in_.object([&](std::string_view key) {
      if (key == "slot") return void(slot = in_.number(255));
      if (key == "result") return void(good = string_of(in_, kWord) == name(SignatureResult::good));
      in_.skip();
    });
    if (good) out.proven.set(static_cast<std::size_t>(slot));
  }

  void read_slot(Draft& out) {
    Slot slot;
    in_.object([&](std::string_view key) {
      if (key == "slot") return void(slot.number = in_.number(255));
      if (key == "used") return void(slot.used = in_.boolean());
      if (key != "chain") return in_.skip();
      slot.has_chain = true;
      read_chain(slot);
    });
    // The main slot, as main_slot() of report.h: the first whose key has signed, else the first whose chain was read.
    if (slot.has_chain && (!out.slot.has_chain || (slot.used && !out.slot.used))) out.slot = std::move(slot);
  }

  void read_chain(Slot& out) {
    in_.object([&](std::string_view key) {
      if (key == "trusted") return void(out.trusted = in_.boolean());
      if (key == "leaf_key_sha256") return void(out.leaf_key = string_of(in_, kValue));
      if (key == "root_sha256") return void(out.root_sha256 = string_of(in_, kValue));
      if (key == "anchor")
        return in_.object([&](std::string_view name) {
          if (name == "subject") return void(out.anchor_subject = string_of(in_, kName));
          if (name == "sha256") return void(out.anchor_sha256 = string_of(in_, kWord));
          in_.skip();
        });
      if (key == "certificates") return in_.array([&] { read_certificate(out); });
      in_.skip();
    });
  }

  void read_certificate(Slot& out) {
    ResultCertificate certificate;
    in_.object([&](std::string_view key) {
      if (key == "subject") return void(certificate.subject = string_of(in_, kName));
      if (key == "sha256") return void(certificate.sha256 = string_of(in_, kWord));
      if (key == "not_after") return void(certificate.not_after = string_of(in_, kWord));
      if (key == "ca") return void(certificate.is_ca = in_.boolean());
      if (key == "device_info") return void(out.device_info = string_of(in_, kName));
      if (key == "cma_identities")
        return in_.array([&] {
          const std::string identity = string_of(in_, kName);
          if (out.cma.empty()) out.cma = identity;
        });
      in_.skip();
    });
    if (out.certificates.size() < kMaxCertificates) out.certificates.push_back(std::move(certificate));
  }

  void read_measurement(Draft& out) {
    ResultMeasurement measurement;
    std::string text;
    in_.object([&](std::string_view key) {
      if (key == "index") return void(measurement.index = static_cast<std::uint8_t>(in_.number(255)));
      if (key == "type") return void(measurement.type = string_of(in_, kWord));
      if (key == "value") return void(measurement.value = in_.string(kLongValue));
      if (key == "text") return void(text = string_of(in_, kValue));
      if (key == "signed") return void(measurement.is_signed = in_.boolean());
      in_.skip();
    });
    measurement.value = shortened(measurement.value);
    if (measurement.type == name(MeasurementType::firmware_version)) {
      if (out.firmware.size() < kMaxFirmware) out.firmware.push_back(text.empty() ? measurement.value : text);
    } else if (out.result.measurements.size() < kMaxMeasurements) {
      out.result.measurements.push_back(std::move(measurement));
    }
  }

  // A long value is replaced by its hash, for comparing.
  static std::string shortened(const std::string& value) {
    if (value.size() <= kValue) return shown(value);
    const View bytes(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
    return cat(shown(value.substr(0, 32)), "... (SHA-256 of the digits ", hex(crypto::hash(*find_hash("SHA-256"), bytes)), ")");
  }

  Result finished(Draft draft) {
    Result& out = draft.result;
    out.host = draft.hostname;
    if (!draft.has_verdict) in_.fail("has no \"verdict\": it is not a report");
    if (!draft.has_exit) in_.fail("has no \"exit_code\": it is not a report");
    if (!draft.has_source && !draft.has_error) in_.fail("has neither \"source\" nor \"error\": it is not a report");
    if (!draft.judged) in_.fail(kJudgesNothing);
    if ((out.verdict == Verdict::pass) != (out.exit == Exit::ok))
      in_.fail(cat("says ", name(out.verdict), " with exit code ", static_cast<int>(out.exit), ": it contradicts itself"));
    for (const std::string* name : {&draft.bdf, &draft.target, &draft.source, &draft.error_device})
      if (out.device.empty()) out.device = *name;
    if (out.reason.empty()) out.reason = draft.error_message;
    if (out.cause.empty()) out.cause = !draft.failure.empty() ? draft.failure : draft.gap;
    name_model(draft);
    if (!out.algorithms.empty())
      out.algorithms += cat(", ", draft.hash, draft.measurement_hash.empty() ? "" : ", measurements ", draft.measurement_hash);
    for (const std::string& version : draft.firmware) out.firmware += cat(out.firmware.empty() ? "" : ", ", version);
    Slot& slot = draft.slot;
    out.trusted = slot.trusted;
    out.leaf_key = slot.leaf_key;
    if (slot.trusted && draft.proven.test(static_cast<std::size_t>(slot.number))) out.key = slot.leaf_key;
    out.root_sha256 = slot.anchor_sha256.empty() ? slot.root_sha256 : slot.anchor_sha256;
    out.root_subject = slot.anchor_subject;
    if (out.root_subject.empty() && !slot.certificates.empty() && slot.certificates.front().sha256 == out.root_sha256)
      out.root_subject = slot.certificates.front().subject;
    out.certificates = std::move(slot.certificates);
    return std::move(out);
  }

  static void name_model(Draft& draft) {
    Result& out = draft.result;
    out.model = model_of_identity(draft.identity);
    if (out.model.empty()) out.model = model_of_identity(draft.slot.cma);
    if (out.model.empty()) {  // "manufacturer:product:serial"
      const std::string& info = draft.slot.device_info;
      const std::size_t first = info.find(':');
      if (first != std::string::npos) out.model = info.substr(0, info.find(':', first + 1));
    }
    out.vendor = out.model.substr(0, out.model.find(':'));
  }

  JsonStream& in_;
  const std::string& host_;
  HostNaming naming_;
  const ResultSink& sink_;
  std::string hostname_;
  bool has_results_ = false;  // of this record
  std::vector<Result> waiting_;
  Worst devices_;
};

}  // namespace

void read_results(JsonStream::Source source, const std::string& file, const std::string& host, const ResultSink& sink, HostNaming naming,
                  std::size_t first_line) {
  // An error of the source must not count as an error of the input.
  std::exception_ptr broken_source;
  JsonStream in([&](std::span<char> room) -> std::size_t {
    try {
      return source(room);
    } catch (...) {
      broken_source = std::current_exception();
      return 0;
    }
  });
  ResultReader reader(in, host, naming, sink);
  bool empty = true;
  while (!in.at_end()) {
    empty = false;
    try {
      reader.record();
    } catch (const Error& error) {
      if (!broken_source) sink.unreadable({file, first_line - 1 + in.line(), error.what()});
      in.resume();
    }
  }
  if (broken_source) std::rethrow_exception(broken_source);
  if (empty) sink.unreadable({file, 0, "is empty: there is no report in it"});
}

}  // namespace spdm
