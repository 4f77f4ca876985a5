import Glibc
import Wire

/// Ends the run: libFuzzer keeps the input.
func fail(_ what: String, _ octets: [UInt8]) -> Never {
  print("DISAGREEMENT: \(what)\nencoding: \(hexadecimal(octets))")
  fflush(nil)
  abort()
}
