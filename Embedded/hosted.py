#!/usr/bin/env python3
"""Says how much text the codec adds to a program on this machine.

For each message set, and for all together, a program that decodes and encodes every document and fragment of the set is
linked against the shared standard library, with functions that nothing calls dropped by the linker, and stripped; taken
off is what the same program is without the codec. EXI, Wire and specialised library code are counted in each row, so the
rows add up to more than the last.

Code is the section .text. Text is everything that is loaded and never written, as `size` counts it: code, constants,
unwind tables, relocations, metadata of types. Data is what is loaded and may be written, mostly addresses that the
loader fills in.

The flags are those for firmware. Without -internalize-at-link every public function stays in the program; without
-disable-reflection-metadata the names of all fields do. What that costs: enumerations of messages print without their
names. --plain measures what `swift build -c release` gives.
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
# Each function on its own, so that the linker can leave it out, and public ones are no exception.
FIRMWARE = ["-Xfrontend", "-function-sections", "-Xfrontend", "-internalize-at-link", "-Xfrontend",
            "-disable-reflection-metadata"]
# Relative relocations in a few bits each (glibc 2.36 reads them), equal functions once.
LINKER = ["-use-ld=lld", "-Xlinker", "--gc-sections", "-Xlinker", "--icf=all", "-Xlinker", "--pack-dyn-relocs=relr"]
BUILD = message_sets.ROOT / ".build" / "sizes"
# What all sets together may take: code at -O, and text, which is more than code, at -Osize.
LIMIT = 700 * 1024


def program(name, codecs, level, plain, more):
    """Links the program of some codecs, stripped. Octets by section."""
    folder = BUILD / "".join([level, "-plain" if plain else "", *more])
    flags = [f"-{level}", *([] if plain else FIRMWARE), *more]
    modules = [module for module in message_sets.MODULES if any(module in message_sets.imports(codec.module) for codec in codecs)]
    objects = [message_sets.build(module, folder, flags) for module in modules]
    main, _ = probe.build(name, codecs, folder, flags, hosted=True)
    target = folder / name
    message_sets.run(message_sets.SWIFTC, main, *objects, *(["-Xlinker", "--gc-sections"] if plain else LINKER),
                     "-Xlinker", "-s", "-Xlinker", f"-Map={target}.map", "-o", target)
    return Counter({(section, bool(flags & 1)): size for section, flags, size in message_sets.sections(target)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", action="store_true", help="also say what the text of all sets is made of")
    parser.add_argument("--flag", action="append", default=[], metavar="FLAG", help="another flag for the compiler, to try it")
    parser.add_argument("--plain", action="store_true", help="with the flags of an ordinary release build")
    options = parser.parse_args()
    sets = {name: [codec for codec in message_sets.CODECS if codec.set == name] for name in message_sets.SETS}
    sets["all"] = message_sets.CODECS
    sets["nothing"] = []

    sizes = {}
    for level in LEVELS:
        # Modules first: the programs share them.
        program("all", message_sets.CODECS, level, options.plain, options.flag)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            jobs = {name: pool.submit(program, name, codecs, level, options.plain, options.flag) for name, codecs in sets.items()}
            sizes[level] = {name: job.result() for name, job in jobs.items()}

    def octets(name, level, what):
        own = sizes[level][name] - sizes[level]["nothing"]
        wanted = {"code": lambda section, written: section == ".text", "text": lambda _, written: not written,
                  "data": lambda _, written: written}[what]
        return sum(size for (section, written), size in own.items() if wanted(section, written))

    columns = [(level, what) for level in LEVELS for what in ("code", "text", "data")]
    print(f"{'octets, without the program itself':36}" + "".join(f"{f'-{level} {what}':>13}" for level, what in columns))
    for name in sets:
        if name != "nothing":
            print(f"  {name:34}" + "".join(f"{octets(name, *column):13}" for column in columns))
    if options.sections:
        for level in LEVELS:
            print(f"\nall sets, -{level}")
            for (section, written), size in (sizes[level]["all"] - sizes[level]["nothing"]).most_common(16):
                print(f"  {size:9}  {section}{' (data)' if written else ''}")
    failed = False
    for level, what in [("O", "code"), ("Osize", "text")]:
        total = octets("all", level, what)
        if total > LIMIT and not options.plain:
            print(f"error: all sets take {total} octets of {what} at -{level}, of {LIMIT}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


message_sets.main(main)
