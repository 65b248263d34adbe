// Attests devices in parallel, and does not wait for one that takes too long.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cmd/gate/gatekeeper_work.h"
#include "core/calendar.h"
#include "core/text.h"
#include "transport/target.h"

namespace spdm::cmd {

using transport::PciDevice;

namespace {

constexpr std::chrono::milliseconds kGrace{250};  // for an attestation that ends at its limit to say why
constexpr std::chrono::seconds kExchange{10};     // longest wait for one answer, if there is that much time
constexpr std::chrono::seconds kBusy{5};          // how long another spdmctl may have the mailbox

Report attest_safely(const Gatekeeper::Attest& attest, const PciDevice& device, const PolicyRule& rule, Clock::time_point deadline) {
  try {
    return attest(device, rule, deadline);
  } catch (const Error& error) {
    return error_report(error, to_string(device.bdf));
  } catch (const std::exception& error) {
    return error_report(Error(ErrorId::internal, error.what()), to_string(device.bdf));
  }
}

}  // namespace

struct Panel::Shared {
  Gatekeeper::Attest attest;
  std::vector<Job> jobs;
  Clock::time_point deadline;
  std::shared_ptr<std::atomic<std::size_t>> left_behind;

  std::mutex mutex;
  std::condition_variable ready;
  TimeShares shares{{}, 0, 1};
  std::size_t next = 0, returned = 0, running = 0;
  std::map<std::size_t, Clock::time_point> asked;  // the jobs under way that hold a place, and when their turn is over
  bool closed = false;                             // the panel is destroyed
  std::deque<Finished> finished;

  std::vector<Report> attest_one(const Job& job, const Turn& turn) const {
    std::vector<Report> out;
    for (std::size_t i = 0; i < job.devices.size() && Clock::now() < turn.end; ++i) {
      out.push_back(attest_safely(attest, job.devices[i], job.rules[i], turn.end));
      Report& report = out.back();
      if (report.error && report.error->id == ErrorId::timeout && Clock::now() >= turn.end) report.reason += used_up(turn);
      // The other functions cannot make it better. (A rule that only warns does not end the loop: a later function may be worse.)
      if (report.verdict != Verdict::pass && !declares_no_spdm(job.devices[i], report) && !only_warns(job.rules[i])) break;
    }
    return out;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!closed && next < jobs.size()) {
      const std::size_t job = next++;
      const Turn turn = shares.begin(Clock::now());
      asked[job] = turn.end;
      ready.notify_one();  // patience() may be shorter now
      lock.unlock();
      Finished done{job, attest_one(jobs[job], turn)};
      lock.lock();
      finished.push_back(std::move(done));
      ready.notify_one();
      if (asked.erase(job) != 0) shares.end();  // else its place was given away already
    }
    --running;
    if (closed && returned != jobs.size()) --*left_behind;
  }

  // Until when next() has nothing to do but to wait for results.
  Clock::time_point patience() const {
    Clock::time_point out = deadline + kGrace;
    if (next == jobs.size()) return out;
    for (const auto& [job, end] : asked) out = std::min(out, end + kGrace);
    return out;
  }
};

Panel::Panel(const Gatekeeper::Attest& attest, std::vector<Job> jobs, Clock::time_point deadline, std::size_t at_once,
             std::shared_ptr<std::atomic<std::size_t>> left_behind)
    : shared_(std::make_shared<Shared>()) {
  shared_->attest = attest;
  shared_->jobs = std::move(jobs);
  shared_->deadline = deadline;
  shared_->left_behind = std::move(left_behind);
  const std::size_t workers = std::min(at_once, shared_->jobs.size());
  const std::lock_guard lock(shared_->mutex);
  for (std::size_t i = 0; i < workers; ++i) try {
      start_worker();
    } catch (const std::system_error& error) {  // the others do its work
      if (i == 0) throw Error(ErrorId::internal, cat("no thread could be started: ", error.what()));
      break;
    }
  if (workers > 0) shared_->shares = TimeShares(deadline, shared_->jobs.size(), threads_.size());
}

void Panel::start_worker() {
  threads_.emplace_back([shared = shared_] { shared->work(); });
  ++shared_->running;
}

// An attestation that does not end with its turn hangs, for example in the kernel. It keeps its thread, but not the place that
// other devices wait for.
void Panel::give_places_away() {
  if (shared_->next == shared_->jobs.size()) return;  // nobody waits for one
  const Clock::time_point late = Clock::now() - kGrace;
  const std::size_t places = std::erase_if(shared_->asked, [&](const auto& job) { return job.second <= late; });
  for (std::size_t i = 0; i < places; ++i) {
    shared_->shares.end();
    try {
      start_worker();
    } catch (const std::system_error&) {  // the others do its work
    }
  }
}

// Waits for the threads when all jobs are done: the process must not end during their last steps. Otherwise leaves them behind.
Panel::~Panel() {
  std::unique_lock lock(shared_->mutex);
  shared_->closed = true;
  const bool all_done = shared_->returned == shared_->jobs.size();
  if (!all_done) *shared_->left_behind += shared_->running;
  lock.unlock();
  for (std::thread& thread : threads_) all_done ? thread.join() : thread.detach();
}

std::optional<Panel::Finished> Panel::next() {
  std::unique_lock lock(shared_->mutex);
  if (shared_->returned == shared_->jobs.size()) return std::nullopt;
  while (shared_->finished.empty()) {
    if (Clock::now() >= shared_->deadline + kGrace) return std::nullopt;
    give_places_away();
    shared_->ready.wait_until(lock, shared_->patience());
  }
  Finished out = std::move(shared_->finished.front());
  shared_->finished.pop_front();
  ++shared_->returned;
  return out;
}

Gatekeeper::Attest make_attest(const transport::OpenOptions& options, std::shared_ptr<const Verifier> verifier) {
  return [options, verifier = std::move(verifier)](const PciDevice& device, const PolicyRule& rule, Clock::time_point deadline) {
    Wanted wanted;
    if (needs_measurements(rule)) wanted.measurements = MeasurementMode::all;
    Question question;
    question.now = verifier->now();
    ask(rule, question);
    question.policy = verifier->policy();
    question.user.identity = device.identity;  // what the kernel matches drivers by is what the certificate must vouch for
    const Effort effort{.limits = {.exchange = kExchange, .total = Clock::duration::max()}, .deadline = deadline, .patience = kBusy};
    const std::string name = to_string(device.bdf);
    Evidence evidence = gather({.name = name, .host = host_view(device)}, wanted, effort, verifier.get(), options);
    evidence.time = utc_of(question.now);  // asked and judged in one go, and by one clock, which may not be the system's
    return verifier->appraise(std::move(evidence), name, std::move(question));
  };
}

Gatekeeper::Attest refuse_all(const Error& error) {
  return [error](const PciDevice& device, const PolicyRule&, Clock::time_point) -> Report {
    return error_report(Error(error.id, cat(error.device, error.device.empty() ? "" : ": ", error.what()), error.hint),
                        to_string(device.bdf));
  };
}

}  // namespace spdm::cmd
