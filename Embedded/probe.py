"""Programs that decode and encode everything a message set has, for measuring what that costs."""
import message_sets

HEAD = """\
import EXI
import Wire
%(imports)s
"""

# One per stream of the set. The result depends on all of it, so that nothing is optimised away.
FUNCTION = """
@_cdecl("%(symbol)s") public func %(symbol)s(_ octets: UnsafeRawPointer, _ count: Int) -> Int {
  let bytes = unsafe UnsafeRawBufferPointer(start: octets, count: count).bytes
  var output = OutputBuffer()
  do throws(EXIError) {
    return try %(module)s.%(type)s(%(decode)s: bytes).%(encode)s(into: &output, source: bytes)
  } catch {
    return error.position
  }
}
"""

# The same without a codec; what it takes is taken off.
BASELINE = """
@_cdecl("probe") public func probe(_ octets: UnsafeRawPointer, _ count: Int) -> Int {
  unsafe UnsafeRawBufferPointer(start: octets, count: count).reduce(0) { $0 &+ Int($1) }
}
"""

# A hosted program needs a beginning.
MAIN = """
@main struct Probe {
  static func main() {
    var octets: [UInt8] = []
    while let line = readLine() { octets.append(contentsOf: line.utf8) }
    unsafe octets.withUnsafeBytes {
      guard let start = $0.baseAddress else { return }
      %(calls)s
    }
  }
}
"""


def symbol(codec):
    return f"probe_{codec.set}_{codec.kind}".replace("-", "_")


def source(codecs, hosted):
    """The program for `codecs`, and the names of its functions."""
    names = [symbol(codec) for codec in codecs] or ["probe"]
    modules = dict.fromkeys(codec.module for codec in codecs)
    text = HEAD % {"imports": "\n".join(f"import {name}" for name in modules)} if codecs else ""
    for codec in codecs:
        text += FUNCTION % {**codec._asdict(), "symbol": symbol(codec)}
    if not codecs:
        text += BASELINE
    if hosted:
        text += MAIN % {"calls": "\n      ".join(f"unsafe print({name}(start, $0.count))" for name in names)}
    return text, names


def build(name, codecs, folder, flags, hosted):
    """Compiles the program for `codecs`. Its object, and the names of its functions."""
    text, names = source(codecs, hosted)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"probe-{name}.swift"
    file.write_text(text)
    modules = dict.fromkeys(other for codec in codecs for other in message_sets.imports(codec.module))
    depends = [file, *[other for module in modules for other in message_sets.sources(module)]]
    module = "Probe_" + name.replace("-", "_")
    return message_sets.compile_into(folder, module, [file], [*message_sets.FLAGS, *flags], depends), names
