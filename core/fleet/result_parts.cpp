#include "core/fleet/result_parts.h"

#include <optional>
#include <utility>

#include "core/fleet/result_fields.h"

namespace spdm {

ResultFinding read_result_finding(JsonStream& in) {
  ResultFinding out;
  in.object([&](std::string_view key) {
    if (key == "id") return void(out.id = string_of(in, kWord));
    if (key == "severity") return void(out.severity = string_of(in, kWord));
    if (key == "where") return void(out.where = string_of(in, kName));
    if (key == "why" || key == "message") return void(out.why = string_of(in, kSentence));  // the second: before /2
    if (key == "remedy" || key == "hint") return void(out.remedy = string_of(in, kSentence));
    in.skip();
  });
  return out;
}

void read_result_lines(JsonStream& in, std::vector<ResultLine>& out) {
  constexpr std::size_t kMost = 2 * kInspectionItems.size();  // more may come
  in.object([&](std::string_view key) {
    if (key != "lines") return in.skip();
    in.array([&] {
      ResultLine line;
      std::optional<CheckStatus> status;  // an unknown one changes nothing
      in.object([&](std::string_view name) {
        if (name == "line") return void(line.name = string_of(in, kWord));
        if (name == "status") return void(status = value_of(kCheckStatuses, string_of(in, kWord)));
        in.skip();
      });
      if (!status || *status == CheckStatus::not_needed || out.size() == kMost) return;
      if (*status != CheckStatus::not_run) line.verdict = *status == CheckStatus::pass ? Verdict::pass : Verdict::fail;
      out.push_back(std::move(line));
    });
  });
}

}  // namespace spdm
