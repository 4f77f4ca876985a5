public import HomePlug

/// Frames on the modem's interface that were of no use to a node.
public struct FrameCounters: Hashable, Sendable {
  /// Frames that no parser could read, by reason.
  public private(set) var refused = RefusedFrames()
  /// CM_MME_ERROR.IND: a station could not use a message of ours.
  public private(set) var errorIndications: UInt64 = 0
  /// VS_ATTENUATION_CHARACTERISTICS (0xA14E): the modem has the firmware of a home plug, or the wrong role.
  public private(set) var attenuationCharacteristics: UInt64 = 0

  public init() {}

  public var isEmpty: Bool { refused.total == 0 && errorIndications == 0 && attenuationCharacteristics == 0 }

  /// Names and numbers of what was counted, without zeros, in a fixed order.
  public var entries: [(name: String, count: UInt64)] {
    var entries = HomePlugError.Reason.allCases.map { (name: $0.name, count: refused[$0]) }
    entries.append((name: "errorIndication", count: errorIndications))
    entries.append((name: "attenuationCharacteristics", count: attenuationCharacteristics))
    return entries.filter { $0.count > 0 }
  }

  /// Counts; true if it is the first of its kind.
  mutating func count(_ trace: FrameTrace) -> Bool {
    switch trace {
    case .refused(let error):
      refused.count(error)
      return refused[error.reason] == 1
    case .errorIndication:
      errorIndications &+= 1
      return errorIndications == 1
    case .attenuationCharacteristics:
      attenuationCharacteristics &+= 1
      return attenuationCharacteristics == 1
    case .summary: return false
    }
  }
}

/// Reads frames and counts those of no use: in all, and since the last summary.
struct FrameLog: Sendable {
  private(set) var total = FrameCounters()
  private var recent = FrameCounters()

  /// The frame, where a parser can read it. Of each kind that is of no use the first since the last summary is told.
  mutating func read(_ octets: [UInt8], tell: (FrameTrace) -> Void) -> ManagementFrame? {
    var frame: ManagementFrame?
    var trace: FrameTrace?
    do throws(HomePlugError) {
      let read = try ManagementFrame(parsing: octets.span.bytes)
      trace = FrameTrace(read)
      frame = read
    } catch {
      trace = .refused(error)
    }
    if let trace {
      _ = total.count(trace)
      if recent.count(trace) { tell(trace) }
    }
    return frame
  }

  mutating func summarize(tell: (FrameTrace) -> Void) {
    guard !recent.isEmpty else { return }
    tell(.summary(recent))
    recent = FrameCounters()
  }
}

/// A frame that was of no use. Of each kind the first is told, and the numbers at the end of a session. Never its sender:
/// that may be a vehicle nobody is matched with.
public enum FrameTrace: Hashable, Sendable {
  /// No parser could read it.
  case refused(HomePlugError)
  case errorIndication(CM_MME_ERROR_IND)
  case attenuationCharacteristics
  /// Since the last summary.
  case summary(FrameCounters)
}

extension FrameTrace {
  /// What is to say about a frame as it came; `nil` where nothing is.
  public init?(_ octets: [UInt8]) {
    do throws(HomePlugError) {
      self.init(try ManagementFrame(parsing: octets.span.bytes))
    } catch {
      self = .refused(error)
    }
  }

  init?(_ frame: ManagementFrame) {
    switch frame.message {
    case .mmeErrorInd(let indication): self = .errorIndication(indication)
    case .unknown(let message) where message.type == .VS_ATTENUATION_CHARACTERISTICS:
      self = .attenuationCharacteristics
    default: return nil
    }
  }
}

extension HomePlugError.Reason {
  /// As reports and scripts name it.
  public var name: String {
    switch self {
    case .frameTooShort: "frameTooShort"
    case .notHomePlug: "notHomePlug"
    case .unknownVersion: "unknownVersion"
    case .fragmented: "fragmented"
    case .truncated: "truncated"
    case .tooManyGroups: "tooManyGroups"
    }
  }
}

extension FrameCounters: CustomStringConvertible {
  /// `truncated 3, unknownVersion 1`
  public var description: String {
    var text = ""
    for entry in entries { text += "\(text.isEmpty ? "" : ", ")\(entry.name) \(entry.count)" }
    return text.isEmpty ? "none" : text
  }
}

extension FrameTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .refused(let error): "refused a frame, \(error.reason.name): \(error)"
    case .errorIndication(let indication):
      "a station could not use \(indication.type) (CM_MME_ERROR.IND, reason \(indication.reason))"
    case .attenuationCharacteristics:
      "the modem reports attenuation as a home plug does (0xa14e), which no EVSE can use"
    case .summary(let counters): "frames of no use: \(counters)"
    }
  }
}
