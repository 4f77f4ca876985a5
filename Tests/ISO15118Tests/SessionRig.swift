import ISO15118
import V2GTransport
import Wire

/// A SECC and an EVCC on an in-memory byte pipe, with a simple charger and a simple vehicle around them, in
/// virtual time. Everything is a value: a rig can be copied in the middle of a session and taken two ways.
struct SessionRig {
  enum Side: String { case secc = "SECC", evcc = "EVCC" }

  /// What can be due.
  enum Due {
    case octets([UInt8], to: Side)
    case connectionLost(Side)
    case charger(ChargerChange)
    case vehicle(VehicleChange)
    case change((inout SessionRig) -> Void)
  }
  enum ChargerChange {
    case contactor(Bool), isolation(EVSEConditions.Isolation), output(Int, Int), pilot(PilotLetter)
  }
  enum VehicleChange { case pilot(PilotLetter), contactor(Bool) }

  var now = Instant.zero
  var secc: SECC<SeededGenerator>
  var evcc: EVCC
  var charger = EVSEConditions()
  var vehicle = EVConditions()
  /// How long octets travel.
  var latency = Duration.milliseconds(2)
  /// Octets of a message on their way, to be changed or dropped; the message counts from 0 per direction.
  var tamper: (([UInt8], Side, Int) -> [UInt8])?
  /// Octets arrive one by one.
  var dripsOctets = false
  var sent: [Side: Int] = [.secc: 0, .evcc: 0]
  /// Whole messages, in order.
  var messages: [(from: Side, octets: [UInt8])] = []

  // The charger's habits.
  var contactorFollows = true
  var isolationResult = EVSEConditions.Isolation.valid
  var cableCheckTime = Duration.seconds(1)
  var pilotReachesCharger = true
  var authorizeAfter: Duration? = .milliseconds(500)
  var vehicleContactorFollows = true
  var vehiclePilotFollows = true

  // What happened.
  var ladder: [String] = []
  var seccOutcomes: [SessionOutcome] = []
  var evccOutcomes: [SessionOutcome] = []
  var seccEnded: Instant?
  var evccEnded: Instant?
  var energies: [EnergyCommand] = []
  var codes: [SessionResponseCode] = []
  var progress = EVProgress()
  var report = VehicleReport()

  private var queue: [(at: Instant, order: Int, due: Due)] = []
  private var order = 0
  private var seccStream = V2GTPStream()
  private var evccStream = V2GTPStream()
  private var seccIsConnected = false
  private var evccIsConnected = false
  private var output = OutputBuffer()

  init(secc configuration: SECCConfiguration, evcc vehicleConfiguration: EVCCConfiguration, seed: UInt64 = 1)
  {
    secc = SECC(configuration: configuration, random: SeededGenerator(seed: seed))
    evcc = EVCC(configuration: vehicleConfiguration)
    charger.pilot = .B
    if configuration.modes.first?.isDC == false { charger.limits = .ac(milliamps: 32_000, phases: 3) }
  }

  static func dc(_ change: (inout SECCConfiguration, inout EVCCConfiguration) -> Void = { _, _ in })
    -> SessionRig
  {
    var charger = SECCConfiguration(modes: [.DC_extended, .DC_core])
    var vehicle = EVCCConfiguration(evccID: MACAddress(2, 0, 0, 0, 0, 0xE1), modes: [.DC_extended])
    change(&charger, &vehicle)
    return SessionRig(secc: charger, evcc: vehicle)
  }

  static func ac(_ change: (inout SECCConfiguration, inout EVCCConfiguration) -> Void = { _, _ in })
    -> SessionRig
  {
    var charger = SECCConfiguration(modes: [.AC_three_phase_core, .AC_single_phase_core])
    var vehicle = EVCCConfiguration(evccID: MACAddress(2, 0, 0, 0, 0, 0xE1), modes: [.AC_three_phase_core])
    change(&charger, &vehicle)
    var rig = SessionRig(secc: charger, evcc: vehicle)
    rig.vehicle.maximumMilliamps = 16_000
    rig.vehicle.maximumWatts = 11_000
    return rig
  }

  // MARK: driving

  mutating func connect() {
    seccIsConnected = true
    evccIsConnected = true
    seccStream = V2GTPStream()
    evccStream = V2GTPStream()
    seccEnded = nil
    evccEnded = nil
    give(.conditions(charger))
    give(.conditions(vehicle))
    give(SECCEvent.connected)
    give(EVCCEvent.connected)
  }

  /// Only the SECC, for tests that play the vehicle by hand.
  mutating func connectSECC() {
    seccIsConnected = true
    seccStream = V2GTPStream()
    seccEnded = nil
    give(.conditions(charger))
    give(SECCEvent.connected)
  }

  /// The line goes dead; both sides learn it.
  mutating func loseConnection() {
    schedule(.connectionLost(.secc), after: .zero)
    schedule(.connectionLost(.evcc), after: .zero)
  }

  mutating func after(_ delay: Duration, _ change: @escaping (inout SessionRig) -> Void) {
    schedule(.change(change), after: delay)
  }

  /// Runs until nothing is due any more or the time is over.
  mutating func run(for duration: Duration = .seconds(600)) {
    let end = now + duration
    while let next = nextDue(), next <= end {
      now = max(now, next)
      step()
    }
    now = max(now, end)
  }

  /// Runs until both have ended, or the time is over.
  mutating func runToEnd(within duration: Duration = .seconds(600)) {
    let end = now + duration
    while !(seccEnded != nil && evccEnded != nil), let next = nextDue(), next <= end {
      now = max(now, next)
      step()
    }
  }

  /// Runs until the condition holds; false when nothing is due any more.
  mutating func run(until condition: (SessionRig) -> Bool) -> Bool {
    var turns = 0
    while !condition(self) {
      guard let next = nextDue(), turns < 200_000 else { return false }
      now = max(now, next)
      step()
      turns += 1
    }
    return true
  }

  private func nextDue() -> Instant? {
    earliest(queue.map(\.at).min(), secc.deadline, evcc.deadline)
  }

  private mutating func step() {
    if let index = queue.indices.filter({ queue[$0].at <= now }).min(by: {
      (queue[$0].at, queue[$0].order) < (queue[$1].at, queue[$1].order)
    }) {
      return perform(queue.remove(at: index).due)
    }
    if let due = secc.deadline, due <= now { give(SECCEvent.timeout) }
    if let due = evcc.deadline, due <= now { give(EVCCEvent.timeout) }
  }

  private mutating func schedule(_ due: Due, after delay: Duration) {
    order += 1
    queue.append((now + delay, order, due))
  }

  private mutating func perform(_ due: Due) {
    switch due {
    case .octets(let octets, let side): deliver(octets, to: side)
    case .connectionLost(.secc):
      guard seccIsConnected else { return }
      seccIsConnected = false
      give(SECCEvent.disconnected)
    case .connectionLost(.evcc):
      guard evccIsConnected else { return }
      evccIsConnected = false
      give(EVCCEvent.disconnected)
    case .charger(let change):
      switch change {
      case .contactor(let closed): charger.contactorClosed = closed
      case .isolation(let result): charger.isolation = result
      case .output(let millivolts, let milliamps):
        charger.presentMillivolts = millivolts
        charger.presentMilliamps = milliamps
      case .pilot(let letter): charger.pilot = letter
      }
      give(.conditions(charger))
    case .vehicle(let change):
      switch change {
      case .pilot(let letter): vehicle.pilot = letter
      case .contactor(let closed): vehicle.contactorClosed = closed
      }
      give(.conditions(vehicle))
    case .change(let change): change(&self)
    }
  }

  mutating func setCharger(_ change: (inout EVSEConditions) -> Void) {
    change(&charger)
    give(.conditions(charger))
  }

  mutating func setVehicle(_ change: (inout EVConditions) -> Void) {
    change(&vehicle)
    give(.conditions(vehicle))
  }

  // MARK: octets

  private mutating func deliver(_ octets: [UInt8], to side: Side) {
    var whole: [(V2GTPPayloadType, [UInt8])] = []
    let take: (V2GTPMessage, RawSpan) -> Void = { message, payload in
      var copy: [UInt8] = []
      for offset in 0..<payload.byteCount {
        copy.append(payload.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
      whole.append((message.payloadType, copy))
    }
    switch side {
    case .secc: try? seccStream.receive(octets.span.bytes, deliver: take)
    case .evcc: try? evccStream.receive(octets.span.bytes, deliver: take)
    }
    for (type, payload) in whole { receive(payload, type: type, by: side) }
  }

  /// Hands one payload to a side, as if it had just arrived.
  mutating func receive(_ payload: [UInt8], type: V2GTPPayloadType = .exi, by side: Side) {
    output.removeAll()
    switch side {
    case .secc:
      var actions: [SECCAction] = []
      secc.receive(payload.span.bytes, type: type, at: now, output: &output) { actions.append($0) }
      transmit(from: .secc)
      for action in actions { follow(action) }
    case .evcc:
      var actions: [EVCCAction] = []
      evcc.receive(payload.span.bytes, type: type, at: now, output: &output) { actions.append($0) }
      transmit(from: .evcc)
      for action in actions { follow(action) }
    }
  }

  mutating func give(_ event: SECCEvent) {
    output.removeAll()
    var actions: [SECCAction] = []
    secc.handle(event, at: now, output: &output) { actions.append($0) }
    transmit(from: .secc)
    for action in actions { follow(action) }
  }

  mutating func give(_ event: EVCCEvent) {
    output.removeAll()
    var actions: [EVCCAction] = []
    evcc.handle(event, at: now, output: &output) { actions.append($0) }
    transmit(from: .evcc)
    for action in actions { follow(action) }
  }

  private mutating func transmit(from side: Side) {
    guard !output.isEmpty else { return }
    var octets = output.octets
    let number = sent[side] ?? 0
    sent[side] = number + 1
    messages.append((side, octets))
    if let tamper { octets = tamper(octets, side, number) }
    guard !octets.isEmpty else { return }
    if dripsOctets {
      for (index, octet) in octets.enumerated() {
        schedule(.octets([octet], to: side == .secc ? .evcc : .secc), after: .microseconds(Int64(index)))
      }
      return
    }
    schedule(.octets(octets, to: side == .secc ? .evcc : .secc), after: latency)
  }

  // MARK: the charger and the vehicle

  private mutating func follow(_ action: SECCAction) {
    switch action {
    case .authorizationNeeded:
      if let authorizeAfter { after(authorizeAfter) { $0.setCharger { $0.authorization = .granted } } }
    case .vehicle(let report): self.report = report
    case .energy(let command): follow(command)
    case .trace(let trace):
      if case .sent(_, let code?, _) = trace { codes.append(code) }
      note(.secc, trace)
    case .close(let how):
      note(.secc, "close \(how.rawValue)")
      seccIsConnected = false
      schedule(.connectionLost(.evcc), after: latency)
    case .ended(let outcome):
      note(.secc, "ended: \(outcome)")
      seccOutcomes.append(outcome)
      seccEnded = now
    }
  }

  private mutating func follow(_ command: EnergyCommand) {
    energies.append(command)
    note(.secc, "energy \(command)")
    switch command {
    case .none:
      schedule(.charger(.output(0, 0)), after: .milliseconds(20))
      if contactorFollows { schedule(.charger(.contactor(false)), after: .milliseconds(50)) }
    case .cableCheck:
      charger.isolation = .unchecked
      if contactorFollows { schedule(.charger(.contactor(true)), after: .milliseconds(100)) }
      schedule(.charger(.isolation(isolationResult)), after: cableCheckTime)
    case .preCharge(let millivolts, _): schedule(.charger(.output(millivolts, 0)), after: .milliseconds(300))
    case .deliver(let millivolts, let milliamps):
      schedule(.charger(.output(millivolts, milliamps)), after: .milliseconds(20))
    case .closeAC: if contactorFollows { schedule(.charger(.contactor(true)), after: .milliseconds(100)) }
    }
  }

  private mutating func follow(_ action: EVCCAction) {
    switch action {
    case .pilot(let letter):
      note(.evcc, "pilot \(letter.rawValue)")
      guard vehiclePilotFollows else { return }
      schedule(.vehicle(.pilot(letter)), after: .milliseconds(10))
      if pilotReachesCharger { schedule(.charger(.pilot(letter)), after: .milliseconds(30)) }
    case .contactor(let close):
      note(.evcc, "contactor \(close ? "close" : "open")")
      if vehicleContactorFollows { schedule(.vehicle(.contactor(close)), after: .milliseconds(50)) }
    case .charger(let milliamps): note(.evcc, "charger \(milliamps) mA")
    case .progress(let progress): self.progress = progress
    case .trace(let trace): note(.evcc, trace)
    case .close(let how):
      note(.evcc, "close \(how.rawValue)")
      evccIsConnected = false
      schedule(.connectionLost(.secc), after: latency)
    case .ended(let outcome):
      note(.evcc, "ended: \(outcome)")
      evccOutcomes.append(outcome)
      evccEnded = now
    }
  }

  private mutating func note(_ side: Side, _ text: some CustomStringConvertible) {
    let milliseconds = now.nanoseconds / 1_000_000
    let time = "\(milliseconds / 1000).\(String(String(milliseconds % 1000 + 1000).dropFirst()))"
    ladder.append("\(String(repeating: " ", count: max(0, 8 - time.count)))\(time) \(side.rawValue) \(text)")
  }

  /// The messages of the ladder: `SECC -> SessionSetupRes OK_NewSessionEstablished`.
  var messageLines: [String] { ladder.filter { $0.contains("SECC ->") || $0.contains("EVCC ->") } }
}
