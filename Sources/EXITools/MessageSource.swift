/// Takes messages as lines of text: hexadecimal as received, or XML or JSON, which is encoded first.
public struct MessageSource {
  private var reader: MessageReader
  private var writer: MessageWriter

  public init(_ choice: SetChoice) {
    reader = MessageReader(choice)
    writer = MessageWriter(choice)
  }

  /// The message of a line.
  public mutating func message(_ line: String, fragment: Bool = false) throws(ConversionError)
    -> ReceivedMessage
  {
    try reader.read(octets(line, fragment: fragment), fragment: fragment)
  }

  /// The message of a line, ready to cut fragments out of.
  public mutating func cutter(_ line: String, fragment: Bool = false) throws(ConversionError)
    -> FragmentCutter
  {
    let message = try message(line, fragment: fragment)
    return reader.cutter(for: message)
  }

  private mutating func octets(_ line: String, fragment: Bool) throws(ConversionError) -> [UInt8] {
    switch line.utf8.first(where: { !ValueText.isSpace($0) }) {
    case UInt8(ascii: "<"), UInt8(ascii: "{"): try writer.write(line, fragment: fragment).message
    default: try HexText.octets(line)
    }
  }
}
