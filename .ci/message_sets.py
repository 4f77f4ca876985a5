"""The codec's modules and message sets: the one list that `make embedded`, `make sizes` and `make fuzz` read.

A new module is one line in MODULES, behind those it imports. A new set is one line for its documents in CODECS, and
one for its fragments.
"""
import collections
import functools
import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWIFTC = os.environ.get("SWIFTC", "swiftc")

MODULES = [
    "Wire",
    "EXI",
    "XMLSignatureMessages",
    "AppProtocolMessages",
    "DIN70121Messages",
    "ISO15118_2Messages",
    "ISO15118_20Messages",
]

# set: as in the vectors of Tests/Fixtures; kind: document, or fragment; type: what decodes and encodes it.
Codec = collections.namedtuple("Codec", "set kind module type decode encode", defaults=["decoding", "encode"])
CODECS = [
    Codec("appprotocol", "document", "AppProtocolMessages", "AppProtocolDocument"),
    Codec("din", "document", "DIN70121Messages", "V2G_Message"),
    Codec("din", "fragment", "DIN70121Messages", "DIN70121Fragment"),
    Codec("iso2", "document", "ISO15118_2Messages", "V2G_Message"),
    Codec("iso2", "fragment", "ISO15118_2Messages", "ISO15118_2Fragment"),
    Codec("iso20-common", "document", "ISO15118_20Messages", "ISO15118_20CommonDocument"),
    Codec("iso20-common", "fragment", "ISO15118_20Messages", "ISO15118_20CommonFragment"),
    Codec("iso20-ac", "document", "ISO15118_20Messages", "ISO15118_20ACDocument"),
    Codec("iso20-ac", "fragment", "ISO15118_20Messages", "ISO15118_20ACFragment"),
    Codec("iso20-dc", "document", "ISO15118_20Messages", "ISO15118_20DCDocument"),
    Codec("iso20-dc", "fragment", "ISO15118_20Messages", "ISO15118_20DCFragment"),
    Codec("iso20-acdp", "document", "ISO15118_20Messages", "ISO15118_20ACDPDocument"),
    Codec("iso20-acdp", "fragment", "ISO15118_20Messages", "ISO15118_20ACDPFragment"),
    Codec("iso20-wpt", "document", "ISO15118_20Messages", "ISO15118_20WPTDocument"),
    Codec("iso20-wpt", "fragment", "ISO15118_20Messages", "ISO15118_20WPTFragment"),
    Codec("xmldsig", "fragment", "XMLSignatureMessages", "XMLSignatureFragment"),
    Codec("xmldsig", "signed-info", "XMLSignatureMessages", "SignedInfo", "decodingFragment", "encodeFragment"),
]
SETS = list(dict.fromkeys(codec.set for codec in CODECS))

# As in Package.swift.
FLAGS = """-swift-version 6 -wmo -parse-as-library -warnings-as-errors -strict-memory-safety
  -enable-experimental-feature Lifetimes -enable-upcoming-feature ExistentialAny
  -enable-upcoming-feature InternalImportsByDefault""".split()


class Failure(Exception):
    """Something that a person has to put right; its text says what."""


def main(body):
    """Runs a command: its failures are a line, not a trace."""
    try:
        sys.exit(body())
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)


def run(*command, **options):
    """Runs a program and hands out what it printed; a failure carries that."""
    try:
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    except FileNotFoundError:
        raise Failure(f"{command[0]} is not installed, or not on the path (SWIFTC names another compiler)") from None
    if done.returncode:
        raise Failure(f"{pathlib.Path(str(command[0])).name} failed:\n{done.stdout.strip()}")
    return done.stdout


@functools.cache
def compiler():
    """What the compiler says it is, and the folder of its linker."""
    information = json.loads(run(SWIFTC, "-print-target-info"))
    return information["compilerVersion"], pathlib.Path(information["paths"]["runtimeResourcePath"]).parent.parent / "bin"


@functools.cache
def sources(module):
    return sorted((ROOT / "Sources" / module).rglob("*.swift"))


@functools.cache
def imports(module):
    """The modules of the list that `module` needs, in order, itself last."""
    direct = {name for file in sources(module) for name in re.findall(r"^(?:\w+ )?import (\w+)", file.read_text(), re.M)}
    needed = {other for name in direct if name in MODULES for other in imports(name)} | {module}
    return [name for name in MODULES if name in needed]


def build(module, folder, flags):
    """Compiles one module into `folder`, where those it imports are already."""
    files = [file for name in imports(module) for file in sources(name)]
    return compile_into(folder, module, sources(module), [*FLAGS, *flags], files)


def compile_into(folder, module, files, flags, depends):
    """Compiles `files` as a module, with `depends` being all that may change it; nothing, when that was done before."""
    text = [compiler()[0], *map(str, flags), *[f"{file.name}\n{file.read_text()}" for file in depends]]
    key = hashlib.sha256("\0".join(text).encode()).hexdigest()
    stamp, target = folder / f"{module}.stamp", folder / f"{module}.o"
    if stamp.exists() and stamp.read_text() == key:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    # The compiler keeps an object that it believes to be the same; what it compares leaves out some flags.
    for old in (stamp, target):
        old.unlink(missing_ok=True)
    run(SWIFTC, *flags, "-I", folder, "-module-name", module, "-emit-module",
        "-emit-module-path", folder / f"{module}.swiftmodule", "-c", *files, "-o", target)
    stamp.write_text(key)
    return target


def sections(path):
    """Name, flags and size of each section of an ELF file that is loaded and has contents."""
    data = path.read_bytes()
    wide = data[4] == 2
    offset, = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)
    size, count, names = struct.unpack_from("<HHH", data, 58 if wide else 46)
    table = []
    for index in range(count):
        fields = struct.unpack_from("<IIQQQQ" if wide else "<IIIIII", data, offset + index * size)
        table.append(fields)
    strings = table[names][4]
    result = []
    for name, kind, flags, _, _, length in table:
        if flags & 2 and kind != 8:  # allocated, and not without contents
            end = data.index(b"\0", strings + name)
            result.append((data[strings + name:end].decode(), flags, length))
    return result


def text_size(path):
    """Octets of code and constants: what is loaded and never written, as `size` counts text."""
    return sum(length for _, flags, length in sections(path) if not flags & 1)
