#!/usr/bin/env python3
"""Fuzzes what reads octets from outside, with libFuzzer and the address sanitizer: the decoders of all message sets, the
site file, the control socket, and the links to safety controllers.

A target is a message set's documents or its fragments (Harness.swift says what has to hold), or a program of its own
(*Target.swift). Each starts from the vectors in Tests/Fixtures, from the examples of the documentation or of the tests,
and from what earlier runs found, which is kept in .build/fuzz/corpus. An input that crashes,
takes longer than 5 s or more than 512 MB is kept in .build/fuzz/findings, and the command that repeats it is printed.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / ".ci"))
import message_sets

HERE = pathlib.Path(__file__).resolve().parent
BUILD = message_sets.ROOT / ".build" / "fuzz"
FIXTURES = message_sets.ROOT / "Tests" / "Fixtures"
TARGETS = {f"{codec.set}-{codec.kind}": codec for codec in message_sets.CODECS}
# Parsers beside the codec. modules: what they are made of, behind the base; target: the file with what has to hold; call: how
# it is asked; seeds: files that have examples, and what an example looks like there; file: libraries.
Parser = collections.namedtuple("Parser", "module target call seeds libraries", defaults=[[]])
HEX = r'hex\("([0-9a-f ]+)"\)|"((?:[0-9a-f]{2} ){4,}[0-9a-f]{2})"'
LINKS = ("Tests/SafetyLinksTests", HEX)
PARSERS = {
    "site-file": Parser("SiteFile", "SiteFileTarget", "withstand(octets)", ("docs/site-file.md", r"```yaml\n(.*?)```"), ["-lyaml"]),
    "control-json": Parser("ControlAPI", "JSONTarget", "withstand(octets)", ("docs/control-api.md", r"^(?:-->|<--)? ?(\{.*\})$")),
    "control-server": Parser("ControlAPI", "ControlServerTarget", "withstand(octets)", ("docs/control-api.md", r"^(?:-->|<--)? ?(\{.*\})$")),
    "link-chargebyte": Parser("SafetyLinks", "SafetyLinkTarget", "withstand(octets, .chargebyte())", LINKS),
    "link-yeti": Parser("SafetyLinks", "SafetyLinkTarget", "withstand(octets, .yeti)", LINKS),
    "link-phyverso": Parser("SafetyLinks", "SafetyLinkTarget", "withstand(octets, .phyVERSO(PhyVERSOConfiguration(revision: .a, outlets: [.init(port: .ac), .init(port: .dc)])))", LINKS),
    "link-chargebridge": Parser("SafetyLinks", "SafetyLinkTarget", "withstand(octets, .chargeBridge(ChargeBridgeSettings()))", LINKS),
}
# The codec's list of modules is for boards as well; these are for here alone. As in Package.swift, those of HOUSE do not
# promise strict memory safety.
message_sets.MODULES = [*message_sets.MODULES, "HAL", "SafetyLinks", "SiteFile", "ControlAPI"]
HOUSE = {"HAL", "SiteFile"}
NAMES = [*TARGETS, *PARSERS]

# Traps of the language stay in: -O, not -Ounchecked.
FLAGS = ["-O", "-g", "-sanitize=fuzzer,address"]

ENTRY = """\
import EXI
import %(module)s
import Wire

@_cdecl("LLVMFuzzerTestOneInput") public func test(_ octets: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  withstand(
    octets, count,
    decode: { (bytes) throws(EXIError) in try %(module)s.%(type)s(%(decode)s: bytes) },
    encode: { (message, output, bytes) throws(EXIError) in try message.%(encode)s(into: &output, source: bytes) })
}
"""

PARSER_ENTRY = """\
import %(module)s

@_cdecl("LLVMFuzzerTestOneInput") public func test(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
  let octets = Array(UnsafeBufferPointer(start: start, count: count))
  %(call)s
  return 0
}
"""

# The runtime keeps what it made once; freed memory is held back for a while, and counts against the limit.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:quarantine_size_mb=16"}


def signed(modules):
    """Lets the harness write each element that a signature can cover: those that keep where they were received."""
    text = ""
    for module in modules:
        for file in message_sets.sources(module):
            for name, body in re.findall(r"^public struct (\w+).*?\{\n(.*?)^\}", file.read_text(), re.M | re.S):
                if "receivedBits = EXIBits" in body:
                    text += f"extension {module}.{name}: Signed {{}}\n"
    if text:
        text = "\n" + text
        for module in modules:
            if f" {module}." in text and f"import {module}\n" not in text:
                text = f"import {module}\n{text}"
    return text


def build_module(module):
    """A module for all targets that need it."""
    strict = [flag for flag in message_sets.FLAGS if flag != "-strict-memory-safety" or module not in HOUSE]
    files = [file for name in message_sets.imports(module) for file in message_sets.sources(name)]
    libraries = ["-I", message_sets.ROOT / "Sources" / "CLibYAML"] if module == "SiteFile" else []
    message_sets.compile_into(BUILD / "modules", module, message_sets.sources(module), [*strict, *FLAGS, *libraries], files)


def build(name):
    """The program of one target."""
    codec = TARGETS.get(name) or PARSERS[name]
    objects = BUILD / "modules"
    modules = message_sets.imports(codec.module)
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    entry = folder / "Entry.swift"
    if name in TARGETS:
        entry.write_text(ENTRY % codec._asdict() + signed(modules))
        files = [HERE / "Failure.swift", HERE / "Harness.swift", entry]
    else:
        entry.write_text(PARSER_ENTRY % codec._asdict())
        files = [HERE / "Failure.swift", HERE / f"{codec.target}.swift", entry]
    depends = files + [file for module in modules for file in message_sets.sources(module)]
    # A test, not a parser: it may look where it likes.
    flags = [flag for flag in message_sets.FLAGS if flag != "-strict-memory-safety"] + [*FLAGS, "-I", objects]
    if codec.module == "SiteFile":
        flags += ["-I", message_sets.ROOT / "Sources" / "CLibYAML"]
    program = message_sets.compile_into(folder, "Fuzz_" + name.replace("-", "_"), files, flags, depends)
    message_sets.run(message_sets.SWIFTC, *FLAGS, program, *[objects / f"{module}.o" for module in modules],
                     *getattr(codec, "libraries", []), "-lm", "-o", folder / "fuzz")
    return folder / "fuzz"


def seeds(name):
    """Writes the vectors of the target's set as files."""
    folder = BUILD / "seeds" / name
    folder.mkdir(parents=True, exist_ok=True)
    if name in PARSERS:
        for octets in examples(name):
            (folder / hashlib.sha1(octets).hexdigest()).write_bytes(octets)
        return folder
    codec = TARGETS[name]
    for file in sorted(FIXTURES.glob("*.jsonl")):
        for line in file.read_text().splitlines():
            vector = json.loads(line)
            # One set has two names; SignedInfo has vectors of its own among the others of XML signature.
            if vector.get("set", "").replace("din70121", "din") != codec.set:
                continue
            if "fragment" in (codec.kind, vector["kind"]) and vector["kind"] != codec.kind and codec.kind != "signed-info":
                continue
            for form in ("exi", "exi_ee"):
                octets = bytes.fromhex(vector.get(form) or "")
                if octets:
                    (folder / hashlib.sha1(octets).hexdigest()).write_bytes(octets)
    return folder


def examples(name):
    """Octets to begin with, of a parser."""
    place, pattern = PARSERS[name].seeds
    path = message_sets.ROOT / place
    files = sorted(path.glob("*.swift")) if path.is_dir() else [path]
    found = [text for file in files for groups in re.findall(pattern, file.read_text(), re.M | re.S if "yaml" in pattern else re.M)
             for text in ([groups] if isinstance(groups, str) else groups) if text]
    if not found:
        raise message_sets.Failure(f"{place} has no example for {name}")
    if name == "site-file":
        wrong = (message_sets.ROOT / "Tests/SiteFileTests/Tables/wrong-site-files.txt").read_text()
        found += re.findall(r"^== .*\n((?:(?!->|==).*\n)*)", wrong, re.M)
    octets = [bytes.fromhex(text) if name.startswith("link-") else text.encode() for text in found]
    # Targets that take pieces: each an octet of what it is and one of its size, behind somebody who connects.
    if name == "control-server":
        octets = [b"\0\0" + b"".join(b"\1" + bytes([len(part)]) + part for part in [text[:255]]) for text in octets]
    if name.startswith("link-"):
        framed = [text[1:-5] for text in octets if len(text) > 6]
        octets = [bytes([kind, len(text)]) + text for kind, texts in ((0, octets), (3, framed)) for text in texts if len(text) < 256]
        octets.append(b"".join(octets))
    return octets


def fuzz(name, seconds):
    """Runs one target. What it printed at the end."""
    program, corpus, findings = BUILD / name / "fuzz", BUILD / "corpus" / name, BUILD / "findings" / name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    started = time.monotonic()
    log = BUILD / name / "log"
    with log.open("w") as stream:
        status = subprocess.run(
            [program, corpus, seeds(name), f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", "-timeout=5",
             "-rss_limit_mb=512", "-max_len=8192", "-use_value_profile=1", "-print_final_stats=1"],
            stdout=stream, stderr=stream, env=ENVIRONMENT, timeout=seconds + 300, check=False).returncode
    text = log.read_text(errors="replace")
    states = re.findall(r"^#(\d+)\s.*?cov: (\d+) ft: (\d+) corp: (\d+)", text, re.M)
    executed = re.search(r"number_of_executed_units: (\d+)", text)
    return {
        "name": name, "status": status, "seconds": time.monotonic() - started, "log": log,
        "executions": int(executed[1]) if executed else int(states[-1][0]) if states else 0,
        "coverage": states[-1][1:] if states else ("?", "?", "?"),
        "findings": sorted(set(findings.iterdir()) - before),
        "reason": re.findall(r"^(?:DISAGREEMENT: .*|.*Fatal error: .*|SUMMARY: .*)", text, re.M)[:2],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="targets:\n  " + "\n  ".join(NAMES) + "\n\nexamples:\n"
               "  fuzz.py                                     every target for a minute\n"
               "  fuzz.py --time 600 iso2-document            one of them for ten minutes\n"
               "  fuzz.py --repeat FILE iso2-document         one input again, with what was found")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--time", type=int, default=60, metavar="SECONDS", help="of each target; default: 60")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="targets at once; default: processors")
    parser.add_argument("--repeat", metavar="FILE", help="run this input only")
    options = parser.parse_args()
    names = options.targets or NAMES
    for name in names:
        if name not in NAMES:
            parser.error(f"no target {name}: there are {', '.join(NAMES)}")
    if options.time < 1 or options.jobs < 1:
        parser.error("--time and --jobs are at least 1")

    needed = {module for name in names for module in message_sets.imports((TARGETS.get(name) or PARSERS[name]).module)}
    for module in message_sets.MODULES:
        if module in needed:
            print(f"building {module}", flush=True)
            build_module(module)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        programs = list(pool.map(build, names))
        if options.repeat:
            return max(subprocess.run([program, options.repeat], env=ENVIRONMENT, check=False).returncode != 0 for program in programs)
        print(f"fuzzing {len(names)} targets, {options.time} s each, {options.jobs} at once", flush=True)
        results = list(pool.map(lambda name: fuzz(name, options.time), names))

    print(f"\n{'target':24} {'executions':>11} {'per s':>7} {'cov':>7} {'ft':>7} {'corpus':>7}  findings")
    failed = False
    for result in results:
        cov, features, corpus = result["coverage"]
        print(f"{result['name']:24} {result['executions']:11} {result['executions'] / max(result['seconds'], 1):7.0f}"
              f" {cov:>7} {features:>7} {corpus:>7}  {len(result['findings'])}")
        failed |= bool(result["findings"]) or result["status"] != 0
    for result in results:
        if result["status"] != 0 or result["findings"]:
            print(f"\n{result['name']}: {'; '.join(result['reason']) or 'ended with status ' + str(result['status'])}")
            print(f"  log: {result['log'].relative_to(message_sets.ROOT)}")
        for file in result["findings"]:
            print(f"  {file.stat().st_size} octets: {file.read_bytes()[:64].hex()}")
            print(f"  again: Fuzz/fuzz.py --repeat {file.relative_to(message_sets.ROOT)} {result['name']}")
    return 1 if failed else 0


message_sets.main(main)
