#!/bin/bash
# dracut module: the gate in the initrd. See spdmctl-initrd(7).
# shellcheck disable=SC2154  # initdir, moddir and systemdsystemunitdir come from dracut

# A policy enables the gate: in every image, hostonly or not, from then on. --add spdmctl takes it in without one.
check() {
    require_binaries spdmctl || return 1
    compgen -G "${dracutsysrootdir-}/etc/spdmctl/policy.d/*.yaml" >/dev/null && return 0
    return 255
}

depends() {
    return 0
}

# What the program reads of its configuration. A link to /dev/null masks a name, and has to go on doing so.
install_configuration() {
    local file
    while read -r file; do
        if [[ $(readlink "${dracutsysrootdir-}$file") == /dev/null ]]; then
            inst_dir "${file%/*}"
            ln -sfn /dev/null "$initdir$file"
        else
            inst_simple "$file"
        fi
    done < <(
        for top in /etc /usr/local/lib /usr/lib; do
            for part in keyring.d policy.d references.d; do
                find "${dracutsysrootdir-}$top/spdmctl/$part" ! -type d ! -name README -printf "$top/spdmctl/$part/%P\n" 2>/dev/null
            done
        done
    )
}

install() {
    inst_multiple spdmctl
    install_configuration
    if dracut_module_included systemd; then
        inst_simple "$systemdsystemunitdir/spdmctl-gate.service"
        inst_simple "$systemdsystemunitdir/spdmctl-watch-initrd.service"
        inst_simple "$systemdsystemunitdir/spdmctl-.service.d/hardening.conf"
        # Without the gate nothing that loads drivers may start; one that is switched off is no obstacle.
        local unit
        for unit in systemd-udevd systemd-udev-trigger systemd-modules-load; do
            mkdir -p "$initdir$systemdsystemunitdir/$unit.service.d"
            printf '[Unit]\nRequires=spdmctl-gate.service\nAfter=spdmctl-gate.service\n' \
                >"$initdir$systemdsystemunitdir/$unit.service.d/spdmctl.conf"
        done
        "${SYSTEMCTL:-systemctl}" -q --root "$initdir" enable spdmctl-gate.service spdmctl-watch-initrd.service
    else
        inst_hook pre-udev 00 "$moddir/spdmctl-gate.sh"
        inst_hook cleanup 00 "$moddir/spdmctl-watch-end.sh"
    fi
}
