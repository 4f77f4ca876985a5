public import HomePlug
public import Wire

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
    case .refused(let error, _):
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
      trace = FrameTrace(error, octets)
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

/// A frame that was of no use. Of each kind the first is told, and the numbers at the end of a session.
public enum FrameTrace: Hashable, Sendable {
  /// No parser could read it. `source` where the frame is long enough to have one.
  case refused(HomePlugError, source: MACAddress?)
  case errorIndication(CM_MME_ERROR_IND, source: MACAddress)
  case attenuationCharacteristics(source: MACAddress)
  /// Since the last summary.
  case summary(FrameCounters)
}

extension FrameTrace {
  /// What is to say about a frame as it came; `nil` where nothing is.
  public init?(_ octets: [UInt8]) {
    do throws(HomePlugError) {
      self.init(try ManagementFrame(parsing: octets.span.bytes))
    } catch {
      self.init(error, octets)
    }
  }

  init?(_ frame: ManagementFrame) {
    switch frame.message {
    case .mmeErrorInd(let indication): self = .errorIndication(indication, source: frame.source)
    case .unknown(let message) where message.type == .VS_ATTENUATION_CHARACTERISTICS:
      self = .attenuationCharacteristics(source: frame.source)
    default: return nil
    }
  }

  init(_ error: HomePlugError, _ octets: [UInt8]) {
    var source: MACAddress?
    if octets.count >= 12 {
      var reader = ByteReader(octets.span.bytes)
      _ = reader.macAddress()
      source = reader.macAddress()
    }
    self = .refused(error, source: source)
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
    case .refused(let error, let source):
      "refused a frame\(source.map { " of \($0)" } ?? ""), \(error.reason.name): \(error)"
    case .errorIndication(let indication, let source):
      "\(source) could not use \(indication.type) (CM_MME_ERROR.IND, reason \(indication.reason))"
    case .attenuationCharacteristics(let source):
      "\(source) reports attenuation as a home plug does (0xa14e), which no EVSE can use"
    case .summary(let counters): "frames of no use: \(counters)"
    }
  }
}
