#!/usr/bin/env python3
"""Compiles the codec in Embedded Swift for bare-metal boards, and says how large it is.

The first table is each module's object: all of it, also what a given program does not use. The second is one linked
image per message set that decodes and encodes every document and fragment of the set, with functions that nothing
calls dropped by the linker: what a board has to hold. Octets of code and constants, as `size` counts text.

Fails when a module does not compile, when an image needs a function that the board would have to invent, or when a set
is over its limit.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / ".ci"))
import message_sets
import probe

TARGETS = ["armv7em-none-none-eabi", "aarch64-none-none-elf"]
LEVELS = ["Osize", "O"]
BUILD = message_sets.ROOT / ".build" / "embedded"
FLAGS = ["-enable-experimental-feature", "Embedded", "-Xfrontend", "-function-sections"]

# Set, target, level: octets of the set's own module and of XMLSignatureMessages that its image holds, with the names
# of elements. EXI, Wire and what comes out of Swift's library are not counted: they are there once for all sets.
LIMITS = {("iso2", "armv7em-none-none-eabi", "Osize"): 80 * 1024}

# What a board's C library or start-up code supplies.
SUPPLIED = re.compile(r"free|posix_memalign|memset|memcpy|memmove|arc4random_buf|__stack_chk_(fail|guard)|__aeabi_\w+")


def compile_all(target, level):
    """The objects of all modules, by name; the first failure ends it."""
    folder = BUILD / f"{target}-{level}"
    flags = [*FLAGS, "-target", target, f"-{level}"]
    return {name: message_sets.build(name, folder, flags) for name in message_sets.MODULES}


def link(name, target, level):
    """Links the image of one set. Octets by origin, the functions it lacks, and its functions by size."""
    codecs = [codec for codec in message_sets.CODECS if codec.set == name]
    folder = BUILD / f"{target}-{level}"
    modules = message_sets.imports(codecs[0].module)
    program, symbols = probe.build(name, codecs, folder, [*FLAGS, "-target", target, f"-{level}"], hosted=False)
    image, map_file = folder / f"{name}.elf", folder / f"{name}.map"
    printed = message_sets.run(
        message_sets.compiler()[1] / "ld.lld", "--gc-sections", "--warn-unresolved-symbols", "-e", symbols[0],
        *[f"-u{symbol}" for symbol in symbols], f"-Map={map_file}", "-o", image,
        *[folder / f"{module}.o" for module in modules], program)
    missing = sorted(set(re.findall(r"undefined symbol: (\S+)", printed)))

    origins, functions = collections.Counter(), []
    line = re.compile(r"\s*\w+\s+\w+\s+(\w+)\s+\d+\s+\S*?([\w-]+)\.o:\((\.(?:text|rodata|data\.rel\.ro|ARM\.exidx)\S*)\)")
    for match in map(line.match, map_file.read_text().splitlines()):
        if match:
            size = int(match[1], 16)
            origins[match[2]] += size
            functions.append((size, match[2], match[3].removeprefix(".text.")))
    total = message_sets.text_size(image)
    own = sum(size for module, size in origins.items() if module in (codecs[0].module, "XMLSignatureMessages"))
    rest = sum(size for module, size in origins.items()) - own
    # What the linker merged belongs to no object; nearly all of it are the names of the set's elements.
    return {"total": total, "own": total - rest, "xmldsig": origins["XMLSignatureMessages"], "missing": missing,
            "functions": sorted(functions, reverse=True)}


def table(title, columns, rows):
    print(f"\n{title}")
    widths = [max(len(row[0]) for row in rows)] + [max(len(column), 9) for column in columns]
    for row in [["", *columns], *rows]:
        print("  " + "  ".join(f"{cell:>{width}}" if index else f"{cell:<{width}}"
                              for index, (cell, width) in enumerate(zip(row, widths))).rstrip())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  embedded.py                     both targets, -Osize and -O\n"
               "  embedded.py --limits            what CI runs: all modules, the images with a limit\n"
               "  embedded.py --functions iso2    what is large in the image of ISO 15118-2")
    parser.add_argument("--level", action="append", choices=LEVELS, help="optimisation; default: both")
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: both")
    parser.add_argument("--functions", metavar="SET", choices=message_sets.SETS, help="also list a set's functions by size")
    parser.add_argument("--limits", action="store_true", help="only the images that have a limit: what CI runs")
    options = parser.parse_args()
    levels = options.level or (["Osize"] if options.limits else LEVELS)
    configurations = [(target, level) for level in levels for target in options.target or TARGETS]
    jobs = [(name, *pair) for name in message_sets.SETS for pair in configurations]
    if options.limits:
        jobs = [job for job in jobs if job in LIMITS]

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        objects = dict(zip(configurations, pool.map(lambda pair: compile_all(*pair), configurations)))
        images = dict(zip(jobs, pool.map(lambda job: link(*job), jobs)))

    columns = [f"{target.split('-')[0]} -{level}" for target, level in configurations]
    table("objects, octets of text", columns, [
        [module, *[str(message_sets.text_size(objects[pair][module])) for pair in configurations]]
        for module in message_sets.MODULES])
    rows = []
    for name in dict.fromkeys(name for name, _, _ in jobs):
        for label, key in [(name, "total"), ("  the set with xmldsig", "own"), ("  of it xmldsig", "xmldsig")]:
            rows.append([label, *[str(images[name, *pair][key]) if (name, *pair) in images else "" for pair in configurations]])
    if rows:
        table("images, octets of text", columns, rows)

    for target in dict.fromkeys(target for _, target, _ in images):
        needed = sorted({name for job, image in images.items() if job[1] == target for name in image["missing"]})
        print(f"\n{target} has to supply: {' '.join(needed) or 'nothing'}")
    if options.functions and (options.functions, *configurations[0]) in images:
        image = images[options.functions, *configurations[0]]
        print(f"\nfunctions of {options.functions}, {' '.join(configurations[0])}")
        largest = image["functions"][:60]
        names = message_sets.run("swift", "demangle", "-compact", *[name for _, _, name in largest]).splitlines()
        for (size, module, _), name in zip(largest, names):
            print(f"{size:7} {module:20} {name[:140]}")

    failures = []
    for (name, target, level), image in images.items():
        for symbol in image["missing"]:
            if not SUPPLIED.fullmatch(symbol):
                failures.append(f"{name} for {target} needs {symbol}, which no board has: find what calls it")
        limit = LIMITS.get((name, target, level))
        if limit is not None:
            state = f"{name} for {target} -{level} takes {image['own']} octets of {limit}"
            if image["own"] > limit:
                failures.append(f"{state}: --functions {name} shows what is large")
            else:
                print(state)
    for failure in dict.fromkeys(failures):
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


message_sets.main(main)
