#include "cmd/output/render.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/output/headline.h"
#include "cmd/output/render_text.h"
#include "cmd/output/wrap.h"
#include "cmd/output/yaml_text.h"
#include "core/format/json_writer.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kTool = "spdmctl " SPDMCTL_VERSION;
constexpr std::size_t kMostRest = std::size_t{256} << 10;  // bytes that are kept to be shown below a table

// Strings of devices are escaped before they come here; file names may still be no UTF-8.
std::string dump(const Json& json, int indent) { return json.dump(indent, ' ', false, Json::error_handler_t::replace); }

// What a report may take as text: text that grows is there twice. Where much is freed at once, as 64 KiB, the C library tidies up its
// heap each time.
std::size_t room_for(const Report& report) {
  return std::min<std::size_t>(report.bytes * 3 + (std::size_t{16} << 10), std::size_t{16} << 20);
}

Verdict worse_verdict(Verdict a, Verdict b) {
  if (a == Verdict::fail || b == Verdict::fail) return Verdict::fail;
  return a == Verdict::undetermined ? a : b;
}

}  // namespace

Json begin_document(std::string_view schema) { return Json{{"schema", schema}, {"tool", kTool}}; }

std::string to_yaml(const Json& document) {
  std::string json, out;
  append_json(json, document, -1);
  append_yaml(out, std::move(json));
  return out;
}

namespace {

void write_json(Console& console, const Json& document, int indent) {
  std::string out;
  append_json(out, document, indent);
  out += '\n';
  console.out(out);
}

}  // namespace

void write_document(Console& console, const Json& document, const std::string& text) {
  switch (console.format) {
    case Format::text:
      console.out(fitted(text));
      break;
    case Format::json:
    case Format::ear:  // only errors come here in these formats
    case Format::redfish:
      write_json(console, document, 2);
      break;
    case Format::ndjson:
      write_json(console, document, -1);
      break;
    case Format::yaml:
      console.out(to_yaml(document));
      break;
    case Format::eat:  // evidence alone
      break;
  }
  console.finish();
}

void ListWriter::begin(const Json& head, std::string_view list) {
  if (console_.format == Format::json) {
    std::string text;
    append_json(text, head, 2);
    text.resize(text.rfind('\n'));
    console_.out(cat(text, ",\n  \"", list, "\": ["));
  } else if (console_.format == Format::yaml) {
    console_.out(to_yaml(head) + cat(list, ":"));
  }
}

void ListWriter::add(const Json& item) {
  std::string text;
  if (console_.format == Format::json) {
    text = empty_ ? "\n    " : ",\n    ";
    append_json(text, item, 2, 2);
  } else if (console_.format == Format::yaml) {
    if (empty_) text = "\n";
    std::string json, own;
    append_json(json, item, -1);
    append_yaml(own, std::move(json), true);
    for (std::string_view left = own; !left.empty();) {  // indented, as the library does with a list in a mapping
      const std::string_view line = left.substr(0, left.find('\n') + 1);
      text.append("  ").append(line);
      left.remove_prefix(line.size());
    }
  } else if (console_.format == Format::ndjson) {
    append_json(text, item, -1);
    text += '\n';
  }
  empty_ = false;
  console_.out(text);
}

void ListWriter::finish(const Json& tail) {
  if (console_.format == Format::json) {
    std::string text = empty_ ? "]," : "\n  ],";
    std::string end;
    append_json(end, tail, 2);
    console_.out(cat(text, end.substr(1), "\n"));
  } else if (console_.format == Format::yaml) {
    console_.out(cat(empty_ ? " []\n" : "", to_yaml(tail)));
  }
  console_.finish();
}

// The report of one device, without an end of the line.
std::string ReportWriter::in_one_line(const Report& report) const {
  std::string out;
  out.reserve(room_for(report));
  JsonWriter writer(out);
  if (form_.to_json == nullptr)
    write_json(writer, report);
  else
    writer.value(form_.to_json(report));
  return out;
}

// The report of one device in the list of a document.
void ReportWriter::append_in_list(std::string& out, const Report& report) const {
  out += "    ";
  JsonWriter writer(out, 2, 2);
  if (form_.to_json == nullptr)
    write_json(writer, report);
  else
    writer.value(form_.to_json(report));
}

// A document of its own, on a line of its own.
void ReportWriter::append_line(std::string& out, const Report& report) const {
  JsonWriter writer(out);
  if (form_.to_json == nullptr)
    writer.object([&] {
      writer.member("schema", form_.schema);
      writer.member("tool", kTool);
      write_members(writer, report);
    });
  else
    writer.value(with_schema(form_.to_json(report)));
  out += '\n';
}

Json ReportWriter::with_schema(Json document) const {
  if (document.contains("schema")) return document;
  Json out = begin_document(form_.schema);
  for (auto& [key, value] : document.items()) out[key] = std::move(value);
  return out;
}

RenderedReport ReportWriter::render(const Report& report) const {
  RenderedReport out;
  out.verdict = report.verdict;
  out.exit = report.exit;
  if (report.error) {
    out.error.emplace(report.error->id, report.error->message, report.error->hint);
    out.error->device = report.source;
  }
  switch (console_.format) {
    case Format::text:
      // A target that never answered has nothing to show: the line on stderr says it all.
      if (tabulates_)
        tabulate(out, report);
      else if (report.messages > 0 || report.inspection || !report.error)
        out.text = fitted(text_of_(report, console_));
      break;
    case Format::json:
      out.text.reserve(room_for(report));
      append_in_list(out.text, report);
      break;
    case Format::ndjson:
      out.text.reserve(room_for(report));
      append_line(out.text, report);
      break;
    case Format::yaml:
      out.text.reserve(room_for(report));
      append_yaml(out.text, in_one_line(report), true);
      break;
    case Format::ear:
    case Format::redfish:
      out.part = export_part(console_.format, report);
      out.label = printable(report.source);
      break;
    case Format::eat:  // the verb writes the evidence (token.h)
      break;
  }
  return out;
}

// A row, and what else there is to say for the end.
void ReportWriter::tabulate(RenderedReport& out, const Report& report) const {
  out.text = render_row(report, console_);
  out.stale = is_stale_pass(report);
  if (report.messages + report.findings.size() > 0 && is_worth_showing(report)) out.rest = fitted(text_of_(report, console_));
  out.rest_left_out = out.rest.size() > kMostRest;
  if (out.rest_left_out) out.rest = std::string();
}

RenderedReport ReportWriter::render(const Error& error) const {
  RenderedReport out;
  out.verdict = Verdict::undetermined;
  out.exit = row(error.id).exit;
  out.error = error;
  const Json json{{"source", printable(error.device)},
                  {"verdict", name(out.verdict)},
                  {"exit_code", static_cast<int>(out.exit)},
                  {"error", error_json(error)}};
  if (console_.format == Format::text && tabulates_) out.text = render_row(error_report(error, error.device), console_);
  if (console_.format == Format::json) {
    out.text = "    ";
    append_json(out.text, json, 2, 2);
  }
  if (console_.format == Format::ndjson) out.text = dump(with_schema(json), -1) + "\n";
  if (console_.format == Format::yaml) out.text = to_yaml(Json::array({json}));
  if (console_.format == Format::ear || console_.format == Format::redfish) {
    out.part = export_part(console_.format, error_report(error, error.device));
    out.label = printable(error.device);
  }
  return out;
}

void ReportWriter::begin() {
  if (console_.format == Format::text && tabulates_) console_.out(render_row_head(console_));
  const Json head = begin_document(form_.schema);
  if (console_.format == Format::json) {
    std::string text = dump(head, 2);
    text.resize(text.rfind('\n'));
    console_.out(text + ",\n  \"devices\": [\n");
  } else if (console_.format == Format::yaml) {
    console_.out(to_yaml(head) + "devices:\n");
  }
}

void ReportWriter::add(RenderedReport report) {
  if (report.part) keep_part(report);
  if (count_ == 0) begin();
  if (count_ > 0 && console_.format == Format::json) console_.out(",\n");
  if (count_ > 0 && console_.format == Format::text && !tabulates_ && !report.text.empty()) console_.out(between_);
  console_.out(report.text);
  worst_ = worse(worst_, report.exit);
  verdict_ = count_ == 0 ? report.verdict : worse_verdict(verdict_, report.verdict);
  if (tabulates_) keep_rest(report);
  ++count_;
  ++verdicts_.at(static_cast<std::size_t>(report.verdict));
  if (report.error) {
    console_.flush();
    console_.complain(*report.error);
    if (!first_error_) first_error_ = std::move(report.error);
  }
}

void ReportWriter::keep_rest(RenderedReport& report) {
  stale_ += report.stale ? 1 : 0;
  const bool fits = rests_size_ + report.rest.size() <= kMostRest && rests_left_out_ == 0 && !report.rest_left_out;
  if (!fits && (report.rest_left_out || !report.rest.empty())) ++rests_left_out_;
  if (!fits || report.rest.empty()) return;
  rests_size_ += report.rest.size();
  rests_.push_back(std::move(report.rest));
}

void ReportWriter::write_rests() {
  for (const std::string& rest : rests_) console_.out(cat("\n", rest));
  if (rests_left_out_ > 0)
    console_.out(cat("\n", rests_left_out_, " more ", rests_left_out_ == 1 ? "is" : "are",
                     " not shown in full: name the device alone, or take --format ndjson\n"));
}

void ReportWriter::fail(const Error& error) {
  console_.complain(error);
  failed_ = worse(failed_, row(error.id).exit);
  if (!failure_) failure_ = error;
}

void ReportWriter::keep_part(RenderedReport& report) {
  if (!parts_) parts_ = std::make_shared<Json>(console_.format == Format::ear ? Json::object() : Json::array());
  if (parts_->size() == kMaxExported)
    throw Error(ErrorId::usage, cat("one document holds no more than ", kMaxExported, " devices in this format"),
                "split the input, or write ndjson");
  part_places_.emplace(report.label, add_part(console_.format, *parts_, std::move(*report.part), report.label));
}

void ReportWriter::tell(Together together) {
  constexpr std::size_t kMostNotes = 20;
  together_ = std::move(together);
  const std::size_t total = together_.taken_back_total;
  for (std::size_t i = 0; i < std::min(together_.taken_back.size(), kMostNotes); ++i) {
    const TakenBack& one = together_.taken_back[i];
    console_.note(cat("spdmctl: ", printable(one.place), ": was reported as ", name(one.told), ", but fails: ", printable(one.why())));
  }
  if (total > kMostNotes) console_.note(cat("spdmctl: ", total - kMostNotes, " more were reported as better, but fail"));
  verdicts_[static_cast<std::size_t>(Verdict::pass)] -= together_.taken_back_passes;
  verdicts_[static_cast<std::size_t>(Verdict::undetermined)] -= total - together_.taken_back_passes;
  verdicts_[static_cast<std::size_t>(Verdict::fail)] += total;
  for (const TakenBack& one : together_.taken_back) {
    verdict_ = Verdict::fail;
    worst_ = worse(worst_, row(one.id).exit);
    if (parts_) take_back(one);
  }
}

// The documents of others are written at the end: they need not say what is not so.
void ReportWriter::take_back(const TakenBack& one) {
  const auto [begin, end] = part_places_.equal_range(printable(one.place));
  for (auto place = begin; place != end; ++place)
    if (console_.format == Format::ear)
      fail_part(console_.format, (*parts_)[place->second], row(one.id).exit, printable(one.why()));
    else
      fail_part(console_.format, (*parts_)[std::stoul(place->second)], row(one.id).exit, printable(one.why()));
}

// What a document of several reports says beside them.
Json ReportWriter::together_json() const {
  Json out = Json::object();
  if (count_ < 2 || !tallies_) return out;
  out["passing_devices"] = together_.passing_devices;
  if (together_.taken_back.empty()) return out;
  out["taken_back_total"] = together_.taken_back_total;
  for (const TakenBack& one : together_.taken_back)
    out["taken_back"].push_back(Json{{"source", printable(one.place)},
                                     {"told", name(one.told)},
                                     {"finding", row(one.id).name},
                                     {"other", printable(one.other)},
                                     {"why", printable(one.why())}});
  return out;
}

Exit ReportWriter::finish() { return finish(Json::object()); }

Exit ReportWriter::finish(const Json& more) {
  if (console_.format == Format::text && tabulates_) write_rests();
  if (console_.format == Format::text && tallies_ && count_ > 1)
    console_.out(cat("\n", render_tally(verdict_, verdicts_, together_, stale_, console_)));
  if (console_.format == Format::ear || console_.format == Format::redfish)
    console_.out(export_document(console_.format, parts_ ? std::move(*parts_) : Json(), envelope_));
  if (console_.format == Format::json || console_.format == Format::yaml) {
    if (count_ == 0) begin();
    const bool good = worst_ == Exit::ok;  // as far as the devices go
    const Verdict verdict = good && failure_ ? Verdict::undetermined : verdict_;
    Json tail{{"verdict", name(verdict)}, {"exit_code", static_cast<int>(worst())}};
    if (first_error_)
      tail["error"] = error_json(*first_error_);
    else if (good && failure_)
      tail["error"] = error_json(*failure_);
    tail.update(together_json());
    tail.update(more);
    if (console_.format == Format::json)
      console_.out(cat("\n  ],", dump(tail, 2).substr(1), "\n"));
    else
      console_.out(to_yaml(tail));
  }
  console_.finish();
  return worst();
}

Exit report_error(Console& console, const Error& error, const DocumentKind& kind) {
  const Exit exit = error.exit.value_or(row(error.id).exit);
  console.complain(error);
  console.discard();
  if (console.format == Format::text || console.format == Format::eat || kind.schema.empty()) return exit;
  // A document that is complete stays: a second one would make the first unreadable, or take its place in a file.
  if (console.ended() && console.format != Format::ndjson) return exit;
  Json document = begin_document(kind.schema);
  if (kind.devices) document["devices"] = Json::array();
  if (kind.verdict) document["verdict"] = name(Verdict::undetermined);
  document["exit_code"] = static_cast<int>(exit);
  document["error"] = error_json(error);
  write_document(console, document, "");
  return exit;
}

}  // namespace spdm::cmd
