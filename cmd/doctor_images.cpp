// The initrd images of this host, by the notes that the hooks left when they made them.
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <set>

#include "cmd/doctor.h"
#include "cmd/image_survey.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;
using transport::Host;

constexpr std::size_t kMostNotes = 256, kMostImages = 256;
constexpr std::size_t kNamed = 4;           // files that are named in one line
constexpr std::time_t kTakesAtMost = 3600;  // from the note, which comes first, to the image

// As mkinitramfs, dracut and kernel-install call images in /boot: what stands before and behind the version of the kernel.
constexpr std::pair<std::string_view, std::string_view> kImageNames[] = {{"initrd.img-", ""}, {"initramfs-", ".img"}, {"initrd-", ""}};
constexpr std::string_view kBoots[] = {"boot", "efi", "boot/efi"};

struct Note {
  ImageManifest manifest;
  std::time_t time;  // when it was written
};

struct Image {
  std::string kernel;  // empty when its name does not tell
  std::time_t time;
};
using Images = std::map<std::string, Image>;  // by path

struct Found {
  Images images;
  std::set<std::string> kernels;   // those that have modules
  std::set<std::string> bootable;  // of these, those whose own image is there
};

std::time_t modified(const fs::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_mtime : 0;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> out;
  std::error_code failure;
  for (fs::directory_iterator at(directory, failure), end; !failure && at != end; at.increment(failure))
    out.push_back(at->path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

void add(Found& found, const Host& host, const std::string& path, const std::string& kernel) {
  const std::time_t time = modified(host.root / path);
  if (time != 0 && found.images.size() < kMostImages) found.images.emplace("/" + path, Image{kernel, time});
}

void find_in_boot(Found& found, const Host& host) {
  for (const std::string& name : names_in(host.root / "boot"))
    for (const auto& [before, behind] : kImageNames)
      if (name.starts_with(before) && name.ends_with(behind) && name.size() > before.size() + behind.size())
        add(found, host, cat("boot/", name), name.substr(before.size(), name.size() - before.size() - behind.size()));
}

// Folders with the machine's identifier and the version, and unified kernel images.
void find_by_entry(Found& found, const Host& host) {
  for (const std::string_view boot : kBoots) {
    for (const std::string& machine : names_in(host.root / boot))
      for (const std::string& kernel : found.kernels) add(found, host, cat(boot, "/", machine, "/", kernel, "/initrd"), kernel);
    for (const std::string& name : names_in(host.root / boot / "EFI/Linux")) {
      const auto is_of = [&](const std::string& kernel) { return name.find(kernel) != std::string::npos; };
      const auto kernel = std::find_if(found.kernels.begin(), found.kernels.end(), is_of);
      if (name.ends_with(".efi")) add(found, host, cat(boot, "/EFI/Linux/", name), kernel == found.kernels.end() ? "" : *kernel);
    }
  }
}

Found find_images(const Host& host) {
  Found out;
  for (const std::string_view modules : {"lib/modules", "usr/lib/modules"})
    for (const std::string& kernel : names_in(host.root / modules)) {
      if (modified(host.root / cat("boot/vmlinuz-", kernel)) != 0 || modified(host.root / modules / kernel / "vmlinuz") != 0)
        out.bootable.insert(kernel);
      out.kernels.insert(kernel);
      add(out, host, cat("lib/modules/", kernel, "/initrd"), kernel);
    }
  find_in_boot(out, host);
  find_by_entry(out, host);
  return out;
}

std::vector<Note> read_notes(std::vector<Diagnosis>& out, const Host& host) {
  std::vector<Note> notes;
  const fs::path folder = image_notes(host);
  for (const std::string& name : names_in(folder)) {
    if (!name.ends_with(".json") || name.starts_with('.') || notes.size() == kMostNotes) continue;
    const FileContents contents = read_configuration(folder / name, FileKind::image_note);
    std::string why = contents.is(FileContents::State::mask) ? "is not a note" : contents.why;
    if (why.empty()) try {
        notes.push_back({parse_image_manifest(std::string(as_text(contents.bytes))), modified(folder / name)});
      } catch (const Error& error) {
        why = error.what();
      }
    if (!why.empty())
      out.push_back({Health::limited, "image", cat(printable((folder / name).string()), ": ", printable(why)), "rebuild the image"});
  }
  return notes;
}

// The hook of initramfs-tools does not learn what the image is called. Its place in /boot is what all others expect.
bool is_of(const Note& note, const std::string& path, const Image& image) {
  const std::string& named = note.manifest.image;
  return (named.empty() ? cat("/boot/initrd.img-", note.manifest.kernel) : named) == path && note.time <= image.time &&
         image.time - note.time <= kTakesAtMost;
}

const Note* note_of(const std::vector<Note>& notes, const std::string& path, const Image& image) {
  const Note* out = nullptr;
  for (const Note& note : notes)
    if (is_of(note, path, image) && (out == nullptr || note.time > out->time)) out = &note;
  return out;
}

std::string to_make_anew(const std::string& path, const Image& image, const Note* note, const std::set<std::string>& kernels) {
  if (!kernels.contains(image.kernel)) return "its kernel is not installed: remove the image, unless it is still booted";
  const bool by_dracut = note != nullptr ? !note->manifest.image.empty() : !path.starts_with("/boot/initrd.img-");
  const std::string kernel = printable(image.kernel);
  return cat("rebuild the image: ",
             by_dracut ? cat("dracut --force ", printable(path), " ", kernel) : cat("update-initramfs -u -k ", kernel));
}

std::vector<std::string> changes_since(const ImageManifest& then, const ImageManifest& now, const Host& host) {
  std::vector<std::string> out;
  const ImageFile program = image_file(host, then.program.path);
  if (program.sha256 != then.program.sha256) out.push_back(cat(then.program.path, program.sha256.empty() ? " is gone" : " changed"));
  std::map<std::string, std::pair<const ImageFile*, const ImageFile*>> files;
  for (const ImageFile& file : then.configuration) files[file.path].first = &file;
  for (const ImageFile& file : now.configuration) files[file.path].second = &file;
  for (const auto& [path, both] : files) {
    const auto& [before, after] = both;
    if (before == nullptr)
      out.push_back(cat(path, " is new"));
    else if (after == nullptr)
      out.push_back(cat(path, " is gone"));
    else if (before->sha256 != after->sha256 || before->mask != after->mask)
      out.push_back(cat(path, " changed"));
  }
  return out;
}

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < std::min(items.size(), kNamed); ++i) out += cat(i == 0 ? "" : ", ", printable(items[i]));
  return items.size() > kNamed ? cat(out, " and ", items.size() - kNamed, " more") : out;
}

Diagnosis judge(const std::string& path, const Note* note, const ImageManifest& now, const Host& host, const std::string& remedy) {
  const std::string who = printable(path);
  if (note == nullptr)
    return {Health::limited, "image", cat(who, ": cannot tell whether it contains the gate: there is no note about this image"), remedy};
  const ImageManifest& then = note->manifest;
  if (const std::vector<std::string> changes = changes_since(then, now, host); !changes.empty())
    return {Health::limited, "image", cat(who, ": was made before this system changed: ", listed(changes)), remedy};
  if (!then.problems.empty()) {
    const Error& first = then.problems.front();
    return {Health::limited, "image",
            cat(who, ": was built without something that could not be included: ", printable(first.device), ": ", printable(first.what())),
            cat("repair it, and ", remedy)};
  }
  return {Health::good, "image", cat(who, ": contains the gate and is up to date; mode ", name(then.mode), ", made ", printable(then.time)),
          ""};
}

bool has_policy(const ImageManifest& now) {
  return std::any_of(now.configuration.begin(), now.configuration.end(),
                     [](const ImageFile& file) { return file.path.find("/policy.d/") != std::string::npos; });
}

}  // namespace

void examine_images(std::vector<Diagnosis>& out, const Host& host) {
  const std::vector<Note> notes = read_notes(out, host);
  const ImageManifest now = survey_for_image(host);
  if (notes.empty() && !has_policy(now)) return;
  const Found found = find_images(host);
  std::set<std::string> without = found.bootable;
  for (const auto& [path, image] : found.images) {
    const Note* const note = note_of(notes, path, image);
    out.push_back(judge(path, note, now, host, to_make_anew(path, image, note, found.kernels)));
    without.erase(image.kernel);
  }
  for (const std::string& kernel : without)
    out.push_back({Health::limited, "image",
                   cat("cannot check kernel ", printable(kernel), ": it has no image where dracut and initramfs-tools put theirs"),
                   "build one, or check its boot entry"});
}

}  // namespace spdm::cmd
