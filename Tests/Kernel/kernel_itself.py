"""What the other scenarios take for granted of the kernel: if these fail, no other verdict counts."""

import pathlib
import time

from gpio_sim import Chip
from guest_rig import check, equal
from scenarios import scenario


@scenario(limit=120)
def the_kernel_has_simulated_lines_an_adc_and_a_watchdog(rig):
    chip = Chip("replica", ["CP_STATE_B", None, "CONTACTOR"], hogs=[1])
    check(chip.path.exists(), f"no {chip.path}")
    for level in (1, 0, 1):
        chip.line("CP_STATE_B").pull(level)
        equal(chip.line("CP_STATE_B").level, level, "level of a pulled line")
    chip.remove()
    check(not chip.path.exists(), f"{chip.path} outlives its chip")
    pathlib.Path("/sys/kernel/config/iio/devices/dummy/board").mkdir(parents=True)
    devices = [path for path in pathlib.Path("/sys/bus/iio/devices").glob("iio:device*")]
    equal([(device / "in_voltage0_raw").read_text() for device in devices], ["73\n"], "voltage of the IIO dummy")
    check(pathlib.Path("/dev/watchdog0").exists(), "no /dev/watchdog0")


@scenario(limit=120, virtual=True)
def an_hour_of_sleep_takes_no_time(rig):
    before = time.monotonic()
    time.sleep(3600)
    passed = time.monotonic() - before
    check(3600 <= passed < 3601, f"slept {passed} s")
