#!/bin/sh
# Sourced before the root file system takes over: what is not judged by now stays held, and the kernel binds drivers again.
spdmctl watch --enforce --end /run/spdmctl/initrd-watch.pid 2>/dev/kmsg
