// decode: recorded messages, or one in hex, as people read them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/kernel_log_files.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/output/decode_fields.h"
#include "cmd/output/openssl_recipe.h"
#include "cmd/verb.h"
#include "core/evidence/cutter.h"
#include "core/evidence/file.h"
#include "core/evidence/load.h"
#include "core/evidence/pcap.h"
#include "core/evidence/report_file.h"
#include "core/protocol/detached.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kSchema = "spdmctl.messages/2";

struct Options {
  OutputOptions output;
  std::vector<std::string> input, asym, hash, tolerate;
  std::string openssl;
};

struct Decoded {
  Json json;
  bool broken = false;
};

// Follows the messages in order, as a listener. A message that breaks a rule is noted and passed over.
class Follower {
 public:
  Follower(const Evidence& evidence, Parameters assumed, Tolerance tolerance)
      : binding_(evidence.binding),
        assumed_(std::move(assumed)),
        connection_(begin_connection(evidence, assumed_)),
        tolerance_(std::move(tolerance)) {
    connection_.tolerate(tolerance_);
  }

  // Decodes one message. A chunk that completes a message gives two: the chunk and the message.
  std::vector<Decoded> next(const Message& message, std::size_t index) {
    Decoded own = describe(message, index);
    if (message.secured) {
      own.json["note"] = "inside a secure session, not read";
      return {std::move(own)};
    }
    std::vector<Decoded> out{std::move(own)};
    try {
      const Code code = read_header(message.bytes).code;
      if (message.from_requester && code == Code::get_version) listener_ = {};
      explain(out.front(), message.bytes, {parameters(), message.from_requester ? std::nullopt : last_request_, &tolerance_});
      if (message.from_requester && code != Code::respond_if_ready) last_request_ = message.bytes;
      follow(message, index, out);
    } catch (const Error& error) {
      blame(out.front(), error);
    }
    return out;
  }

 private:
  static Connection begin_connection(const Evidence& evidence, Parameters& assumed) {
    if (!begins_in_the_middle(evidence)) return Connection(evidence.binding);
    try {
      const Connection begun = connection_in_the_middle(evidence);
      if (assumed.asym == nullptr && assumed.hash == nullptr) assumed = begun.parameters();
      return {evidence.binding, assumed, AlgorithmSource::stated, {}};
    } catch (const Error&) {  // each message tells it
      return Connection(evidence.binding);
    }
  }

  const Parameters& parameters() const {
    return connection_.negotiated() || connection_.capabilities() ? connection_.parameters() : assumed_;
  }

  static Decoded describe(const Message& message, std::size_t index) {
    Decoded out;
    out.json = Json{{"index", index + 1}, {"from", message.from_requester ? "requester" : "responder"}};
    if (!message.secured && message.bytes.size() >= kHeaderSize) {
      const Header header = read_header(message.bytes);
      const std::string_view version = version_name(header.version);
      out.json["name"] = name(header.code);
      out.json["version"] = version == "unknown" ? cat("0x", hex(header.version, 2)) : std::string(version);
    }
    out.json["length"] = message.bytes.size();
    out.json["hex"] = hex(message.bytes);
    return out;
  }

  static void blame(Decoded& out, const Error& error) {
    out.broken = true;
    if (!out.json.contains("why")) out.json["why"] = printable(error.what());
  }

  void explain(Decoded& out, View bytes, const DecodeContext& context) {
    tolerance_.begin();
    const std::optional<Fields> fields = decode_fields(bytes, context);
    tell(out, tolerance_.deviations());
    if (!fields) {
      out.json["note"] = "a message that is not read further";
      return;
    }
    out.json["fields"] = fields->fields;
    const View surplus = bytes.subspan(fields->used);
    if (surplus.empty()) return;
    if (connection_.parameters().assumed && surplus.size() > padding_allowed(binding_)) {
      out.json["note"] = cat(surplus.size(), surplus.size() == 1 ? " byte follows" : " bytes follow", " the end of the message");
      return;
    }
    if (surplus.size() > padding_allowed(binding_)) {
      const std::string title = out.json["name"];
      return Reader(bytes, title, &tolerance_).breaks("length", cat(surplus.size(), " bytes after the end of the message"));
    }
    out.json["padding"] = surplus.size();
  }

  // What the listener puts together: the state that later messages need, and messages that came in chunks.
  void follow(const Message& message, std::size_t index, std::vector<Decoded>& out) {
    std::optional<Exchange> exchange = listener_.hear(message, index);
    if (!exchange) return;
    const bool whole = exchange->response.size() == message.bytes.size();
    if (!whole) {
      Decoded joined = describe({.from_requester = false, .secured = false, .bytes = exchange->response}, index);
      joined.json["note"] = "put together from chunks";
      try {
        explain(joined, exchange->response, {parameters(), exchange->request, &tolerance_});
      } catch (const Error& error) {
        blame(joined, error);
      }
      out.push_back(std::move(joined));
    }
    try {
      connection_.observe(std::move(*exchange));
    } catch (const Error&) {
      tell(out.back(), connection_.deviations());
      throw;
    }
    tell(out.back(), connection_.deviations());
  }

  // Decoding and following a message find the same, nearly: each is told once.
  static void tell(Decoded& out, const std::vector<Deviation>& deviations) {
    for (const Deviation& deviation : deviations) {
      const Json told = printable(cat(deviation.rule->name, ": ", deviation.why, " (", deviation.rule->clause, ")"));
      Json& all = out.json["tolerated"];
      if (std::find(all.begin(), all.end(), told) == all.end()) all.push_back(told);
      out.broken = true;
    }
  }

  Binding binding_;
  Parameters assumed_;  // until algorithms are negotiated: what the user says
  Connection connection_;
  Tolerance tolerance_;
  Listener listener_;
  std::optional<Bytes> last_request_;
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

Evidence read_input(const std::vector<std::string>& input) {
  if (input.empty()) throw Error(ErrorId::usage, "nothing to decode", "give a recording, - or the bytes of a message in hex");
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
    return from_hex(text, "message");
  }
  if (input.size() > 1) throw Error(ErrorId::usage, "only one recording can be decoded at a time", "decode them one after the other");
  const std::string name = file ? file->string() : "standard input";
  if (file && is_kernel_log_entry(*file)) return read_kernel_log_entry(*file);
  const Bytes bytes = read_file(file.value_or("-"), FileKind::evidence);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!looks_like_pcap(bytes) && is_hex(text)) return from_hex(text, name);
  try {
    return load_evidence(bytes, name);
  } catch (Error& error) {
    if (const std::string advice = file ? advice_on_lines(*file) : std::string(); !advice.empty()) error.hint = advice;
    throw;
  }
}

std::string shortened(const std::string& text, bool whole) {
  constexpr std::size_t kShown = 64;
  const bool digits = text.size() > kShown && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return whole || !digits ? text : cat(text.substr(0, kShown), "... (", text.size() / 2, " bytes)");
}

std::string value_text(const Json& value, bool whole) {
  if (value.is_string()) return shortened(value.get<std::string>(), whole);
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += cat(out.empty() ? "" : ", ", value_text(item, whole));
    return out.empty() ? "none" : out;
  }
  if (!value.is_object()) return value.dump();
  std::string out;
  for (const auto& [key, item] : value.items()) out += cat(out.empty() ? "" : ", ", key, " ", value_text(item, whole));
  return out;
}

std::string text_of(const Json& message, bool whole) {
  std::string out = cat(message["index"].dump(), message["from"] == "requester" ? " -> " : " <- ");
  if (message.contains("name")) out += cat(message["name"].get<std::string>(), "  ", message["version"].get<std::string>());
  out += cat("  ", message["length"].dump(), " bytes");
  if (message.contains("note")) out += cat("  (", message["note"].get<std::string>(), ")");
  out += "\n";
  if (message.contains("fields"))
    for (const auto& [key, value] : message["fields"].items()) {
      // Lists of things with several fields: one a line.
      if (value.is_array() && !value.empty() && value.front().is_object())
        for (const Json& item : value) out += cat("      ", key, ": ", value_text(item, whole), "\n");
      else
        out += cat("      ", key, ": ", value_text(value, whole), "\n");
    }
  if (message.contains("tolerated"))
    for (const Json& told : message["tolerated"]) out += cat("      tolerated: ", told.get<std::string>(), "\n");
  if (message.contains("why")) out += cat("      problem: ", message["why"].get<std::string>(), "\n");
  if (!message.contains("fields") || message.contains("why") || whole) out += cat("      hex: ", message["hex"].get<std::string>(), "\n");
  return out;
}

Parameters assumed_parameters(const Options& options) {
  Parameters out = spdm::assumed_parameters(k10);
  for (const std::string_view name : split_lists("--asym", options.asym)) out.asym = parse_asym(name);
  for (const std::string_view name : split_lists("--hash", options.hash)) out.hash = parse_hash(name);
  out.measurement_hash = out.hash;
  return out;
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  Tolerance tolerance = tolerance_of(options.tolerate);
  Needs needs{.readable = EvidenceFiles::places(options.input)};
  if (!options.openssl.empty()) {
    assert_recipe_directory(options.openssl);
    assert_distinct({console.file(), std::filesystem::path(options.openssl) / "verify.sh"});
    needs.folders.push_back(place_of_recipe(options.openssl));
  }
  work_on_files(console, std::move(needs));
  const Evidence evidence = read_input(options.input);
  Parameters assumed = assumed_parameters(options);
  if (!evidence.log.empty() && evidence.log.front().bytes.size() >= kHeaderSize) assumed.version = evidence.log.front().bytes.front();

  if (!options.openssl.empty()) {
    const std::size_t count = write_openssl_recipe(evidence, options.openssl);
    console.note(cat("spdmctl: ", printable(options.openssl), ": ", count, count == 1 ? " signature" : " signatures", "; check with: sh ",
                     printable(shell_word((std::filesystem::path(options.openssl) / "verify.sh").string()))));
  }

  Follower follower(evidence, assumed, std::move(tolerance));
  ListWriter document(console, begin_document(kSchema), "messages");
  bool broken = false;
  for (std::size_t i = 0; i < evidence.log.size(); ++i) {
    for (Decoded& decoded : follower.next(evidence.log[i], i)) {
      broken = broken || decoded.broken;
      if (console.format == Format::text)
        console.out(text_of(decoded.json, console.verbose));
      else
        document.add(decoded.json);
    }
  }
  const Exit exit = broken ? Exit::peer : Exit::ok;
  document.finish(Json{{"exit_code", static_cast<int>(exit)}});
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("input", options->input, "Evidence or pcap file, - for standard input, or the bytes of a message in hex")
      ->type_name("INPUT");
  add_output_options(parser, options->output);
  add_repeatable(parser, "--hash", options->hash, "Negotiated hash, for a message on its own")->type_name("NAME")->group("Decoding");
  add_repeatable(parser, "--asym", options->asym, "Negotiated signature algorithm, for a message on its own")
      ->type_name("NAME")
      ->group("Decoding");
  add_tolerate_option(parser, options->tolerate);
  parser.get_option("--tolerate")
      ->description("Read on where these rules of the protocol are broken, such as MEASUREMENTS.Index, or all")
      ->group("Decoding");
  parser.add_option("--openssl", options->openssl, "Write the signatures to this new directory, with the openssl commands that check them")
      ->type_name("DIR")
      ->group("Decoding");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb decode_verb{"decode",
                       "Show recorded messages field by field",
                       "  spdmctl decode device.pcap\n"
                       "  spdmctl decode --json device.json\n"
                       "  spdmctl decode --openssl signatures device.json\n"
                       "  spdmctl decode 10 84 00 00\n",
                       setup,
                       {.schema = kSchema}};

}  // namespace spdm::cmd
