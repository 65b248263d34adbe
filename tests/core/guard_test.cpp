// Who else may write what the program goes by.
#include "core/guard.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/evidence/expect_error.h"
#include "core/file.h"
#include "core/text.h"
#include "support/temporary.h"

using namespace spdm;
using Against = Guard::Against;
using support::TemporaryDirectory;

namespace {

constexpr uid_t kSomebody = 12'345;

// A tree of which the root is looked at like that of the system.
struct Tree {
  TemporaryDirectory folder;
  std::filesystem::path file = folder.write("etc/layer/file", "x"), layer = file.parent_path();
  Guard system{.against = Against::all_but_root, .root = folder.path()};

  Tree() {
    mode(file, 0644);
    mode(layer, 0755);
    mode(layer.parent_path(), 0755);
  }
  static void mode(const std::filesystem::path& path, mode_t mode) { REQUIRE(::chmod(path.c_str(), mode) == 0); }
  // Only root can give files away; nothing then where a user runs the tests.
  static bool give(const std::filesystem::path& path, uid_t owner) { return ::lchown(path.c_str(), owner, static_cast<gid_t>(-1)) == 0; }
};

bool is_root() { return ::geteuid() == 0; }

}  // namespace

TEST_CASE("guard: what nobody else may write is good, and so is what is not there") {
  const Tree tree;
  for (const Guard& guard : {tree.system, Guard{}, Guard{.against = Against::all_but_root}, Guard{.against = Against::nobody}})
    for (const std::filesystem::path& path : {tree.file, tree.layer, tree.folder.path() / "missing"}) CHECK(exposure(path, guard).empty());
}

TEST_CASE("guard: what everybody may write is refused whoever named it") {
  const Tree tree;
  Tree::mode(tree.file, 0646);
  CHECK(exposure(tree.file, {}) == cat("everybody can write it (owner ", ::geteuid(), ", mode 0646)"));
  CHECK(exposure(tree.file, tree.system) == cat("users other than root can write it (owner ", ::geteuid(), ", mode 0646)"));
  CHECK(exposure(tree.file, {.against = Against::nobody}).empty());
  Tree::mode(tree.layer, 0757);
  CHECK_FALSE(exposure(tree.layer, {}).empty());
  Tree::mode(tree.layer, 01777);  // in a directory that is read everybody may put a file of his own
  CHECK_FALSE(exposure(tree.layer, {}).empty());
}

TEST_CASE("guard: a group may write what was named, and nothing of the system's") {
  const Tree tree;
  Tree::mode(tree.file, 0664);
  CHECK(exposure(tree.file, {}).empty());
  CHECK(exposure(tree.file, tree.system).empty() != is_root());  // a user is not guarded against his own group
}

TEST_CASE("guard: an owner who is not root, unless it is the one behind sudo") {
  const Tree tree;
  if (!Tree::give(tree.file, kSomebody)) return;
  CHECK(exposure(tree.file, {}).empty());
  CHECK(exposure(tree.file, tree.system) == "users other than root can write it (owner 12345, mode 0644)");
  Guard sudo = tree.system;
  sudo.owner = kSomebody;
  CHECK(exposure(tree.file, sudo).empty());
  sudo.owner = kSomebody + 1;
  CHECK_FALSE(exposure(tree.file, sudo).empty());
}

TEST_CASE("guard: of the system's files each directory on the way counts, from its root on") {
  const Tree tree;
  const std::filesystem::path above = tree.layer.parent_path();
  Tree::mode(above, 0777);
  CHECK(exposure(tree.file, tree.system) ==
        cat("users other than root can write ", above.string(), " (owner ", ::geteuid(), ", mode 0777)"));
  CHECK(exposure(tree.layer, tree.system) == exposure(tree.file, tree.system));
  CHECK(exposure(tree.file, {}).empty());  // of what was named only the thing itself
  Guard from_here = tree.system;
  from_here.root = tree.layer;
  CHECK(exposure(tree.file, from_here).empty());
  from_here.root.clear();  // the directory that it is in
  CHECK(exposure(tree.file, from_here).empty());
  CHECK_FALSE(exposure(tree.layer, from_here).empty());
  Tree::mode(above, 01777);  // nobody replaces what is another's there
  CHECK(exposure(tree.file, tree.system).empty());
}

TEST_CASE("guard: links are followed, and each directory that they lead through is looked at") {
  const Tree tree;
  const TemporaryDirectory elsewhere;
  const std::filesystem::path target = elsewhere.write("open/target", "x"), link = tree.layer / "link";
  std::filesystem::create_symlink(target, elsewhere.path() / "hop");
  std::filesystem::create_symlink(elsewhere.path() / "hop", link);
  Tree::mode(target, 0644);
  CHECK(exposure(link, tree.system).empty());  // its own mode is 0777, as that of each link
  Tree::mode(target.parent_path(), 0777);
  CHECK(exposure(link, tree.system).find("/open (owner") != std::string::npos);
  CHECK(exposure(link, {}).empty());
  Tree::mode(target.parent_path(), 0755);
  Tree::mode(target, 0666);
  CHECK_FALSE(exposure(link, {}).empty());
  Tree::mode(target, 0644);
  Tree::mode(elsewhere.path(), 0777);  // who may write here may have the link lead elsewhere
  CHECK_FALSE(exposure(link, tree.system).empty());
  Tree::mode(elsewhere.path(), 01777);
  CHECK(exposure(link, tree.system).empty());
  if (Tree::give(elsewhere.path() / "hop", kSomebody)) CHECK(exposure(link, tree.system).find("/hop (owner 12345)") != std::string::npos);
}

// The files of a volume that Kubernetes makes of a ConfigMap are links through "..data", which is a link, too.
TEST_CASE("guard: a volume of links is good") {
  const Tree tree;
  std::filesystem::create_directories(tree.layer / "..2026_06_01");
  Tree::mode(tree.layer / "..2026_06_01", 0755);
  Tree::mode(tree.folder.write("etc/layer/..2026_06_01/root.pem", "x"), 0644);
  std::filesystem::create_symlink("..2026_06_01", tree.layer / "..data");
  std::filesystem::create_symlink("..data/root.pem", tree.layer / "root.pem");
  CHECK(exposure(tree.layer / "root.pem", tree.system).empty());
  CHECK(exposure(tree.layer / "root.pem", {}).empty());
}

TEST_CASE("guard: what is refused is not read") {
  const Tree tree;
  CHECK(read_configuration(tree.file, FileKind::policy, tree.system).is(FileContents::State::whole));
  CHECK(as_text(read_file(tree.file, FileKind::key, {})) == "x");
  Tree::mode(tree.file, 0666);
  const FileContents refused = read_configuration(tree.file, FileKind::policy, tree.system);
  CHECK(refused.is(FileContents::State::exposed));
  CHECK(refused.bytes.empty());
  CHECK(refused.hint == "make root its owner, and deny write access to others: chown root, chmod go-w");
  expect_error(ErrorId::config, "everybody can write it", [&] { read_file(tree.file, FileKind::key, {}); });
  CHECK(as_text(read_file(tree.file, FileKind::key)) == "x");
  // The mask is no file of ours, and may be written by all.
  CHECK(read_configuration("/dev/null", FileKind::policy, tree.system).is(FileContents::State::mask));
}
