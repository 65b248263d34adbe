#include "cmd/output/decode_brief.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/evidence/message_time.h"
#include "core/text.h"

using namespace spdm;
using spdm::cmd::BriefLines;

namespace {

constexpr std::int64_t kStart = 1'788'912'000'000'000'000;

MessageLog log_of(const std::vector<std::int64_t>& times) {
  MessageLog out;
  for (const std::int64_t time : times) out.push_back({.from_requester = true, .bytes = {}, .time = std::chrono::nanoseconds(time)});
  return out;
}

Json message(std::size_t index, std::string_view name) {
  return {{"index", index}, {"from", "responder"}, {"name", name}, {"version", "1.2"}, {"length", 1652}};
}

Json at(std::int64_t time) {
  Json out = message(1, "VERSION");
  out["time"] = utc_of(std::chrono::nanoseconds(time));
  return out;
}

}  // namespace

TEST_CASE("a line has number, direction, name, version, length and what matters most") {
  const BriefLines lines(MessageLog(12));
  Json json = message(3, "ERROR");
  json["fields"] = {{"error", "Busy (0x03)"}, {"code", "0x03"}};
  CHECK(lines.line(json) == " 3 <- ERROR 1.2  1652 bytes  Busy (0x03)\n");
  json = message(12, "GET_CERTIFICATE");
  json["from"] = "requester";
  json["fields"] = {{"slot", 2}, {"offset", 600}, {"length", 1000}};
  CHECK(lines.line(json) == "12 -> GET_CERTIFICATE 1.2  1652 bytes  slot 2  offset 600\n");
  json = message(4, "MEASUREMENTS");
  json["fields"] = {{"slot", "255 (provisioned key)"}, {"blocks", Json::array({1, 2, 3})}};
  json["session"] = "0xffff8427";
  CHECK(lines.line(json) == " 4 <- MEASUREMENTS 1.2  1652 bytes  slot 255 (provisioned key)...  in 0xffff8427\n");
  json = {{"index", 5}, {"from", "requester"}, {"session", "0xffff8427"}, {"length", 20}, {"note", "inside a secure session, not read"}};
  CHECK(lines.line(json) == " 5 -> secured message  20 bytes  in 0xffff8427\n");
  json = {{"index", 6}, {"from", "requester"}, {"length", 1}, {"why", "only 1 byte"}};
  CHECK(lines.line(json) == " 6 -> message  1 bytes  breaks a rule\n");
}

TEST_CASE("times count from the first message, as fine as the recording has them") {
  const auto line = [](const std::vector<std::int64_t>& times, std::int64_t time) {
    return BriefLines(log_of(times)).line(at(time)).substr(2, 14);
  };
  CHECK(line({kStart, kStart + 12'000'000'000}, kStart) == " 0 <- VERSION ");
  CHECK(line({kStart, kStart + 12'000'000'000}, kStart + 12'000'000'000) == "12 <- VERSION ");
  CHECK(line({kStart, kStart + 250'000'000}, kStart + 250'000'000) == "0.250 <- VERSI");
  CHECK(line({kStart, kStart + 250'000}, kStart + 250'000) == "0.000250 <- VE");
  CHECK(line({kStart + 1, kStart + 251}, kStart + 251) == "0.000000250 <-");
  CHECK(line({kStart + 1'000'000, kStart}, kStart) == "-0.001 <- VERS");  // the clock was set meanwhile
  CHECK(BriefLines(log_of({kStart})).line(message(1, "VERSION")) == "1 - <- VERSION 1.2  1652 bytes\n");
}

TEST_CASE("no line is longer than 80 columns, and the session and a broken rule are never cut") {
  const BriefLines lines(log_of({kStart + 1, kStart + 3'600'000'000'002}));
  Json json = message(20'000, "DELIVER_ENCAPSULATED_RESPONSE");
  json["time"] = utc_of(std::chrono::nanoseconds(kStart + 3'600'000'000'002));
  json["device"] = "[mctp 9, requester 8, interface 3]";
  json["fields"] = {{"slot", std::string(200, 'x')}};
  json["session"] = "0xffff8427";
  json["why"] = "a rule";
  const std::string line = lines.line(json);
  CHECK(line.size() == 81);
  CHECK(line.ends_with("...  in 0xffff8427  breaks a rule\n"));
}
