"""sysfs.py ROOT [PART ...]: makes a copy of /sys below ROOT, as the kernel would show it. PARTs: mailboxes (NVMe devices
and others with DOE mailboxes), tsm (a platform TSM and devices that it takes, as Linux 6.19 shows them), bridges (the same as
Linux 7.3 does: encrypted links are below the host bridge), plain (devices without any mailbox), encryption (root ports and
devices with TEE-IO and IDE, in several layouts)."""
import pathlib
import sys

sys.dont_write_bytecode = True  # golden runs list what is in their folder
import ide_space

ROOT = pathlib.Path(sys.argv[1])
PCI = ROOT / "sys/bus/pci"
PARTS = sys.argv[2:]

PCI_IDS = """\
1b36  Example Corp.
\t000c  PCIe Root port
\t0010  Storage of examples
\t0011  Sound of examples
C 01  Mass storage controller
\t08  Non-Volatile memory controller
C 06  Bridge
\t04  PCI bridge
"""


def write(name, text):
    file = ROOT / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def link(file, target):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to(target)


def put(config, at, value, size):
    config[at : at + size] = value.to_bytes(size, "little")


NO_BAR = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
BARS = "0x00000000fe800000 0x00000000fe803fff 0x0000000000140204\n" + 6 * NO_BAR  # one, of 16 KiB


def config_space(device, class_code, header, serial, mailboxes, bus_master, size, port_type, tee_io, ide, ide_at):
    config = bytearray(4096)
    put(config, 0x00, 0x1B36, 2)
    put(config, 0x02, device, 2)
    put(config, 0x04, 6 if bus_master else 2, 2)
    put(config, 0x06, 0x10, 2)
    put(config, 0x08, class_code << 8 | 2, 4)
    put(config, 0x0E, header, 1)
    if header & 0x7F == 0:
        put(config, 0x2C, 0x11001AF4, 4)
    put(config, 0x34, 0x40, 1)
    put(config, 0x40, 2 << 16 | port_type << 20 | 0x10, 4)
    put(config, 0x44, tee_io << 30, 4)
    capabilities = [(offset, 0x2E) for offset in mailboxes] + ([(ide_at, 0x30)] if ide else [])
    if serial or capabilities:
        put(config, 0x100, 0x10003 if serial else 0x10001, 4)
        put(config, 0x104, serial, 8)
        for at, (offset, identifier) in zip([0x100, *(offset for offset, _ in capabilities)], capabilities):
            put(config, offset, 0x10000 | identifier, 4)
            put(config, at + 2, config[at + 2] & 0x0F | offset << 4, 2)
    for i, word in enumerate(ide or []):
        if ide_at + 8 + 4 * i <= len(config):
            put(config, ide_at + 4 + 4 * i, word, 4)
    return bytes(config[:size])


def function(bdf, device=0x0010, class_code=0x010802, header=0, serial=0, mailboxes=(), bus_master=False, size=4096, features=(), driver=None,
             port_type=0, tee_io=False, ide=None, ide_at=0x300, below=None, **attributes):
    """`below`: the path of its bridge below /sys/devices, as the kernel has it; /sys/bus/pci/devices has a link."""
    base = f"sys/bus/pci/devices/{bdf}"
    if below:
        (ROOT / "sys/devices" / below / bdf).mkdir(parents=True)
        link(ROOT / base, ROOT.resolve() / "sys/devices" / below / bdf)
    write(f"{base}/config", config_space(device, class_code, header, serial, mailboxes, bus_master, size, port_type, tee_io, ide, ide_at))
    values = {
        "vendor": "0x1b36",
        "device": f"0x{device:04x}",
        "class": f"0x{class_code:06x}",
        "revision": "0x02",
        "subsystem_vendor": "0x1af4",
        "subsystem_device": "0x1100",
        "driver_override": "(null)",
        "power_state": "D0",
        "power/control": "auto",
        "resource": BARS,
    }
    values.update({f"doe_features/{name}": "0001:00" if name == "doe_discovery" else name for name in features})
    values.update({name.replace("__", "/"): value for name, value in attributes.items() if name not in ("physfn", "iommu_group")})
    for name, value in values.items():
        write(f"{base}/{name}", value.rstrip("\n") + "\n")
    if driver:
        (PCI / "drivers" / driver).mkdir(parents=True, exist_ok=True)
        link(PCI / "devices" / bdf / "driver", f"../../drivers/{driver}")
    if "physfn" in attributes:
        link(PCI / "devices" / bdf / "physfn", f"../{attributes['physfn']}")
    if "iommu_group" in attributes:
        link(PCI / "devices" / bdf / "iommu_group", f"../../../../kernel/iommu_groups/{attributes['iommu_group']}")


CMA = ("doe_discovery", "0001:01", "0001:02")

(PCI / "devices").mkdir(parents=True, exist_ok=True)
(PCI / "slots").mkdir(exist_ok=True)
write("sys/bus/pci/drivers_autoprobe", "1\n")
write("usr/share/misc/pci.ids", PCI_IDS)
write("proc/sys/kernel/osrelease", "6.12.48-amd64\n")
write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")

if "plain" in PARTS:
    function("0000:00:01.0", device=0x000C, class_code=0x060400, header=1, driver="pcieport")
    function("0000:08:00.0", header=0x80, driver="nvme")
    function("0000:08:00.1", device=0x0011, class_code=0x040300, header=0x80)
if "mailboxes" in PARTS:
    function("0000:01:00.0", serial=0x0123456789ABCDEF, mailboxes=(0x150,), bus_master=True, features=CMA, driver="nvme", iommu_group="14", removable="fixed")
    write("sys/bus/pci/slots/4-1/address", "0000:01:00\n")
    function("0000:02:00.0", mailboxes=(0x150, 0x200), driver_override="spdmctl-blocked")
    function("0000:03:00.0", mailboxes=(0x150,), features=CMA[:2], driver="vfio-pci", power_state="D3hot")
    function("0000:06:00.0", class_code=0x050210, mailboxes=(0x150,), features=("doe_discovery", "1e98:02"), driver="cxl_pci")
    function("0000:07:00.0", mailboxes=(0x150,), features=CMA[:2], power_state="D3cold")
if "tsm" in PARTS or "bridges" in PARTS:
    function("0000:04:00.0", mailboxes=(0x150,), features=CMA, driver="nvme", authenticated="tsm0", tsm__connect="tsm0", tsm__disconnect="", tsm__bound="", tsm__dsm="0000:04:00.0")
    function("0000:04:00.4", physfn="0000:04:00.0", authenticated="tsm0", tsm__bound="", tsm__dsm="0000:04:00.0")
    function("0000:05:00.0", mailboxes=(0x150,), features=CMA, authenticated="", tsm__connect="", tsm__disconnect="", tsm__bound="", tsm__dsm="")
    (ROOT / "sys/class/tsm/tsm0").mkdir(parents=True)
if "tsm" in PARTS:
    link(ROOT / "sys/class/tsm/tsm0/pci0000:00:stream0.0.1", "../../../bus/pci/devices/0000:04:00.0")
if "bridges" in PARTS:
    link(ROOT / "sys/devices/pci0000:00/stream0.0.1", "../../bus/pci/devices/0000:04:00.0")
    link(ROOT / "sys/devices/pci0000:00/stream1.1.0", "../../bus/pci/devices/0000:05:00.0")  # whose, nobody says
    write("sys/devices/pci0000:00/available_secure_streams", "2\n")
if "encryption" in PARTS:
    port = dict(device=0x000C, class_code=0x060400, header=1, driver="pcieport", port_type=4)
    function("0000:00:02.0", **port, ide=ide_space.ROOT_PORT, below="pci0000:00")
    function("0000:00:03.0", **port, below="pci0000:00")
    with_ide = "pci0000:00/0000:00:02.0"
    cma = dict(mailboxes=(0x150,), features=CMA)
    function("0000:0b:00.0", **cma, tee_io=True, ide=ide_space.SEVERAL_SIZES, below=with_ide)
    function("0000:0b:00.1", device=0x0011, tee_io=True, below=with_ide)  # IDE is of function 0
    function("0000:0c:00.0", **cma, ide=ide_space.SELECTIVE_ONLY, below=with_ide)
    function("0000:0d:00.0", **cma, tee_io=True, ide=ide_space.LINK_AND_SELECTIVE, below="pci0000:00/0000:00:03.0")
    function("0000:0e:00.0", **cma, ide=ide_space.LINK_ON, below=with_ide)
    function("0000:0f:00.0", **cma, ide=ide_space.LAST_PLACE, ide_at=0xFE0, below=with_ide)
    function("0000:10:00.0", **cma, tee_io=True, ide=ide_space.TOO_LONG, below=with_ide)
    function("0000:11:00.0", **cma, tee_io=True, ide=ide_space.SELECTIVE_ONLY, size=64, below=with_ide)  # not root
    link(ROOT / "sys/devices/pci0000:00/stream0.1.1", "../../bus/pci/devices/0000:0b:00.0")
    write("sys/devices/pci0000:00/available_secure_streams", "3\n")
    (ROOT / "sys/class/tsm").mkdir(parents=True, exist_ok=True)
