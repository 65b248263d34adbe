// Configuration in layers: directories of drop-ins, the strongest first. A name counts once: a file hides those of the
// same name in weaker layers, and a link to /dev/null masks the name. An empty file is an error: a crash may have left it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/file_kinds.h"
#include "core/guard.h"

namespace spdm::cmd {

// /etc/spdmctl/NAME, /run/spdmctl/NAME, /usr/local/lib/spdmctl/NAME, /usr/lib/spdmctl/NAME; below what SPDMCTL_CONFROOT names, if
// it does. Nothing else decides where the configuration is.
std::vector<std::filesystem::path> layers_of(std::string_view name);
// The same of another system, whose root is a directory here.
std::vector<std::filesystem::path> layers_below(const std::filesystem::path& root, std::string_view name);

// What guards the configuration of the system (guard.h), or of another one: root's it is, and that of the user behind sudo(8).
Guard system_guard();
Guard system_guard(const std::filesystem::path& root);

// What a reader of these files and directories opens, for a process that confines itself first: they, and what links in the
// directories lead to.
std::vector<std::filesystem::path> configuration_places(const std::vector<std::filesystem::path>& paths);

// The same for one that reads them again whenever they have changed. A file may then be another of its name, so its directory is
// among them; never one that all of /etc is in.
std::vector<std::filesystem::path> lasting_places(const std::vector<std::filesystem::path>& paths);

struct DropIn {
  std::filesystem::path file;
  std::string contents;
};

// The *.yaml that count, in the order of their names. Directories that do not exist are skipped,
// one that is a link to nowhere, and a *.yml, are errors.
// Throws Error{config, permission} for what is there and cannot be read: without that file the result would not be what the owner
// asked for; {config} for what others may write: than root, if nothing else is said. With `unreadable`, the errors of files go
// there instead, and the other files are still read.
std::vector<DropIn> read_drop_ins(const std::vector<std::filesystem::path>& directories, FileKind kind,
                                  std::vector<Error>* unreadable = nullptr);
std::vector<DropIn> read_drop_ins(const std::vector<std::filesystem::path>& directories, FileKind kind, std::vector<Error>* unreadable,
                                  const Guard& guard);

// The same for directories that the user named. It is an error when they hold nothing: that is a volume that is not mounted, or a
// slip of the pen, and what the owner asks would silently be left out.
std::vector<DropIn> read_named_layers(const std::vector<std::filesystem::path>& directories, FileKind kind,
                                      std::vector<Error>* unreadable = nullptr, const Guard& guard = {});

// The same for what the user named: a directory of drop-ins, or one file. Both must be there, and hold something.
std::vector<DropIn> read_named(const std::filesystem::path& path, FileKind kind, std::vector<Error>* unreadable = nullptr,
                               const Guard& guard = {});

}  // namespace spdm::cmd
