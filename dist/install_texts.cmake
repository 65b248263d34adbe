# Installs TEXTS into TARGET. They name the program's data and configuration by where a package puts them; what is installed names the
# places of this installation (the prefix is known only now: cmake --install --prefix).
foreach(text IN LISTS TEXTS)
  get_filename_component(name "${text}" NAME)
  file(READ "${text}" content)
  string(REPLACE "/usr/share/spdmctl" "${SPDMCTL_DATA}" content "${content}")
  string(REPLACE "/etc/spdmctl" "${SPDMCTL_CONFIGURATION}" content "${content}")
  set(written "${PROJECT_BINARY_DIR}/installed/texts/${name}")
  file(WRITE "${written}" "${content}")
  file(INSTALL DESTINATION "${TARGET}" TYPE FILE FILES "${written}")
endforeach()
