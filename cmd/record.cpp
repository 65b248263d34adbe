#include "cmd/record.h"

#include <algorithm>

#include "cmd/host/files.h"
#include "core/error.h"
#include "core/evidence/capture_writer.h"
#include "core/evidence/file.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

enum class Form { evidence, pcap, pcapng };

Form form_of(const std::filesystem::path& file) {
  if (!file.has_extension() || has_ending(file, ".json")) return Form::evidence;
  if (has_ending(file, ".pcap")) return Form::pcap;
  if (has_ending(file, ".pcapng")) return Form::pcapng;
  Error error(ErrorId::usage, cat("--record does not know the ending ", printable(file.extension().string())),
              "end the name in .json for evidence, in .pcap or .pcapng for a capture");
  error.device = file.string();
  throw error;
}

void write_capture(const std::filesystem::path& file, const Bytes& capture) {
  assert_readable(capture.size(), FileKind::evidence);
  write_file(file, capture);
}

}  // namespace

void assert_recordable(const std::filesystem::path& file) {
  form_of(file);
  assert_writable(file);
}

void record(const Evidence& evidence, const std::filesystem::path& file) {
  if (evidence.log.empty()) return;  // nothing was seen
  switch (form_of(file)) {
    case Form::evidence:
      return write_file(file, evidence_line(evidence, FileKind::evidence));
    case Form::pcap:
      return write_capture(file, write_pcap(evidence));
    case Form::pcapng:
      return write_capture(file, write_pcapng(evidence));
  }
}

std::size_t left_out_of_record(const Evidence& evidence, const std::filesystem::path& file) {
  if (form_of(file) == Form::evidence) return 0;
  return static_cast<std::size_t>(
      std::count_if(evidence.log.begin(), evidence.log.end(), [](const Message& message) { return message.inside != 0; }));
}

}  // namespace spdm::cmd
