// reference needed: which documents of reference values devices ask for, so that their owner can fetch them.
#include "cmd/reference_needed.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/attestation.h"
#include "cmd/output/render.h"
#include "core/appraisal/needed_references.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kHead = 512;  // of a file, where the schema of a document stands

// A report that was written before is told from evidence by its schema. Standard input can be read only once: it is evidence.
bool is_report(const std::string& file) {
  std::error_code ignored;
  if (file == "-" || !std::filesystem::is_regular_file(file, ignored)) return false;
  std::array<char, kHead> room{};
  const std::string_view head(room.data(), open_file(file)(room));
  return head.find(cat("\"", kReportSchema, "\"")) != std::string_view::npos;
}

Json to_json(const NeededReference& one) {
  Json out{{"kind", one.kind}, {"format", one.format}};
  if (!one.id.empty()) out["id"] = one.id;
  if (!one.url.empty()) out["url"] = one.url;
  if (!one.why.empty()) out["why"] = one.why;
  out["signed"] = one.is_signed();
  out["facts"] = Json::array();
  for (const DeviceWords::Fact& fact : one.facts)
    out["facts"].push_back(Json{{"name", fact.name}, {"value", fact.text}, {"signed", fact.is_signed}});
  return out;
}

// What no vendor has told us is said so, too.
constexpr std::string_view kNobodyKnows = "the reference documents of its vendor are not known";
constexpr std::string_view kNoChain = "its certificates, which name the vendor, are missing: give them with --chain";

class Answer {
 public:
  Answer() { document_["devices"] = Json::array(); }

  void add(const DeviceWords& device) {
    Json& out = document_["devices"].emplace_back(Json{{"source", device.source}});
    if (!device.subject.empty()) out["subject"] = device.subject;
    text_ += cat(text_.empty() ? "" : "\n", device.source, device.subject.empty() ? "" : cat("  ", device.subject), "\n");
    out["needed"] = Json::array();
    const std::vector<NeededReference> needed = needed_references(device);
    if (needed.empty()) {
      const std::string_view why = device.subject.empty() && device.identity.empty() ? kNoChain : kNobodyKnows;
      out["why"] = why;
      text_ += cat("  ", why, "\n");
    }
    for (const NeededReference& one : needed) {
      out["needed"].push_back(to_json(one));
      text_ += one.id.empty() ? cat("  unknown  ", one.kind, ", ", one.format, ": ", one.why, "\n")
                              : cat("  ", one.is_signed() ? "signed " : "claimed", "  ", one.id, "  ", one.kind, ", ", one.format, "\n");
    }
  }

  void add(const Error& error, const std::string& source) {
    document_["devices"].push_back(Json{{"source", printable(source)}, {"needed", Json::array()}, {"error", error_json(error)}});
    text_ += cat(text_.empty() ? "" : "\n", printable(source), "\n  cannot be read: ", printable(error.what()), "\n");
    worst_ = worse(worst_, row(error.id).exit);
  }

  Exit write(Console& console) {
    Json document = begin_document(kNeededSchema);
    document.update(document_);
    document["exit_code"] = static_cast<int>(worst_);
    write_document(console, document, text_);
    return worst_;
  }

 private:
  Json document_;
  std::string text_;
  Exit worst_ = Exit::ok;
};

void read_evidence(const std::string& file, const Verifier& verifier, Answer& answer, const Console& console) {
  EvidenceFiles files({file});
  while (std::optional<EvidencePiece> piece = files.next()) {
    const Outcome outcome = appraise_piece(verifier, *std::move(piece));
    if (outcome.unread) console.complain(*outcome.unread);
    if (outcome.unread)
      answer.add(*outcome.unread, outcome.target);
    else
      answer.add(words_of(*outcome.report));
  }
}

}  // namespace

Exit tell_needed(const NeededOptions& options, Console& console) {
  apply(options.output, console);
  if (options.paths.empty()) throw Error(ErrorId::usage, "no FILE given", "give evidence or reports, or - for standard input");
  if (std::count(options.paths.begin(), options.paths.end(), "-") > 1) throw Error(ErrorId::usage, "- can be read only once");
  TrustOptions trust;
  trust.chain = options.chain;
  // Nobody is trusted, and nothing depends on it: what is signed is signed by the key of the leaf, whoever vouches for that.
  const Verifier verifier({.keyring = {}, .options = {.at = std::time(nullptr)}, .chain = read_chain_beside(trust)});
  work_on_files(console, {.readable = EvidenceFiles::places(options.paths)});
  Answer answer;
  for (const std::string& file : options.paths) try {
      if (is_report(file))
        read_words(open_file(file), file, [&](DeviceWords device) { answer.add(device); });
      else
        read_evidence(file, verifier, answer, console);
    } catch (const Error& error) {
      console.complain(error);
      answer.add(error, file);
    }
  return answer.write(console);
}

}  // namespace spdm::cmd
