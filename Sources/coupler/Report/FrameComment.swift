import HomePlug
import Node

/// What a recording says of a frame: why it was of no use, for those that were.
///
/// Judged from the frame itself, so that each one is marked, also those a timeline tells no more of.
func comment(onFrame octets: [UInt8]) -> String? {
  guard octets.count >= 14, UInt16(octets[12]) << 8 | UInt16(octets[13]) == ManagementFrame.etherType else {
    return nil
  }
  return FrameTrace(octets).map { "coupler: \($0)" }
}
