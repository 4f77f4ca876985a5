import ArgumentParser
import Cryptography
import Glibc
import HomePlug
import LinuxHardware
import PLCModem
import SLAC
import Wire

/// `coupler modem atten`
struct ModemAtten: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atten",
    abstract: "Show the attenuation of the line, by carrier group.",
    discussion: """
      Two ways, for the two ends of the cable:

      Listening (the default) is for a charger's modem. It reports the attenuation of every sound it hears \
      (CM_ATTEN_PROFILE.IND); this command averages the reports by vehicle, from the first until the sounds are over or \
      --seconds have passed. It sends nothing but the question who the modem is, so it can run beside a charger while a \
      vehicle is plugged in. A modem in the vehicle's role reports nothing: then nothing is heard.

      Sounding (--sound) is for a vehicle's modem. This command plays the first half of a match: it asks for chargers, \
      sounds, and shows what each says it heard. It then stops: no match, no key. Chargers answer only while they wait \
      for a vehicle, and one that counts failed matches will count one.

      The table has the mean of each group of 16 carriers in dB, from 1.8 MHz (group 0) to below 30 MHz (group 57); the plot shows \
      the same. Even and \
      below 20 dB is a cable as it should be; a notch, or a slope to one end, is a bad contact, a wrong coupling or a \
      filter; more than 40 dB everywhere is often the neighbour's cable.

        coupler modem atten -i plc0 --seconds 60
        coupler modem atten -i plc1 --sound --json

      Exit status: 0 a profile was heard; 1 none was; 2 the interface could not be used.
      """)

  @OptionGroup var options: ModemOptions

  @Flag(help: "Sound as a vehicle, and show what chargers report.")
  var sound = false

  @Option(name: .customLong("seconds"), help: ArgumentHelp("Listen for so long at the most.", valueName: "s"))
  var patience = 30.0

  @Flag(help: "Leave the table out.")
  var plotOnly = false

  /// Sounds come every 20 to 50 ms; a pause this long ends them.
  private static let quiet: Duration = .milliseconds(800)

  func validate() throws {
    guard patience > 0, patience <= 86_400 else {
      throw ValidationError("--seconds is more than 0, to 86400 s")
    }
  }

  func run() throws {
    let port = try ModemSession.open(options)
    if sound { try playVehicle(port) } else { try listen(port) }
    port.reportRefused()
  }

  // MARK: listening

  private func listen(_ port: ModemPort) throws {
    let identity = try ModemSession.kernel(options) { () throws(LinuxError) in
      try port.run(port.findModem, to: options.modem)
    }
    if case .failure(let failure) = identity {
      throw giveUp(failure.advice(on: options.interface), json: options.json)
    }
    var meter = AttenuationMeter()
    var last: Instant?
    var sibling = 0
    let loop = port.loop
    port.listen { frame in
      switch frame.message {
      case .attenProfileInd(let report):
        meter.add(report)
        last = loop.now
      case .unknown(let message) where message.type == .VS_ATTENUATION_CHARACTERISTICS: sibling += 1
      default: break
      }
    }
    if !options.json {
      complain("listening for sounds on \(options.interface) for \(Int(patience.rounded(.up))) s")
    }
    var isInterrupted = false
    try orExit { () throws(LinuxError) in
      try loop.onSignals([SIGINT, SIGTERM]) { _ in isInterrupted = true }
    }
    let end = loop.now + .milliseconds(Int64(patience * 1000))
    try ModemSession.kernel(options) { () throws(LinuxError) in
      try port.run(from: loop.now + .milliseconds(100)) {
        let now = loop.now
        if isInterrupted || now >= end { return nil }
        if let last, now - last >= Self.quiet { return nil }
        return min(end, now + .milliseconds(100))
      }
    }
    guard !meter.profiles.isEmpty else {
      throw giveUp(
        "no attenuation was reported on \(options.interface) within \(patience) s; "
          + (sibling > 0
            ? "the modem heard sounds, but reports them as a home plug does (\(sibling) times): its role is not EVSE"
            : "no vehicle sounded, or the modem's role is not EVSE: coupler modem doctor -i \(options.interface) --role evse"),
        json: options.json)
    }
    for profile in meter.profiles { show(profile, from: "vehicle") }
  }

  // MARK: sounding

  private func playVehicle(_ port: ModemPort) throws {
    var keys = SecureNetworkKeys()
    var probe = AttenuationProbe(
      address: port.interface.macAddress, runID: keys.runID(), random: keys.soundOctets().high)
    var reports: [AttenuationProbe.Report]?
    var failure: LinuxError?
    let loop = port.loop
    func act(_ action: AttenuationProbe.Action) {
      switch action {
      case .send(let message, let destination):
        do throws(LinuxError) { try port.send(message, to: destination) } catch { failure = failure ?? error }
      case .ended(let list): reports = list
      }
    }
    port.listen { probe.handle(.received($0), at: loop.now, perform: act) }
    probe.handle(.start, at: loop.now, perform: act)
    try ModemSession.kernel(options) { () throws(LinuxError) in
      if let failure { throw failure }
      try port.run(from: probe.deadline ?? loop.now) {
        probe.handle(.timeout, at: loop.now, perform: act)
        return reports == nil ? probe.deadline ?? loop.now : nil
      }
    }
    guard let reports, !reports.isEmpty else {
      throw giveUp(
        probe.chargers.isEmpty
          ? "no charger answered; one answers only while it waits for a vehicle"
          : "a charger answered, and none reported an attenuation: is its modem's role EVSE?",
        json: options.json)
    }
    for report in reports {
      var meter = AttenuationMeter()
      meter.add(report.profile, of: report.charger)
      for profile in meter.profiles { show(profile, from: "charger", sounds: Int(report.sounds)) }
    }
  }

  // MARK: showing

  private func show(_ profile: AttenuationMeter.Profile, from name: String, sounds: Int? = nil) {
    let count = sounds ?? profile.sounds
    let mean = decibels(profile.meanTenths)
    guard options.json else {
      say("\(name) \(profile.vehicle): \(count) sounds, \(profile.groups.count) groups, mean \(mean) dB")
      if !plotOnly { say(table(profile)) }
      return say(AttenuationPlot.text(profile))
    }
    var line = JSONLine()
    line.add(name, profile.vehicle.description)
    line.add("sounds", count)
    line.add("mean", milliseconds: Int64(profile.meanTenths) * 100)
    line.add(
      "groups",
      profile.groups.enumerated().map { index, group in
        var entry = JSONLine()
        entry.add("group", index)
        entry.add("mean", milliseconds: Int64(group.meanTenths) * 100)
        entry.add("least", Int(group.least))
        entry.add("most", Int(group.most))
        return entry
      })
    say(line.text)
  }

  private func decibels(_ tenths: Int) -> String { "\(tenths / 10).\(tenths % 10)" }

  /// Ten groups a row.
  private func table(_ profile: AttenuationMeter.Profile) -> String {
    var table = Table(["group"] + (0..<10).map { "+\($0)" })
    for start in stride(from: 0, to: profile.groups.count, by: 10) {
      let row = profile.groups[start..<min(start + 10, profile.groups.count)]
      table.add(["\(start)"] + row.map { decibels($0.meanTenths) })
    }
    return table.text
  }
}
