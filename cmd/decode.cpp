// decode: recorded messages, or one in hex, as people read them; or the report of a device interface.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/kernel_log_files.h"
#include "cmd/attest/session_secrets.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/lines.h"
#include "cmd/output/decode_brief.h"
#include "cmd/output/message_decoder.h"
#include "cmd/output/openssl_recipe.h"
#include "cmd/output/pci_fields.h"
#include "cmd/output/render.h"
#include "cmd/verb.h"
#include "core/appraisal/tdisp_json.h"
#include "core/evidence/cutter.h"
#include "core/evidence/file.h"
#include "core/evidence/load.h"
#include "core/evidence/pcap.h"
#include "core/evidence/report_file.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kSchema = "spdmctl.messages/2";

struct Options {
  OutputOptions output;
  std::vector<std::string> input, asym, hash, tolerate;
  std::string openssl, session_secrets, interface_report;
  bool brief = false;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_hex(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdefABCDEF: \t\r\n") == std::string_view::npos;
}

// Whether the text is one line, or lines that somebody has broken at the same length.
bool is_one_line(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  const std::size_t width = std::min(text.find('\n'), text.size());
  for (; text.size() > width; text.remove_prefix(width + 1))
    if (text[width] != '\n' || text.substr(0, width).find('\n') != std::string_view::npos) return false;
  return true;
}

// A request and what follows it: the messages lie one behind the other, as in a report of signed measurements. Nothing when they do not.
std::optional<Evidence> from_transcript(std::string_view text, const std::string& what) try {
  if (!is_one_line(text)) return std::nullopt;
  std::string digits(text);
  std::erase_if(digits, is_space);
  Evidence out = read_transcript(unhex(digits, what), {}, what);
  if (out.log.size() < 2 || read_header(out.log[1].bytes).code != response_to(read_header(out.log[0].bytes).code)) return std::nullopt;
  out.detached.reset();
  return out;
} catch (const Error&) {  // then each line is one message
  return std::nullopt;
}

// Messages in hex, one a line; or one transcript.
Evidence from_hex(std::string_view text, const std::string& what) {
  if (std::optional<Evidence> transcript = from_transcript(text, what)) return std::move(*transcript);
  Evidence out;
  Intake intake;
  out.binding = Binding::doe;  // padding is forgiven
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::erase_if(line, [](char c) { return c == '\r' || c == '\t' || c == ' ' || c == ':'; });
    if (line.empty()) continue;
    Bytes bytes = unhex(line, what);
    if (const std::optional<std::string> why = intake.refuses(bytes.size()))
      throw Error(ErrorId::bad_input, cat(what, ": message ", out.log.size() + 1, " ", *why));
    const bool request = bytes.size() > 1 && is_request(static_cast<Code>(bytes[1]));
    out.log.push_back({.from_requester = request, .secured = false, .bytes = std::move(bytes)});
  }
  return out;
}

std::vector<EvidencePart> alone(Evidence evidence) {
  std::vector<EvidencePart> out;
  out.push_back({.label = "", .evidence = std::move(evidence), .error = std::nullopt});
  return out;
}

// The device, or the devices of a capture or a document.
struct Input {
  std::vector<EvidencePart> parts{};
  std::optional<CaptureParts> more{};  // of a capture that is too large to be read as a whole
};

Input read_capture(LineFile file, const std::string& name) {
  Input out;
  out.more.emplace(std::move(file).pieces(), name);
  if (!out.more->is_whole()) return out;
  while (std::optional<EvidencePart> part = out.more->next()) out.parts.push_back(*std::move(part));
  out.more.reset();
  if (out.parts.size() == 1) out.parts.front().label.clear();
  return out;
}

// What is no capture.
std::vector<EvidencePart> read_whole(LineFile file, const std::string& name, const std::optional<std::filesystem::path>& path) {
  const Bytes bytes = file.rest(limit_of(FileKind::evidence));
  if (std::optional<Error> wrong = wrong_kind(bytes, FileKind::evidence)) {
    wrong->device = path.value_or("-").string();
    throw Error(*wrong);
  }
  if (is_hex(as_text(bytes))) return alone(from_hex(as_text(bytes), name));
  try {
    std::vector<EvidencePart> parts = load_parts(bytes, name);
    if (parts.size() > 1) return parts;
    if (parts.front().error) throw Error(*parts.front().error);
    parts.front().label.clear();
    return parts;
  } catch (Error& error) {
    if (const std::string advice = path ? advice_on_lines(*path) : std::string(); !advice.empty()) error.hint = advice;
    throw;
  }
}

Input read_input(const std::vector<std::string>& input) {
  if (input.empty()) throw Error(ErrorId::usage, "no INPUT given", "give a recording, - or the bytes of a message in hex");
  const std::optional<std::filesystem::path> file = recording(input.front());
  if (!file && input.front() != "-") {
    std::string text;
    for (const std::string& part : input) text += part;
    const auto wrong = std::find_if_not(input.begin(), input.end(), is_hex);
    if (wrong != input.end()) {
      const std::string why = why_no_recording(*wrong);
      throw Error(ErrorId::usage, cat("'", printable(*wrong), "' ", why.empty() ? "is neither a file nor hex digits" : why),
                  "give a recording, - or the bytes of a message in hex");
    }
    return {alone(from_hex(text, "message"))};
  }
  if (input.size() > 1) throw Error(ErrorId::usage, "only one recording can be decoded at a time", "decode them one by one");
  const std::string name = file ? file->string() : "standard input";
  if (file && is_kernel_log_entry(*file)) return {alone(read_kernel_log_entry(*file))};
  LineFile opened(file.value_or("-"), limit_of(FileKind::evidence_line));
  if (looks_like_pcap(opened.beginning())) return read_capture(std::move(opened), name);
  return {read_whole(std::move(opened), name, file)};
}

Parameters assumed_parameters(const Options& options) {
  Parameters out = spdm::assumed_parameters(k10);
  for (const std::string_view name : split_lists("--asym", options.asym)) out.asym = parse_asym(name);
  for (const std::string_view name : split_lists("--hash", options.hash)) out.hash = parse_hash(name);
  out.measurement_hash = out.hash;
  return out;
}

// A report that was kept on its own, as bytes or in hex.
Exit show_interface_report(const std::string& file, Console& console) {
  work_on_files(console, {.readable = {file}});
  Bytes report = read_file(file, FileKind::evidence);
  if (std::string digits(as_text(report)); is_hex(digits)) {
    std::erase_if(digits, is_space);
    report = unhex(digits, file);
  }
  Json shown{{"length", report.size()}, {"hex", hex(report)}};
  bool broken = false;
  try {
    shown["fields"] = interface_report_json(decode_interface_report(report));
  } catch (const Malformed& error) {
    broken = true;
    shown["why"] = printable(error.what());
  }
  const std::string text = console.format == Format::text ? interface_report_text(shown, console.verbose) : "";
  const Exit exit = broken ? Exit::peer : Exit::ok;
  Json document = begin_document(kSchema);
  document["interface_report"] = std::move(shown);
  document["exit_code"] = static_cast<int>(exit);
  write_document(console, document, text);
  return exit;
}

void write_recipe(const Input& input, const std::string& directory, Console& console) {
  const std::vector<EvidencePart>& parts = input.parts;
  if (input.more)
    throw Error(ErrorId::usage,
                cat("the input is a capture of more than ", limit_of(FileKind::evidence),
                    " bytes, and --openssl writes the signatures of one device"),
                "give a capture of that device alone");
  if (parts.size() != 1)
    throw Error(ErrorId::usage, cat("the input has ", parts.size(), " devices, and --openssl writes the signatures of one"),
                "give a recording of that device alone");
  const std::size_t count = write_openssl_recipe(parts.front().evidence, directory);
  console.note(cat("spdmctl: ", printable(directory), ": ", count, count == 1 ? " signature" : " signatures", "; check with: sh ",
                   printable(shell_word((std::filesystem::path(directory) / "verify.sh").string()))));
}

// Shows those of one device. Returns whether one breaks a rule.
bool show_messages(const EvidencePart& part, const Options& options, const std::vector<SessionSecret>& secrets, Console& console,
                   ListWriter& document) {
  const MessageLog& log = part.evidence.log;
  Parameters assumed = assumed_parameters(options);
  if (!log.empty() && log.front().bytes.size() >= kHeaderSize) assumed.version = log.front().bytes.front();
  MessageDecoder decoder(part.evidence, assumed, tolerance_of(options.tolerate), secrets);
  const BriefLines lines(log);
  bool broken = false;
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (DecodedMessage& decoded : decoder.next(log[i], i)) {
      broken = broken || decoded.broken;
      if (!part.label.empty()) decoded.json["device"] = printable(part.label);
      if (console.format == Format::text)
        console.out(options.brief ? lines.line(decoded.json) : text_of(decoded.json, console.verbose));
      else
        document.add(decoded.json);
    }
  }
  return broken;
}

// The next device of a large capture. What ends it is told as of a device: what was shown before stands.
std::optional<EvidencePart> next_of(CaptureParts& capture) try { return capture.next(); } catch (const Error& error) {
  return EvidencePart{.label = "", .evidence = {}, .error = error};
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  if (options.brief && console.format != Format::text)
    throw Error(ErrorId::usage, "--brief is text", "leave it out: other formats have all of each message");
  if (!options.interface_report.empty()) return show_interface_report(options.interface_report, console);
  tolerance_of(options.tolerate);  // a word that is none is told before anything is read
  const std::vector<SessionSecret> secrets = read_secrets(options.session_secrets);
  Needs needs{.readable = EvidenceFiles::places(options.input)};
  if (!options.openssl.empty()) {
    assert_recipe_directory(options.openssl);
    assert_distinct({console.file(), std::filesystem::path(options.openssl) / "verify.sh"});
    needs.folders.push_back(place_of_recipe(options.openssl));
  }
  work_on_files(console, std::move(needs));
  Input input = read_input(options.input);
  if (!options.openssl.empty()) write_recipe(input, options.openssl, console);

  ListWriter document(console, begin_document(kSchema), "messages");
  Exit exit = Exit::ok;
  Json tail;
  const auto show = [&](const EvidencePart& part) {
    if (part.error) {
      Error error = *part.error;
      error.device = part.label;
      console.complain(error);
      exit = worse(exit, row(error.id).exit);
      if (!tail.contains("error")) tail["error"] = error_json(error);
    } else if (show_messages(part, options, secrets, console, document)) {
      exit = worse(exit, Exit::peer);
    }
  };
  for (const EvidencePart& part : input.parts) show(part);
  while (const std::optional<EvidencePart> part = input.more ? next_of(*input.more) : std::nullopt) {
    show(*part);
    if (console.format == Format::text) console.flush();
  }
  tail["exit_code"] = static_cast<int>(exit);
  document.finish(tail);
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  CLI::Option* const input =
      parser.add_option("input", options->input, "Evidence or pcap file, - for standard input, or the bytes of a message in hex")
          ->type_name("INPUT...");
  add_output_options(parser, options->output);
  parser.add_flag("--brief", options->brief, "One line for each message")->group("Decoding");
  add_repeatable(parser, "--hash", options->hash, "Negotiated hash, for a message on its own")->type_name("NAME")->group("Decoding");
  add_repeatable(parser, "--asym", options->asym, "Negotiated signature algorithm, for a message on its own")
      ->type_name("NAME")
      ->group("Decoding");
  add_tolerate_option(parser, options->tolerate);
  parser.get_option("--tolerate")
      ->description("Continue when these protocol rules are broken, such as MEASUREMENTS.Index, or all")
      ->group("Decoding");
  parser.add_option("--openssl", options->openssl, "Write the signatures to this new directory, with the openssl commands that check them")
      ->type_name("DIR")
      ->group("Decoding");
  parser.add_option("--session-secrets", options->session_secrets, "Decrypt recorded sessions with these secrets")
      ->type_name("FILE")
      ->group("Decoding");
  CLI::Option* const report =
      parser.add_option("--tdisp-report", options->interface_report, "Decode this TDISP interface report, binary or hex")
          ->type_name("FILE")
          ->group("Decoding")
          ->excludes(input);
  for (const char* const other : {"--brief", "--hash", "--asym", "--tolerate", "--openssl", "--session-secrets"})
    report->excludes(parser.get_option(other));
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb decode_verb{"decode",
                       "Show recorded messages field by field",
                       "  spdmctl decode device.pcap\n"
                       "  spdmctl decode --brief device.pcapng\n"
                       "  spdmctl decode --json device.json\n"
                       "  spdmctl decode --session-secrets secrets.json device.pcap\n"
                       "  spdmctl decode --openssl signatures device.json\n"
                       "  spdmctl decode --tdisp-report report.bin\n"
                       "  spdmctl decode 10 84 00 00\n",
                       setup,
                       {.schema = kSchema}};

}  // namespace spdm::cmd
