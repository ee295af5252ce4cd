"""Runs a program and tells what the whole of it cost."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass
class Cost:
    """Processor time of user and system, time on the clock, most memory at once."""

    cpu: float
    wall: float
    peak_mib: float


def cost(command, out, accepted=(0,)):
    """What the command costs, its output in the file `out`. Ends the whole program if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINKGATE_")}
    said = out.with_suffix(".stderr")
    with open(out, "wb") as file, open(said, "wb") as errors:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=errors, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in accepted:
        sys.exit(f"{said.read_text()}{' '.join(map(str, command))}: ended with {child.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)
