// The two streams of the program: stdout, or the file in its place, carries exactly one document in the chosen format; stderr is
// for people.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cmd/host/files.h"
#include "cmd/host/progress.h"
#include "core/error.h"
#include "core/word_table.h"

namespace spdm::cmd {

enum class Format { text, json, ndjson, yaml, ear, redfish, eat };
inline constexpr std::array kFormats{
    Word{Format::text, "text"}, Word{Format::json, "json"},       Word{Format::ndjson, "ndjson"}, Word{Format::yaml, "yaml"},
    Word{Format::ear, "ear"},   Word{Format::redfish, "redfish"}, Word{Format::eat, "eat"},
};
static_assert(is_sound(kFormats));
// Formats of every verb, formats of verbs that appraise (see export.h), and the one that holds evidence and no judgement (see token.h).
inline constexpr auto kPlainFormats = std::span(kFormats).first<4>();
inline constexpr auto kExportFormats = std::span(kFormats).subspan<4, 2>();
inline constexpr auto kTokenFormats = std::span(kFormats).subspan<6>();
inline std::string_view name(Format format) { return row_of(kFormats, format).name; }
inline std::optional<Format> format_of(std::string_view name) { return value_of(kFormats, name); }
inline bool is_export(Format format) { return value_of(kExportFormats, name(format)).has_value(); }

class Console {
 public:
  explicit Console(Format first_guess) : format(first_guess) {}

  // From here on the document goes to this file. Throws Error as assert_writable().
  void write_to(const std::filesystem::path& file);
  const std::filesystem::path& file() const { return file_; }  // empty: standard output

  // Writes a part of the document, buffered. Throws Error{io} when it cannot be written. A reader that has gone away (a closed
  // pipe) is no error: the rest is dropped, the verdict and the exit code stand.
  void out(std::string_view text);
  void flush();
  // Ends the document: a file appears under its name only now. What is written after this is another document.
  void finish();
  bool ended() const { return finished_; }
  // Drops an unfinished document that goes to a file: the file stays as it was.
  void discard();
  // One line on stderr: "spdmctl: TARGET: message; hint".
  void complain(const Error& error) const;
  // The same for what is an error, and has its words already.
  void complain(std::string_view line) const;
  // One line on stderr that a quiet run goes without.
  void note(std::string_view line) const;
  // How far the run is, on stderr if that is a terminal; nullptr where nothing is to be shown.
  Progress* progress() const { return progress_.get(); }
  // From here on progress() shows something, if stderr is a terminal that can.
  void show_progress();

  // Until the options are understood this is a guess from the arguments, so that their own errors can be documents, too.
  Format format;
  bool color = false;  // of stdout
  bool verbose = false;
  bool quiet = false;  // no text on standard output, no notes

 private:
  void put(std::string_view text);
  std::unique_lock<std::mutex> aside() const;

  std::string pending_;
  bool reader_gone_ = false;
  std::filesystem::path file_;
  std::unique_ptr<FileInMaking> in_making_;
  bool finished_ = false;
  std::unique_ptr<Progress> progress_;
};

bool is_terminal();  // standard output

// When there are colours. automatic: on a terminal that shows them, or as the environment says.
enum class Color { automatic, always, never };
inline constexpr std::array kColors{Word{Color::automatic, "auto"}, Word{Color::always, "always"}, Word{Color::never, "never"}};
static_assert(is_sound(kColors));
// Whether text has colours. NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE are about standard output; a file has colours only if they were
// asked for.
bool wants_color(Color color, bool to_file);

}  // namespace spdm::cmd
