#include "core/shared_library.h"

#include <dlfcn.h>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

SharedLibrary::SharedLibrary(const char* name, std::string_view purpose, std::string_view remedy)
    : name_(name), handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr)
    throw Error(ErrorId::unsupported, cat("the library ", name, " is needed ", purpose, ", and could not be opened"), std::string(remedy));
}

void* SharedLibrary::symbol(const char* name) const {
  void* const out = ::dlsym(handle_, name);
  if (out == nullptr) throw Error(ErrorId::unsupported, cat("the library ", name_, " lacks the function ", name), "install a newer one");
  return out;
}

}  // namespace spdm
