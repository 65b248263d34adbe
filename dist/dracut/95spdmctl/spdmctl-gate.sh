#!/bin/sh
# Sourced before udev starts, in an initrd without systemd (with it, spdmctl-gate.service is there instead).
# The rescue switch holds whatever is wrong with the program itself. Status 3 to 6 and 10 to 14 speak of devices, and
# what may speak SPDM is held back; with another one there was no gate at all.
if [ "$(getarg spdmctl.gate=)" != off ]; then
    spdmctl gate
    case $? in
        0 | 3 | 4 | 5 | 6 | 10 | 11 | 12 | 13 | 14) ;;
        *) emergency_shell -n spdmctl "The gate for devices did not run; spdmctl.gate=off on the kernel command line boots without it, spdmctl gate --release lets devices go" ;;
    esac
    # Buses that modules make bring further devices. It is told to end by spdmctl-watch-end.sh.
    spdmctl watch --enforce --hold --background /run/spdmctl/initrd-watch.pid 2>/dev/kmsg ||
        spdmctl watch --enforce --end /run/spdmctl/initrd-watch.pid 2>/dev/kmsg
fi
