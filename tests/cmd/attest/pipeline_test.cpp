// The order of the pipeline: everything is open before the process confines itself, and nobody waits for a silent peer.
#include "cmd/attest/pipeline.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "cmd/host/files.h"
#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/child.h"
#include "support/fake_sysfs.h"
#include "support/pki.h"
#include "support/temporary.h"
#include "transport/emulated/server.h"
#include "transport/pci/lock.h"
#include "transport/socket/emu.h"
#include "transport/socket/socket.h"

using namespace spdm;
using namespace spdm::cmd;
using support::in_child;

namespace {

DeviceProfile device() {
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  out.slots.push_back(std::move(slot));
  return out;
}

// A device on a socket, in a process of its own: what it opens is none of the pipeline's.
class Device {
 public:
  explicit Device(transport::Framing framing) {
    transport::ServeOptions options;
    options.framing = framing;
    transport::Server server(std::make_shared<const DeviceProfile>(device()), std::move(options));
    port = server.port();
    child_ = ::fork();
    if (child_ == 0) {
      server.run();
      ::_exit(0);
    }
  }
  ~Device() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  std::uint16_t port = 0;

 private:
  pid_t child_ = -1;
};

// From here on nothing is opened and no socket is made: EMFILE for a device node, a socket, a file. A limit on descriptors would
// do, if the undefined-behaviour sanitizer did not make a pipe to look whether memory can be read.
void allow_no_more_descriptors() {
  std::vector<sock_filter> code = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const int number : {SYS_openat, SYS_openat2, SYS_open_by_handle_at, SYS_socket}) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE));
  }
  code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {.len = static_cast<unsigned short>(code.size()), .filter = code.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) ::_exit(97);
  if (::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) ::_exit(96);
}

Run run_over(std::vector<std::string> names) {
  Run out;
  for (std::string& name : names) out.targets.push_back({.name = std::move(name)});
  out.effort.limits.exchange = std::chrono::seconds(10);
  return out;
}

}  // namespace

TEST_CASE("once the process is confined no device node, no socket and no file is opened for a live device") {
  const Device emulator(transport::Framing::emulator), network(transport::Framing::tcp);
  const int code = in_child([&] {
    Run run = run_over({cat("emu://localhost:", emulator.port), cat("tcp://localhost:", network.port)});
    bool confined = false;
    run.tell = [&](const Confinement&) {
      confined = true;
      allow_no_more_descriptors();
    };
    int good = 0;
    attest<Outcome>(
        run, [](Outcome outcome) { return outcome; },
        [&](const Outcome& outcome) { good += outcome.evidence && !outcome.evidence->error && !outcome.evidence->log.empty() ? 1 : 0; });
    return confined ? good : 50;
  });
  CHECK(code == 2);
}

TEST_CASE("a confined process makes no socket, whatever the code around it wants") {
  const int code = in_child([] {
    Run run = run_over({});
    open_and_confine(run);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 && errno == EPERM ? 0 : 1;
  });
  CHECK(code == 0);
}

TEST_CASE("what goes wrong with one target is its own, and the outcomes keep the order of the targets") {
  const Device emulator(transport::Framing::emulator);
  const int code = in_child([&] {
    const std::string good = cat("emu://127.0.0.1:", emulator.port);
    Run run = run_over({"emulated:/nowhere/profile.yaml", good, "file:/nowhere/evidence.json"});
    std::vector<Outcome> seen;
    attest<Outcome>(
        run, [](Outcome outcome) { return outcome; }, [&](Outcome outcome) { seen.push_back(std::move(outcome)); });
    if (seen.size() != 3 || seen[1].target != good) return 1;
    if (!seen[0].evidence || !seen[0].evidence->error || seen[0].evidence->host.target != "emulated:/nowhere/profile.yaml") return 2;
    if (!seen[1].evidence || seen[1].evidence->error) return 3;
    return seen[2].unread && seen[2].unread->device == "/nowhere/evidence.json" ? 0 : 4;
  });
  CHECK(code == 0);
}

TEST_CASE("what all leaves out is told in its place, and a run of nothing else is an error") {
  support::FakeSysfs sysfs;
  sysfs.add({.bdf = "0000:03:00.0"});  // no mailbox
  // Each run confines its process: it has one of its own.
  const auto told_by = [&](std::vector<std::string> names, bool may_be_empty, const std::string& expected, bool ends_well) {
    return in_child([&] {
      std::string told;
      Run run = run_over(std::move(names));
      run.targets.front().sought = true;
      run.open.host = sysfs.host();
      run.may_be_empty = may_be_empty;
      run.left_out = [&](const Outcome& outcome) { told += cat("left out ", outcome.target, "; "); };
      bool ended_well = true;
      try {
        attest<std::string>(
            run, [](const Outcome& outcome) { return outcome.target; }, [&](const std::string& target) { told += cat(target, "; "); });
      } catch (const Error& error) {
        if (error.id != ErrorId::no_device) return 2;
        ended_well = false;
      }
      return told == expected && ended_well == ends_well ? 0 : 1;
    });
  };
  const std::string nothing = "0000:03:00.0", recording = "file:/nowhere/evidence.json";
  CHECK(told_by({nothing, recording}, false, cat("left out ", nothing, "; ", recording, "; "), true) == 0);
  CHECK(told_by({nothing}, true, cat("left out ", nothing, "; "), true) == 0);
  CHECK(told_by({nothing}, false, cat("left out ", nothing, "; "), false) == 0);
}

TEST_CASE("who never answers is left out where it was only supposed to be there, but not for want of time") {
  const auto left_out = [](bool supposed, ErrorId id, Clock::duration time = std::chrono::seconds(10)) {
    Run run = run_over({"mctp:1:9"});
    run.targets.front().sought = true;
    run.targets.front().supposed = supposed;
    run.targets.front().failure = Error(id, "no answer in time");
    run.effort.deadline = Clock::now() + std::chrono::seconds(20);
    const Clock::time_point begin = Clock::now();
    return attend(run, 0, {begin, begin + time}).left_out;
  };
  CHECK(left_out(true, ErrorId::timeout) == "no answer in time");
  CHECK(left_out(false, ErrorId::timeout).empty());
  CHECK(left_out(true, ErrorId::io).empty());
  CHECK(left_out(true, ErrorId::timeout, {}).empty());
}

TEST_CASE("a device whose turn does not come in time is told as such, and not asked") {
  const Device emulator(transport::Framing::emulator);
  const int code = in_child([&] {
    Run run = run_over({cat("emu://127.0.0.1:", emulator.port)});
    run.effort.deadline = Clock::now();
    run.effort.overdue = {ErrorId::timeout, "too late", "be quick"};
    open_and_confine(run);
    const Outcome outcome = attend(run, 0);
    if (!outcome.evidence || !outcome.evidence->error || !outcome.evidence->log.empty()) return 1;
    return outcome.evidence->error->message == "too late" && outcome.evidence->error->hint == "be quick" ? 0 : 2;
  });
  CHECK(code == 0);
}

TEST_CASE("where all have one time limit, peers that stall leave the others their share, and who is expected is asked first") {
  const Device network(transport::Framing::tcp);
  const transport::Listener silent("127.0.0.1", 0);  // connects, and never answers
  std::vector<std::string> names(17, cat("tcp://127.0.0.1:", silent.port()));
  names.push_back(cat("tcp://127.0.0.1:", network.port));
  Run run = run_over(names);
  run.effort.limits.total = std::chrono::seconds(100);
  open_targets(run.targets, run.open);
  const std::function<Outcome(Outcome)> same = [](Outcome outcome) { return outcome; };
  std::vector<Outcome> outcomes;
  const std::function<void(Outcome)> take = [&](Outcome outcome) { outcomes.push_back(std::move(outcome)); };
  const auto good = [](const Outcome& outcome) { return outcome.evidence && !outcome.evidence->error; };

  SUBCASE("more targets than are asked at once") {
    run.jobs = 16;
    run.effort.deadline = Clock::now() + std::chrono::seconds(4);
    run.effort.overdue.hint = "give more time";
    attest_open<Outcome>(run, same, take);
    REQUIRE(outcomes.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      CHECK(outcomes[i].index == i);
      CHECK(good(outcomes[i]) == (i == 17));
    }
    REQUIRE(outcomes[0].evidence->error);
    CHECK(outcomes[0].evidence->error->message.find("its share of the total time limit") != std::string::npos);
    CHECK(outcomes[0].evidence->error->hint == "give more time");
  }
  SUBCASE("one at a time") {
    run.jobs = 1;
    run.targets.back().expected = true;
    CHECK(turns(run.targets).front() == 17);
    run.targets.erase(run.targets.begin() + 2, run.targets.begin() + 17);
    run.effort.deadline = Clock::now() + std::chrono::seconds(2);
    std::vector<std::size_t> asked;
    run.seen = [&](std::size_t i, const Evidence&) { asked.push_back(i); };
    attest_open<Outcome>(run, same, take);
    CHECK(asked == std::vector<std::size_t>{2, 0, 1});
    REQUIRE(outcomes.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(outcomes[i].index == i);
    CHECK(good(outcomes[2]));
  }
}

TEST_CASE("how many are asked at once goes by what they are, unless somebody says it") {
  const auto width = [](const std::string& target, std::size_t jobs = 0, bool timed = false) {
    Run run = run_over({"file:/nowhere/evidence.json", target});
    run.jobs = jobs;
    if (timed) run.effort.deadline = Clock::now() + std::chrono::seconds(1);
    return width_of(run);
  };
  CHECK(width("0000:03:00.0") == kDevicesAtOnce);
  CHECK(width("nvme:/dev/nvme0") == kDevicesAtOnce);
  CHECK(width("0000:03:00.0", 0, true) == kMostAtOnce);
  CHECK(width("emu://127.0.0.1:1") == kDevicesAtOnce);
  CHECK(width("tcp://127.0.0.1:1", 0, true) == kMostAtOnce);
  CHECK(width("tcp://127.0.0.1:1", 3, true) == 3);
  // Behind one server they take turns; a device of this host is not hurried by others.
  std::vector<std::string> all;
  all.reserve(100);
  for (int i = 0; i < 40; ++i) all.push_back("emu://127.0.0.1:1?max=" + std::to_string(4096 + i));
  CHECK(width_of(run_over(all)) == kDevicesAtOnce);
  all.emplace_back("emu://127.0.0.1:2");
  CHECK(width_of(run_over(all)) == 2 * kDevicesAtOnce);
  for (int i = 0; i < 40; ++i) all.push_back("emu://127.0.0." + std::to_string(2 + i));
  CHECK(width_of(run_over(all)) == kSocketsAtOnce);
  all.emplace_back("0000:03:00.0");
  CHECK(width_of(run_over(all)) == kDevicesAtOnce);
}

TEST_CASE("a peer that stalls keeps only its own place, however many are behind it") {
  const Device network(transport::Framing::tcp);
  const transport::Listener silent("127.0.0.1", 0);
  const int code = in_child([&] {
    std::vector<std::string> names(60, cat("tcp://127.0.0.1:", network.port));
    names.insert(names.begin(), cat("tcp://127.0.0.1:", silent.port()));
    Run run = run_over(names);
    run.jobs = 2;
    run.effort.limits.exchange = std::chrono::seconds(5);
    std::mutex mutex;
    std::vector<std::size_t> asked, told;
    run.seen = [&](std::size_t i, const Evidence&) {
      const std::lock_guard lock(mutex);
      asked.push_back(i);
    };
    std::size_t lightest = kMaxWaiting;
    attest<std::size_t>(
        run,
        [&](const Outcome& outcome) {
          const std::lock_guard lock(mutex);
          lightest = std::min(lightest, outcome.weight);
          return outcome.index;
        },
        [&](std::size_t i) { told.push_back(i); });
    if (asked.size() != names.size() || asked.back() != 0) return 1;
    if (told.size() != names.size() || !std::is_sorted(told.begin(), told.end())) return 2;
    return lightest >= std::size_t{64} << 10 ? 0 : 3;
  });
  CHECK(code == 0);
}

TEST_CASE("a peer that is slow to greet and then silent has no more time than one that is silent") {
  // The greeting comes when most of the time is gone.
  constexpr std::chrono::milliseconds kTime{2000}, kGreeting{1700};
  transport::Listener listener("127.0.0.1", 0);
  const std::string name = cat("emu://127.0.0.1:", listener.port());
  const auto asked_in_time = [&](const Effort& effort) {
    std::thread peer([&] {
      const Clock::time_point end = Clock::now() + std::chrono::seconds(30);
      transport::Stream stream = listener.accept(end);
      transport::read_frame(stream, Binding::doe, end);
      std::this_thread::sleep_for(kGreeting);
      stream.write(transport::encode_frame(Binding::doe, transport::Command::test, transport::server_hello()), end);
      while (transport::next_frame(stream, Binding::doe, end)) continue;
    });
    const Clock::time_point begin = Clock::now();
    const Evidence evidence = gather({.name = name}, {}, effort, nullptr, {});
    const Clock::duration took = Clock::now() - begin;
    peer.join();
    CHECK(evidence.error->id == ErrorId::timeout);
    CHECK_FALSE(evidence.log.empty());
    return took < kTime + std::chrono::milliseconds(1000);
  };
  Effort together;
  together.deadline = Clock::now() + kTime;
  CHECK(asked_in_time(together));
  Effort alone;
  alone.limits.total = kTime;
  CHECK(asked_in_time(alone));
}

TEST_CASE("the head of evidence is the same for all that collect") {
  const Evidence head = begin_evidence("03:00.0");
  CHECK(head.host.target == "03:00.0");
  CHECK(head.collector.starts_with("spdmctl "));
  CHECK(head.time.size() == 20);
  CHECK_FALSE(head.live);
  CHECK(head.log.empty());
}

TEST_CASE("who has patience asks a busy device again, who has none tells that it is busy") {
  support::FakeSysfs sysfs;
  sysfs.add({.bdf = "0000:03:00.0", .mailboxes = {0x140}});
  const transport::Bdf bdf = *transport::parse_bdf("0000:03:00.0");
  const auto ask = [&](Clock::duration patience) {
    Effort effort;
    effort.limits.exchange = effort.limits.total = std::chrono::seconds(10);
    effort.patience = patience;
    return gather({.name = "0000:03:00.0"}, {}, effort, nullptr, {.host = sysfs.host()});
  };
  auto other = std::make_unique<transport::PciLock>(sysfs.host(), bdf);
  CHECK(ask(Clock::duration::zero()).error->id == ErrorId::busy);
  std::thread somebody([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    other.reset();
  });
  const Evidence evidence = ask(std::chrono::seconds(20));
  somebody.join();
  REQUIRE(evidence.error);  // the mailbox of a file answers nothing
  CHECK(evidence.error->id != ErrorId::busy);
  CHECK(evidence.host.bdf == "0000:03:00.0");
}

TEST_CASE("a device that cannot be opened is told of as the host sees it, so that the rule for it decides") {
  support::FakeSysfs sysfs;
  sysfs.add({.bdf = "0000:03:00.0"});  // no mailbox
  Run run = run_over({"03:00.0"});
  run.open.host = sysfs.host();
  open_targets(run.targets, run.open);
  const Outcome outcome = attend(run, 0);
  REQUIRE(outcome.evidence);
  REQUIRE(outcome.evidence->error);
  CHECK(outcome.evidence->host.bdf == "0000:03:00.0");
  CHECK(outcome.evidence->host.identity);
  CHECK(outcome.evidence->host.target == "03:00.0");
}

TEST_CASE("two outputs of one run do not go to the same file, under whatever names") {
  const support::TemporaryDirectory folder;
  const std::filesystem::path file = folder.path() / "out.json";
  std::filesystem::create_directory(folder.path() / "sub");
  std::filesystem::create_symlink(file, folder.path() / "link.json");
  for (const std::filesystem::path& other : {file, folder.path() / "sub/../out.json"}) {
    Run run = run_over({});
    run.writable = {file, other};
    expect_error(ErrorId::usage, "two outputs would be written", [&] { open_and_confine(run); });
  }
  std::ofstream(file) << "{}";
  Run run = run_over({});
  run.writable = {file, folder.path() / "link.json"};
  expect_error(ErrorId::usage, "two outputs would be written", [&] { open_and_confine(run); });
  // Names of files that a run makes in a folder are known later; what there is no name for does not count.
  assert_distinct({"", "", file, folder.path() / "other.json"});
  expect_error(ErrorId::usage, "two outputs would be written", [&] { assert_distinct({folder.path() / "link.json", "", file}); });
  CHECK(in_child([] {
          Run both = run_over({});
          both.writable = {"/dev/null", "/dev/null"};
          open_and_confine(both);
          return 0;
        }) == 0);
}
