// A library that is opened when it is first needed. What few runs need is not linked: the program goes into initrds.
#pragma once

#include <string_view>

namespace spdm {

class SharedLibrary {
 public:
  // `purpose`: "to read gzip"; `remedy`: what to do. Throws Error{unsupported} with both when it cannot be opened.
  SharedLibrary(const char* name, std::string_view purpose, std::string_view remedy);

  // Throws Error{unsupported} where the library lacks it. The type is that of the declaration: function<decltype(&inflate)>("inflate").
  template <class Function>
  Function function(const char* name) const {
    return reinterpret_cast<Function>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  const char* name_;
  void* handle_;  // for as long as the program runs
};

}  // namespace spdm
