import EXI
import Wire

/// What every stream has to withstand: nothing traps; what is accepted can be written, and comes out as the same
/// octets whenever that is read and written again.
func withstand<Message>(
  _ octets: UnsafePointer<UInt8>, _ count: Int,
  decode: (RawSpan) throws(EXIError) -> Message,
  encode: (Message, inout OutputBuffer, RawSpan) throws(EXIError) -> Void
) -> Int32 {
  let input = UnsafeRawBufferPointer(start: octets, count: count).bytes
  let message: Message
  do throws(EXIError) {
    message = try decode(input)
  } catch {
    // Sometimes, as text costs more than all the rest.
    if count & 7 == 0, error.description.isEmpty { fail("an error without a text", []) }
    return 0
  }
  var first = OutputBuffer(reserving: 0)
  do throws(EXIError) {
    try encode(message, &first, input)
  } catch {
    fail("decoded but not encoded: \(error)", first.octets)
  }
  let written = first.octets
  let bytes = written.span.bytes
  let again: Message
  do throws(EXIError) {
    again = try decode(bytes)
  } catch {
    fail("encoded but not decoded: \(error)", written)
  }
  var second = OutputBuffer(reserving: 0)
  do throws(EXIError) {
    try encode(again, &second, bytes)
  } catch {
    fail("decoded twice but not encoded twice: \(error)", written)
  }
  if second.octets != written { fail("written again as \(hexadecimal(second.octets))", written) }
  // Reflection is slow: one input in eight, told by its octets, so that a finding repeats.
  if written.reduce(0, { $0 &+ $1 }) & 7 == 0 {
    visit(again, in: bytes, strange: false)
    // Slots handed a span that is not theirs give what they can.
    visit(again, in: RawSpan(), strange: true)
    visit(again, in: bytes.extracting(first: written.count / 2), strange: true)
    visit(message, in: bytes, strange: true)
  }
  return 0
}

// MARK: slots

/// A slot, which reflection finds in a message.
private protocol Slot {
  /// Looks at all there is. In a `strange` span anything may come out, but nothing may trap.
  func look(in bytes: RawSpan, strange: Bool)
}

extension EXIString: Slot {
  fileprivate func look(in bytes: RawSpan, strange: Bool) {
    let text = string(in: bytes)
    if strange { return }
    if text.unicodeScalars.count != Int(count) { fail("\(count) characters counted, \(text) found", []) }
    if !equals(text, in: bytes) || !equals(self, in: bytes, other: bytes) {
      fail("\(text) is not itself", [])
    }
    var arena = EXIArena(capacity: text.utf8.count * 4)
    if !arena.string(text).equals(self, in: arena.span, other: bytes) { fail("\(text) is not its copy", []) }
  }
}

extension EXIBinary: Slot {
  fileprivate func look(in bytes: RawSpan, strange: Bool) {
    let octets = self.bytes(in: bytes)
    _ = integer(in: bytes)
    if strange { return }
    if octets.count != Int(count) || !equals(octets, in: bytes) { fail("octets are not themselves", octets) }
  }
}

extension EXIInteger: Slot {
  fileprivate func look(in bytes: RawSpan, strange: Bool) {
    let magnitude = self.magnitude(in: bytes)
    let value = int64(in: bytes)
    if strange { return }
    guard let value else { return }
    if magnitude.reduce(UInt64(0), { $0 << 8 | UInt64($1) }) != value.magnitude {
      fail("the number \(value) and its octets differ", magnitude)
    }
  }
}

extension EXIList: Slot {
  fileprivate func look(in bytes: RawSpan, strange: Bool) {
    let items = items(in: bytes)
    _ = self[Int(count) / 2, in: bytes]
    if !strange, items.count != Int(count) { fail("\(count) items counted, \(items.count) found", []) }
    for item in items.prefix(32) { visit(item, in: bytes, strange: strange) }
  }
}

extension EXIContent: Slot {
  fileprivate func look(in bytes: RawSpan, strange: Bool) {
    let items = items(in: bytes)
    if !strange, items.count != Int(count) { fail("\(count) items counted, \(items.count) found", []) }
    for item in items.prefix(32) { visit(item, in: bytes, strange: strange) }
  }
}

/// An element that a signature can cover; each set's entry names its own.
protocol Signed {
  func encode(to writer: inout BitWriter)
}

/// Looks at every slot below `value`, and cuts every element with an Id out of `bytes`.
private func visit(_ value: Any, in bytes: RawSpan, strange: Bool) {
  if let slot = value as? any Slot {
    slot.look(in: bytes, strange: strange)
    return
  }
  for child in Mirror(reflecting: value).children {
    if let bits = child.value as? EXIBits {
      guard let element = value as? any Signed else {
        fail("\(type(of: value)) keeps its bits, but is not Signed", [])
      }
      cut(element, bits, from: bytes, strange: strange)
    } else {
      visit(child.value, in: bytes, strange: strange)
    }
  }
}

/// The bits of a received element, spliced into a fragment, are what encoding it into one gives.
private func cut(_ element: some Signed, _ bits: EXIBits, from bytes: RawSpan, strange: Bool) {
  var spliced = OutputBuffer(reserving: 0)
  var encoded = OutputBuffer(reserving: 0)
  do throws(EXIError) {
    _ = try EXIFragmentGrammar(codeBits: 7, endCode: 1).splice(
      code: 99, bits: bits, from: bytes, into: &spliced)
    _ = try encodeStream(into: &encoded, source: bytes, names: { _ in "?" }) { writer in
      writer.put(0x80, bits: 8)
      writer.put(99, bits: 7)
      element.encode(to: &writer)
      writer.put(1, bits: 7)
    }
  } catch {
    if !strange { fail("\(type(of: element)) cannot be cut out: \(error)", []) }
    return
  }
  if !strange, spliced.octets != encoded.octets {
    fail("\(type(of: element)) cut out is \(hexadecimal(spliced.octets))", encoded.octets)
  }
}
