import ArgumentParser
import Cryptography
import Glibc
import LinuxRuntime
import Node
import Recorder
import Simulation
import Wire

/// `coupler demo`
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Charge a simulated vehicle from a simulated charger.",
    discussion: """
      Runs both sides of a charge in this process: plug-in, control pilot, SLAC
      matching, SDP, TCP, ISO 15118-2 with external identification, energy,
      stop, unplug. Modems, power line, pilot wire, contactors, power stage and
      battery are simulated; frames, EXI and state machines are the real ones.

      The timeline shows time, side, layer and what happened. A recording for
      Wireshark is written too.

        coupler demo                     DC, real time (about 20 s)
        coupler demo --ac --fast         AC, virtual time
        coupler demo --json | jq .       an object per line, the summary last
        coupler demo --fast --faults 42  random faults, repeated by their seed
      """)

  @Flag(help: "Charge with AC instead of DC.")
  var ac = false

  @Flag(help: "Run in virtual time instead of real time.")
  var fast = false

  @Flag(help: "Print one JSON object per line.")
  var json = false

  @Flag(name: .shortAndLong, help: "Show every message and every state.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "Stop after this much energy; by default 150 Wh with DC, 40 Wh with AC.", valueName: "Wh"))
  var energy: Int?

  @Option(help: ArgumentHelp("Attenuation between the modems.", valueName: "dB"))
  var attenuation = 12

  @Option(help: "Seed of everything that is random; printed when a run fails.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Draw random faults from this seed: a run of the simulation test.", valueName: "seed"))
  var faults: UInt64?

  @Option(help: ArgumentHelp("Where the recording goes (pcapng).", valueName: "file"))
  var record: String?

  func validate() throws {
    guard energy ?? 1 > 0 else { throw ValidationError("--energy must be more than 0 Wh") }
    guard (0...120).contains(attenuation) else { throw ValidationError("--attenuation must be 0...120 dB") }
  }

  func run() throws {
    var description = SiteDescription(ac ? .ac : .dc)
    description.energyWanted = energy ?? (ac ? 40 : 150)
    description.attenuation = attenuation
    description.seed = faults ?? seed
    if let faults { description.faults = .random(seed: faults) }

    let path = record ?? temporaryPath()
    let start = Instant(nanoseconds: monotonic())
    let clock = fast ? RecordingClock.virtual : RecordingClock.wall(at: .zero)
    let recorder: SiteRecorder
    do {
      recorder = try SiteRecorder(path: path, clock: clock)
    } catch {
      complain("coupler: \(error)")
      throw ExitCode(2)
    }
    let timeline = Timeline(json: json, verbose: verbose, start: .zero)
    var ended = false
    var site = description.site(keys: { side in
      SeededNetworkKeys(seed: description.seed &+ (side == .charger ? 1 : 2))
    }) { event, now in
      recorder.add(event, at: now)
      guard case .trace(let side, let trace) = event else { return }
      timeline.add(trace, of: side == .charger ? .charger : .vehicle, at: now)
      if side == .charger, case .ended = trace { ended = true }
    }
    let plugIn = Instant.zero + .milliseconds(100)
    site.plugIn(at: plugIn)

    // The longest wait of any layer is the 60 s of an ongoing authorization.
    let limit = Instant.zero + .seconds(3600)
    var unplugged = false
    var unplugAt = limit
    while site.now < limit {
      if ended, !unplugged {
        unplugged = true
        // Late enough for the pilot to go to X1 and the network to be left.
        unplugAt = site.now + .seconds(2)
        site.unplug(at: unplugAt)
      }
      guard let next = site.deadline, next <= limit else { break }
      if unplugged, site.charger.phase == .idle { break }
      if !fast { sleep(until: start + (next - .zero)) }
      if site.now < unplugAt, next >= unplugAt {
        timeline.note("the plug comes out", of: .vehicle, at: unplugAt)
      }
      if site.now < plugIn, next >= plugIn { timeline.note("the plug goes in", of: .vehicle, at: plugIn) }
      guard site.step(until: limit), !site.isStuck else { break }
    }
    if let failure = recorder.close() { complain("coupler: recording is incomplete: \(failure)") }
    let status = timeline.summarize(
      .charger, recording: path, frames: UselessFrames(counters: site.charger.frameCounters), at: site.now)
    if status != 0 {
      complain(
        "coupler: repeat it with: coupler demo --fast\(ac ? " --ac" : "")"
          + (faults.map { " --faults \($0)" } ?? " --seed \(seed)"))
      throw ExitCode(status)
    }
  }

  private func temporaryPath() -> String {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    return "\(folder)/coupler-demo-\(ac ? "ac" : "dc").pcapng"
  }
}

/// The kernel's monotonic clock, in nanoseconds.
private func monotonic() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

private func sleep(until instant: Instant) {
  let wait = instant.nanoseconds - monotonic()
  guard wait > 0 else { return }
  var time = timespec(tv_sec: Int(wait / 1_000_000_000), tv_nsec: Int(wait % 1_000_000_000))
  nanosleep(&time, nil)
}
