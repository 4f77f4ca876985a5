#!/usr/bin/env python3
"""Says how much text the codec adds to a program on this machine.

For each message set, and for all together, a program that decodes and encodes every document and fragment of the set is
linked against the shared standard library, with functions that nothing calls dropped by the linker, and stripped; taken
off is what the same program is without the codec. EXI, Wire and specialised library code are counted in each row, so the
rows add up to more than the last. Text is what is loaded and never written: code, constants, unwind tables and the
metadata of types; data is what is loaded and may be written, mostly addresses that the loader fills in.
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / ".ci"))
import message_sets
import probe

LEVELS = ["O", "Osize"]
BUILD = message_sets.ROOT / ".build" / "sizes"
# What all sets together may take at -O.
LIMIT = 700 * 1024


def program(name, codecs, level, more):
    """Links the program of some codecs, stripped. Octets by section."""
    folder = BUILD / "".join([level, *more])
    flags = [f"-{level}", "-Xfrontend", "-function-sections", *more]
    modules = [module for module in message_sets.MODULES if any(module in message_sets.imports(codec.module) for codec in codecs)]
    objects = [message_sets.build(module, folder, flags) for module in modules]
    main, _ = probe.build(name, codecs, folder, flags, hosted=True)
    target = folder / name
    message_sets.run(message_sets.SWIFTC, main, *objects, "-Xlinker", "--gc-sections", "-Xlinker", "-s",
                     "-Xlinker", f"-Map={target}.map", "-o", target)
    return Counter({(section, bool(flags & 1)): size for section, flags, size in message_sets.sections(target)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", action="store_true", help="also say what the text of all sets is made of")
    parser.add_argument("--flag", action="append", default=[], metavar="FLAG", help="another flag for the compiler, to try it")
    options = parser.parse_args()
    sets = {name: [codec for codec in message_sets.CODECS if codec.set == name] for name in message_sets.SETS}
    sets["all"] = message_sets.CODECS
    sets["nothing"] = []

    sizes = {}
    for level in LEVELS:
        # Modules first: the programs share them.
        program("all", message_sets.CODECS, level, options.flag)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            jobs = {name: pool.submit(program, name, codecs, level, options.flag) for name, codecs in sets.items()}
            sizes[level] = {name: job.result() for name, job in jobs.items()}

    def octets(name, level, written):
        return sum(size for (_, flag), size in (sizes[level][name] - sizes[level]["nothing"]).items() if flag == written)

    print(f"{'octets, without the program itself':36}" + "".join(f"{f'-{level} text':>12}{'data':>9}" for level in LEVELS))
    for name in sets:
        if name != "nothing":
            print(f"  {name:34}" + "".join(f"{octets(name, level, False):12}{octets(name, level, True):9}" for level in LEVELS))
    if options.sections:
        for level in LEVELS:
            print(f"\nall sets, -{level}")
            for (section, written), size in (sizes[level]["all"] - sizes[level]["nothing"]).most_common(16):
                print(f"  {size:9}  {section}{' (data)' if written else ''}")
    total = octets("all", "O", False)
    if total > LIMIT:
        print(f"error: all sets take {total} octets of text of {LIMIT}", file=sys.stderr)
        return 1
    return 0


message_sets.main(main)
