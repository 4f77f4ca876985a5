public import HomePlug
public import Wire

/// Sounds as a vehicle does, up to the attenuation report, and leaves it there: no match, no key.
///
/// Chargers answer only while they wait for a vehicle. Times are those a vehicle has to keep (ISO 15118-3, Table A.1).
public struct AttenuationProbe: Machine {
  public enum Event: Sendable {
    case start
    case received(ManagementFrame)
    case timeout
  }

  public enum Action: Sendable {
    case send(ManagementMessage, to: MACAddress)
    /// The last action: what each charger reported, empty where none answered.
    case ended([Report])
  }

  /// What a charger says it heard.
  public struct Report: Hashable, Sendable {
    public let charger: MACAddress
    /// Sounds in its average.
    public let sounds: UInt8
    public let profile: AttenuationProfile
  }

  private enum Phase { case idle, searching, sounding, listening, ended }

  /// Between two messages of a batch: TP_EV_batch_msg_interval is 20 to 50 ms.
  static let gap: Duration = .milliseconds(30)
  static let starts = 3
  static let chargersMax = 32

  public let address: MACAddress
  public let runID: RunID
  /// Who answered CM_SLAC_PARM.REQ.
  public private(set) var chargers: [MACAddress] = []
  public private(set) var deadline: Instant?
  private var random: SeededGenerator
  private var phase = Phase.idle
  private var attempts = 0
  private var batch = 0
  private var soundCount: UInt8 = 10
  private var timeOut: UInt8 = 6
  private var reports: [Report] = []
  private var resultsUntil = Instant.zero

  /// `random` fills the sounds; nothing secret depends on it.
  public init(address: MACAddress, runID: RunID, random: UInt64) {
    self.address = address
    self.runID = runID
    self.random = SeededGenerator(seed: random)
  }

  public mutating func handle(_ event: Event, at now: Instant, perform: (Action) -> Void) {
    switch (event, phase) {
    case (.start, .idle):
      phase = .searching
      search(at: now, perform)
    case (.received(let frame), .searching): note(frame)
    case (.received(let frame), .sounding), (.received(let frame), .listening):
      hear(frame, at: now, perform)
    case (.timeout, _):
      guard let deadline, now >= deadline else { return }
      proceed(at: now, perform)
    case (.start, _), (.received, _): break
    }
  }

  private mutating func search(at now: Instant, _ perform: (Action) -> Void) {
    attempts += 1
    // TT_match_response.
    deadline = now + .milliseconds(200)
    perform(.send(.slacParmReq(CM_SLAC_PARM_REQ(runID: runID)), to: .broadcast))
  }

  private mutating func note(_ frame: ManagementFrame) {
    guard case .slacParmCnf(let confirmation) = frame.message, confirmation.runID == runID,
      confirmation.forwardingStation == address, confirmation.soundCount > 0,
      !chargers.contains(frame.source),
      chargers.count < Self.chargersMax
    else { return }
    // The first charger's wishes; others get as many sounds.
    if chargers.isEmpty { (soundCount, timeOut) = (confirmation.soundCount, confirmation.timeOut) }
    chargers.append(frame.source)
  }

  private mutating func hear(_ frame: ManagementFrame, at now: Instant, _ perform: (Action) -> Void) {
    guard case .attenCharInd(let report) = frame.message, report.runID == runID,
      report.sourceAddress == address
    else { return }
    perform(
      .send(.attenCharRsp(CM_ATTEN_CHAR_RSP(sourceAddress: address, runID: runID)), to: frame.source))
    guard !reports.contains(where: { $0.charger == frame.source }), reports.count < Self.chargersMax else {
      return
    }
    reports.append(Report(charger: frame.source, sounds: report.soundCount, profile: report.profile))
    if phase == .listening, reports.count >= chargers.count { end(perform) }
  }

  private mutating func proceed(at now: Instant, _ perform: (Action) -> Void) {
    switch phase {
    case .searching where chargers.isEmpty && attempts < 3: search(at: now, perform)
    case .searching where chargers.isEmpty: end(perform)
    case .searching:
      phase = .sounding
      // TT_EV_atten_results.
      resultsUntil = now + .milliseconds(1200)
      sound(at: now, perform)
    case .sounding: sound(at: now, perform)
    case .listening: end(perform)
    case .idle, .ended: break
    }
  }

  private mutating func sound(at now: Instant, _ perform: (Action) -> Void) {
    let message: ManagementMessage
    if batch < Self.starts {
      message = .startAttenCharInd(
        CM_START_ATTEN_CHAR_IND(
          soundCount: soundCount, timeOut: timeOut, forwardingStation: address, runID: runID))
    } else {
      let remaining = Int(soundCount) - 1 - (batch - Self.starts)
      message = .mnbcSoundInd(
        CM_MNBC_SOUND_IND(
          remaining: UInt8(truncatingIfNeeded: max(remaining, 0)), runID: runID,
          random: Octets16(high: random.next(), low: random.next())))
    }
    batch += 1
    perform(.send(message, to: .broadcast))
    if batch < Self.starts + Int(soundCount) {
      deadline = now + Self.gap
    } else {
      phase = .listening
      deadline = max(resultsUntil, now + .milliseconds(200))
    }
  }

  private mutating func end(_ perform: (Action) -> Void) {
    phase = .ended
    deadline = nil
    perform(.ended(reports))
  }
}
