// Files of reports, cut into pieces: what is read of them is what is read of the whole.
#include "core/fleet/result_pieces.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/fleet/result_reader.h"
#include "core/text.h"

using namespace spdm;

namespace {

JsonStream::Source source_of(const std::string& text, std::size_t at_once = 1 << 16, bool breaks = false) {
  return [&text, at_once, breaks, at = std::size_t{0}](std::span<char> room) mutable {
    if (breaks && at == text.size()) throw std::runtime_error("the disk is gone");
    const std::size_t count = text.copy(room.data(), std::min(room.size(), at_once), at);
    at += count;
    return count;
  };
}

// What a sink is told, in order, as text.
struct Told {
  std::vector<std::string> all;
  ResultSink sink() {
    return {.result = [this](const Result& result) { all.push_back(cat("result ", result.host, " ", result.device, " ", result.reason)); },
            .unreadable = [this](const Unreadable& fault) { all.push_back(cat("fault ", fault.line, " ", fault.why)); },
            .host = [this](const std::string& host) { all.push_back(cat("host ", host)); }};
  }
};

std::vector<std::string> as_a_whole(const std::string& text) {
  Told told;
  read_results(source_of(text), "f", "host", told.sink());
  return told.all;
}

std::vector<std::string> in_pieces(const std::string& text, std::size_t& pieces, std::size_t at_once = 1 << 16) {
  Told told;
  ResultPieces cut(source_of(text, at_once));
  while (const std::optional<ResultPiece> piece = cut.next()) {
    ++pieces;
    read_results(source_of(piece->text), "f", "host", told.sink(), HostNaming::reported, piece->line);
  }
  if (cut.is_uncut()) read_results(cut.remainder(), "f", "host", told.sink(), HostNaming::reported, cut.line());
  return told.all;
}

std::string device_line(std::size_t number) {
  return cat(
      R"({"schema":"spdmctl.report/2","verdict":"pass","exit_code":0,"reason":"authenticated","source":"live","host":{"target":"device-)",
      number, R"("},"slots":[{"slot":0}]})", "\n");
}

std::string document(std::size_t number, bool on_lines) {
  const std::string between = on_lines ? "\n" : "\n    ";
  return cat("{\"schema\":\"spdmctl.report/2\",\"hostname\":\"rack-", number, "\",\"devices\":[", between,
             "{\"verdict\":\"pass\",\"exit_code\":0,\"source\":\"live\",\"host\":{\"target\":\"a\"}},", between,
             "{\"verdict\":\"fail\",\"exit_code\":11,\"source\":\"live\",\"host\":{\"target\":\"b\"}}\n]}\n");
}

}  // namespace

TEST_CASE("pieces of reports: a file is cut only between documents") {
  CHECK(cut_between_documents("") == 0);
  CHECK(cut_between_documents("{\"a\":1}") == 0);
  CHECK(cut_between_documents("{\"a\":1}\n") == 0);
  CHECK(cut_between_documents("{\"a\":1}\n{\"b\"") == 8);
  CHECK(cut_between_documents("{\"a\":1}\r\n{\"b\"") == 9);
  CHECK(cut_between_documents("{\"a\":1}\n{\"b\":2}\n{\"c\":") == 16);
  CHECK(cut_between_documents("{\"a\":1}\n{\"b\":2}\n\n{\"c\":") == 8);  // an empty line is no document
  CHECK(cut_between_documents("{\"devices\":[\n{\"a\":1},\n{\"b\":2}\n]}\n") == 0);
  CHECK(cut_between_documents("{\n  \"a\": {\n{\"b\"") == 0);
  CHECK(cut_between_documents("\n{\"b\"") == 0);
}

TEST_CASE("pieces of reports: they tell what the whole tells, whatever is in the file") {
  std::string text = "\n";
  for (std::size_t i = 0; text.size() < 5 * ResultPieces::kPiece; ++i) {
    text += device_line(i);
    if (i % 7 == 0) text += document(i, i % 14 == 0);
    if (i % 11 == 0) text += "\n \n";
    if (i % 13 == 0) text += "{\"schema\":\"spdmctl.report/2\",\"verdict\":\"pa\n";
    if (i % 17 == 0) text += "no report\n";
    if (i % 19 == 0) text += "{\"schema\":\"spdmctl.report/2\",\"hostname\":\"bare\",\"devices\":[]}\r\n";
  }
  text += "{\"schema\":\"spdmctl.report/2\",\"verdict\":";
  const std::vector<std::string> whole = as_a_whole(text);
  CHECK(std::count(whole.begin(), whole.end(), "result host device-22 authenticated") == 1);
  CHECK(std::count_if(whole.begin(), whole.end(), [](const std::string& one) { return one.starts_with("fault "); }) > 100);
  for (const std::size_t at_once : {std::size_t{1} << 16, std::size_t{1000}}) {
    std::size_t pieces = 0;
    CHECK(in_pieces(text, pieces, at_once) == whole);
    CHECK(pieces >= 5);
  }
}

TEST_CASE("pieces of reports: a large document is not cut, and what follows it is read with it") {
  std::string text = device_line(1) + "{\"schema\":\"spdmctl.report/2\",\"devices\":[\n";
  while (text.size() < ResultPieces::kMost + 3 * ResultPieces::kPiece)
    text += "{\"verdict\":\"pass\",\"exit_code\":0,\"source\":\"live\",\"host\":{\"target\":\"x\"}},\n";
  text += "{\"verdict\":\"pass\",\"exit_code\":0,\"source\":\"live\"}\n]}\nno report\n" + device_line(2);
  std::size_t pieces = 0;
  CHECK(in_pieces(text, pieces) == as_a_whole(text));
  CHECK(pieces == 1);  // the first line alone
}

TEST_CASE("pieces of reports: an empty file is one that is told as empty, and one without an end has none") {
  for (const char* const text : {"", "\n", "{}", "\n\n{}\n\n"}) {
    std::size_t pieces = 0;
    CHECK(in_pieces(text, pieces) == as_a_whole(text));
    CHECK(pieces == 1);
  }
  CHECK(as_a_whole("").size() == 1);
}

TEST_CASE("pieces of reports: what was read before the source failed counts, and the failure is passed on") {
  std::string text;
  for (std::size_t i = 0; text.size() < 2 * ResultPieces::kPiece; ++i) text += device_line(i);
  text.resize(text.size() - 10);
  Told whole, cut_up;
  CHECK_THROWS_AS(read_results(source_of(text, 1 << 16, true), "f", "host", whole.sink()), std::runtime_error);
  ResultPieces cut(source_of(text, 1 << 16, true));
  while (const std::optional<ResultPiece> piece = cut.next())
    read_results(source_of(piece->text), "f", "host", cut_up.sink(), HostNaming::reported, piece->line);
  REQUIRE(cut.is_uncut());
  CHECK_THROWS_AS(read_results(cut.remainder(), "f", "host", cut_up.sink(), HostNaming::reported, cut.line()), std::runtime_error);
  CHECK(cut_up.all == whole.all);
}
