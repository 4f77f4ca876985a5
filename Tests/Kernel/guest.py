"""Inside the test kernel: runs the scenario that the kernel's command line names; its exit status is the verdict."""

import os
import pathlib
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import scenarios  # noqa: E402  (the paths come first)
from bench import ScenarioFailed  # noqa: E402
from guest_rig import GuestRig  # noqa: E402


def main():
    scenario = scenarios.ALL[os.environ["SCENARIO"]]
    logs = pathlib.Path(os.environ["LOGS"])
    if (logs / "restart-expected").exists():
        print("    the kernel restarted")
        return 0
    started = time.monotonic()
    failure = None
    with GuestRig(logs) as rig:
        try:
            scenario.function(rig)
        except Exception as error:  # whatever it is, the host shall read it
            failure = str(error) if isinstance(error, ScenarioFailed) else traceback.format_exc()
        tails = rig.tails() if failure else ""
    if failure:
        print(f"{tails}\n    {failure}")
        return 1
    print(f"    {time.monotonic() - started:.1f} s by the guest's clock")
    return 0


sys.exit(main())
