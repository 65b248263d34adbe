#include "core/appraisal/device_words.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kWord = 256;     // characters that are kept of a string
constexpr std::size_t kMaxFacts = 64;  // and entries of the list of facts

// What is read of one device before it is whole.
struct Draft {
  DeviceWords words;
  bool has_chain = false, has_used_chain = false;
};

class WordsReader {
 public:
  WordsReader(JsonStream& in, const std::function<void(DeviceWords)>& device) : in_(in), device_(device) {}

  // A document, or a line with the report on one device.
  void record() {
    Draft line;
    bool has_schema = false, has_devices = false;
    in_.object([&](std::string_view key) {
      if (key == "schema") {
        has_schema = in_.string(kWord) == kReportSchema;
        if (!has_schema) in_.fail(cat("is not ", kReportSchema));
      } else if (key == "devices") {
        has_devices = true;
        in_.array([&] { device(); }, JsonStream::Items::on_lines_of_their_own);
      } else {
        member(key, line);
      }
    });
    if (!has_schema) in_.fail("has no \"schema\": it is not a report of spdmctl");
    if (!has_devices) device_(std::move(line.words));
  }

 private:
  void device() {
    Draft draft;
    in_.object([&](std::string_view key) { member(key, draft); });
    device_(std::move(draft.words));
  }

  void member(std::string_view key, Draft& draft) {
    if (key == "source")
      draft.words.source = in_.string(kWord);
    else if (key == "host")
      in_.object([&](std::string_view of_host) {
        if (of_host == "identity")
          draft.words.identity = in_.string(kWord);
        else
          in_.skip();
      });
    else if (key == "slots")
      in_.array([&] { slot(draft); });
    else if (key == "device_facts")
      in_.array([&] { fact(draft.words.facts); });
    else
      in_.skip();
  }

  void slot(Draft& draft) {
    std::string subject, device_info;
    bool used = false, has_chain = false;
    in_.object([&](std::string_view key) {
      if (key == "used")
        used = in_.boolean();
      else if (key == "chain")
        in_.object([&](std::string_view of_chain) {
          if (of_chain != "certificates") return in_.skip();
          // The leaf comes last.
          in_.array([&] {
            has_chain = true;
            subject.clear();
            device_info.clear();
            certificate(subject, device_info);
          });
        });
      else
        in_.skip();
    });
    if (!has_chain || draft.has_used_chain || (draft.has_chain && !used)) return;
    draft.has_chain = true;
    draft.has_used_chain = used;
    draft.words.subject = subject;
    draft.words.device_info = device_info;
  }

  void certificate(std::string& subject, std::string& device_info) {
    in_.object([&](std::string_view key) {
      if (key == "subject")
        subject = in_.string(kWord);
      else if (key == "device_info")
        device_info = in_.string(kWord);
      else
        in_.skip();
    });
  }

  void fact(std::vector<DeviceWords::Fact>& facts) {
    DeviceWords::Fact out;
    in_.object([&](std::string_view key) {
      if (key == "name")
        out.name = in_.string(kWord);
      else if (key == "value")
        out.text = in_.string(kWord);
      else if (key == "signed")
        out.is_signed = in_.boolean();
      else
        in_.skip();
    });
    if (!out.name.empty() && facts.size() < kMaxFacts) facts.push_back(std::move(out));
  }

  JsonStream& in_;
  const std::function<void(DeviceWords)>& device_;
};

}  // namespace

const DeviceWords::Fact* DeviceWords::fact(std::string_view name) const {
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const Fact& one) { return one.name == name; });
  return found == facts.end() ? nullptr : &*found;
}

DeviceWords words_of(const Report& report) {
  DeviceWords out;
  out.source = printable(report.source);
  if (report.host.identity) out.identity = to_string(*report.host.identity);
  const SlotReport* slot = main_slot(report);
  if (slot != nullptr && slot->chain && !slot->chain->certificates.empty()) {
    out.subject = printable(slot->chain->certificates.back().subject);
    out.device_info = printable(slot->chain->certificates.back().device_info);
  }
  for (const DeviceFact& fact : report.facts)
    if (!fact.name.empty()) out.facts.push_back({std::string(fact.name), fact.text, fact.is_signed});
  return out;
}

void read_words(JsonStream::Source source, const std::string& file, const std::function<void(DeviceWords)>& device) {
  JsonStream in(std::move(source));
  WordsReader reader(in, device);
  try {
    do reader.record();
    while (!in.at_end());
  } catch (Error& error) {
    if (error.id != ErrorId::bad_input) throw;
    throw Error(ErrorId::bad_input, cat(printable(file), ", line ", in.line(), ": ", error.what()),
                "give evidence, or a report of verify, measurements or auth in JSON");
  }
}

}  // namespace spdm
