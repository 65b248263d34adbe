#include "cmd/attest/report_files.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "cmd/host/files.h"
#include "cmd/host/folder.h"
#include "cmd/host/parallel.h"
#include "core/fleet/result_pieces.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kBudget = 32U << 20;  // bytes of pieces and of results that wait for their turn

// A piece of a file, or why there is none.
struct Part {
  const ReportFile* file;
  ResultPiece piece;
  std::optional<Error> error = std::nullopt;
};

using Event = std::variant<Result, Unreadable, std::string>;  // as ResultSink has them

struct Read {
  std::vector<Event> events;
  std::size_t bytes = 0;
};

Unreadable unreadable(const ReportFile& file, const Error& error) {
  return {file.name, 0, cat(error.what(), error.hint.empty() ? "" : "; ", error.hint)};
}

void tell(Event event, const ResultSink& sink) {
  if (Result* const result = std::get_if<Result>(&event)) return sink.result(std::move(*result));
  if (Unreadable* const fault = std::get_if<Unreadable>(&event)) return sink.unreadable(std::move(*fault));
  sink.host(std::get<std::string>(event));
}

class Reader {
 public:
  Reader(const std::vector<ReportFile>& files, HostNaming naming, const ResultSink& sink, const std::function<void(std::size_t)>& passed)
      : files_(files), naming_(naming), sink_(sink), passed_(passed) {}

  // What cannot be cut is read by this thread, as it comes: it may be of any size.
  void run(std::size_t workers) {
    while (at_ < files_.size()) {
      run_stream<Part, Read>({.next = [this] { return next(); },
                              .produce = [this](const Part& part) { return read(part); },
                              .consume = [this](Read read) { consume(std::move(read)); },
                              .workers = workers,
                              .weight = [](const Part& part) { return part.piece.text.size(); },
                              .result_weight = [](const Read& read) { return read.events.size() * sizeof(Event) + read.bytes; },
                              .budget = kBudget});
      if (pieces_) read_remainder();
    }
  }

 private:
  void close() {
    pieces_.reset();
    ++at_;
  }

  std::optional<Part> next() {
    for (; at_ < files_.size(); close()) {
      const ReportFile& file = files_[at_];
      try {
        if (file.error) throw Error(*file.error);
        if (!pieces_)
          pieces_ = std::make_unique<ResultPieces>(of_kind(file.found ? open_found(file.path) : open_file(file.path), FileKind::report));
      } catch (const Error& error) {
        close();
        return Part{&file, {}, error};
      }
      if (std::optional<ResultPiece> piece = pieces_->next()) return Part{&file, *std::move(piece)};
      if (pieces_->is_uncut()) return std::nullopt;
    }
    return std::nullopt;
  }

  Read read(const Part& part) const {
    Read out;
    out.bytes = part.piece.text.size();
    const ResultSink events{
        .result = [&](Result result) { out.events.emplace_back(std::move(result)); },
        .unreadable = [&](Unreadable fault) { out.events.emplace_back(std::move(fault)); },
        .host = [&](const std::string& host) { out.events.emplace_back(host); },
    };
    if (part.error) {
      events.unreadable(unreadable(*part.file, *part.error));
      return out;
    }
    const auto source = [left = std::string_view(part.piece.text)](std::span<char> room) mutable {
      const std::size_t count = left.copy(room.data(), room.size());
      left.remove_prefix(count);
      return count;
    };
    read_results(source, part.file->name, part.file->host, events, naming_, part.piece.line);
    return out;
  }

  void consume(Read read) const {
    for (Event& event : read.events) tell(std::move(event), sink_);
    passed_(read.bytes);
  }

  void read_remainder() {
    const ReportFile& file = files_[at_];
    const JsonStream::Source source = pieces_->remainder();
    const auto counted = [&](std::span<char> room) {
      const std::size_t count = source(room);
      passed_(count);
      return count;
    };
    try {
      read_results(counted, file.name, file.host, sink_, naming_, pieces_->line());
    } catch (const Error& error) {
      sink_.unreadable(unreadable(file, error));
    }
    close();
  }

  const std::vector<ReportFile>& files_;
  const HostNaming naming_;
  const ResultSink& sink_;
  const std::function<void(std::size_t)>& passed_;
  std::size_t at_ = 0;                    // the file that is read
  std::unique_ptr<ResultPieces> pieces_;  // of it, once it is open
};

}  // namespace

void read_report_files(const std::vector<ReportFile>& files, HostNaming naming, std::size_t workers, const ResultSink& sink,
                       const std::function<void(std::size_t bytes)>& passed) {
  Reader(files, naming, sink, passed).run(workers);
}

}  // namespace spdm::cmd
