// One report, several renderings. Reports are written as they come, so that a thousand of them need no more memory than
// a few.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cmd/host/console.h"
#include "cmd/output/document.h"
#include "cmd/output/export.h"
#include "core/appraisal/report.h"
#include "core/fleet/sightings.h"
#include "core/format/json.h"

namespace spdm::cmd {

// What is left of a report once it is rendered.
struct RenderedReport {
  std::string text;
  Verdict verdict{};
  Exit exit{};
  std::optional<Error> error;  // why collecting ended early
  // For ear and redfish, one object of all devices: the part of this device, and its label there.
  std::shared_ptr<Json> part;
  std::string label;
  // Of a table: what is shown below it, whether that is too long to be kept, and whether it is a pass whose freshness is not proven.
  std::string rest;
  bool rest_left_out = false, stale = false;
};

// The document that reports are written as.
struct ReportForm {
  std::string_view schema = kReportSchema;
  Json (*to_json)(const Report& report) = nullptr;  // nullptr: the whole report
};

class ReportWriter {
 public:
  // How the text of one report looks.
  using TextOf = std::function<std::string(const Report&, const Console&)>;
  // `between` separates the texts of two reports.
  ReportWriter(Console& console, TextOf text, std::string between = "\n", ReportForm form = {})
      : console_(console), text_of_(std::move(text)), between_(std::move(between)), form_(form) {}

  // The expensive part: may be called by several threads.
  RenderedReport render(const Report& report) const;
  // An input that gave no report because it could not be read.
  RenderedReport render(const Error& error) const;
  void add(RenderedReport report);
  // An error of the run that is about no device, such as a file that cannot be written: told on stderr. It takes back no verdict of a
  // device, and counts for the exit code and for the verdict of the run.
  void fail(const Error& error);
  std::size_t count() const { return count_; }  // reports
  Exit worst() const { return worse(worst_, failed_); }
  // Makes the text a table, and shows below it what is_worth_showing() (render_text.h), as far as 256 KiB hold it. Call it before
  // render().
  void tabulate() { tabulates_ = true; }
  // Makes the text of several reports end with the number of each verdict.
  void tally() { tallies_ = true; }
  // Says of reports that are written already what came out later. Call it once, before finish().
  void tell(Together together);
  // Sets what ear and redfish say beside the reports. Call it before add().
  void enclose(Envelope envelope) { envelope_ = std::move(envelope); }
  // Ends the document, with these members (json, yaml) at its end; returns the worst exit code.
  Exit finish(const Json& more);
  Exit finish();

 private:
  void begin();
  std::string in_one_line(const Report& report) const;
  void append_in_list(std::string& out, const Report& report) const;
  void append_line(std::string& out, const Report& report) const;
  Json with_schema(Json document) const;
  void keep_part(RenderedReport& report);
  void take_back(const TakenBack& one);
  void tabulate(RenderedReport& out, const Report& report) const;
  void keep_rest(RenderedReport& report);
  void write_rests();
  Json together_json() const;

  Console& console_;
  TextOf text_of_;
  std::string between_;
  ReportForm form_;
  std::size_t count_ = 0;
  Exit worst_ = Exit::ok, failed_ = Exit::ok;  // of the devices, of the rest of the run
  Verdict verdict_ = Verdict::pass;
  bool tallies_ = false, tabulates_ = false;
  std::vector<std::string> rests_;
  std::size_t rests_size_ = 0, rests_left_out_ = 0, stale_ = 0;
  std::array<std::size_t, 3> verdicts_{};       // how many there are, in the order of Verdict
  std::optional<Error> first_error_, failure_;  // of the devices, of the rest of the run
  Envelope envelope_;
  std::shared_ptr<Json> parts_;                          // of ear and redfish: an object by label, an array
  std::multimap<std::string, std::string> part_places_;  // by label: the key, or the index, of each part
  Together together_;
};

// Writes a whole document of another kind: `text` in the format text, else `document`.
void write_document(Console& console, const Json& document, const std::string& text);

// A document with one list, whose items are written as they come: json and yaml have a head and an end, ndjson and text have not.
class ListWriter {
 public:
  ListWriter(Console& console, const Json& head, std::string_view list) : console_(console) { begin(head, list); }
  void add(const Json& item);
  // Ends the document with these members.
  void finish(const Json& tail);

 private:
  void begin(const Json& head, std::string_view list);

  Console& console_;
  bool empty_ = true;
};

// "schema", "tool" and what follows.
Json begin_document(std::string_view schema);

std::string to_yaml(const Json& document);

// What info, auth, measurements, certs, verify and audit print.
inline constexpr DocumentKind kReportDocument{.schema = kReportSchema, .devices = true, .verdict = true};

// Says why the run ended: a line on stderr and, when asked for, a document of this kind on stdout. Returns the exit code.
Exit report_error(Console& console, const Error& error, const DocumentKind& kind);

}  // namespace spdm::cmd
