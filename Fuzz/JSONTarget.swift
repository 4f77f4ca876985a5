import ControlAPI

/// What is taken is written as one line, and read from it as the same value.
func withstand(_ octets: [UInt8]) {
  let value: JSONValue
  do throws(JSONError) {
    value = try JSONValue.parse(octets)
  } catch {
    if "\(error)".isEmpty { fail("an error without a text", octets) }
    return
  }
  let written = value.octets
  if written.contains(where: { $0 < 0x20 }) { fail("a line break inside of a line", written) }
  do throws(JSONError) {
    if try JSONValue.parse(written) != value { fail("read again as another value", written) }
  } catch {
    fail("written but not read: \(error)", written)
  }
}
