import Foundation
import Glibc
import HAL
import LinuxHardware
import Testing

@Suite struct PWMOutputTests {
  static let pilot = PWMDescription(device: "20fc000.pwm", channel: 0)
  static let folder = "sys/class/pwm/pwmchip2/pwm0"

  /// The pilot's chip between two others.
  func tree() throws -> DeviceTree {
    let tree = try DeviceTree()
    try tree.pwm(0, "2080000.pwm")
    try tree.pwm(2, "20fc000.pwm")
    try tree.pwm(10, "20fc0000.pwm")
    return tree
  }

  @Test func the_channel_is_found_by_its_device_and_starts_at_minus_12_volts() throws {
    let tree = try tree()
    let output = try PWMOutput(Self.pilot, roots: tree.roots)
    #expect(try tree.read("\(Self.folder)/period") == "1000000")
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "0")
    #expect(try tree.read("\(Self.folder)/enable") == "1")
    #expect(try tree.read("sys/class/pwm/pwmchip0/pwm0/period") == "0", "the others are left alone")
    #expect(try tree.read("sys/class/pwm/pwmchip10/pwm0/period") == "0")
    _ = consume output
  }

  @Test(arguments: [
    (PilotDuty.steadyHigh, false, "1000000"), (.steadyLow, false, "0"), (.digital, false, "50000"),
    (.pwm(permille: 999), false, "999000"), (.pwm(permille: 1), false, "1000"),
    (.steadyHigh, true, "0"), (.steadyLow, true, "1000000"), (.digital, true, "950000"),
  ])
  func a_duty_becomes_an_on_time(duty: PilotDuty, isInverted: Bool, expected: String) throws {
    let tree = try tree()
    var description = Self.pilot
    description.isInverted = isInverted
    var output = try PWMOutput(description, roots: tree.roots)
    try output.drive(duty)
    #expect(try tree.read("\(Self.folder)/duty_cycle") == expected)
    #expect(try tree.read("\(Self.folder)/enable") == "1", "steady levels are driven, too")
    _ = consume output
  }

  @Test(arguments: [0, -1, 1000, Int.max, Int.min])
  func a_duty_that_does_not_oscillate_is_refused(permille: Int) throws {
    let tree = try tree()
    var output = try PWMOutput(Self.pilot, roots: tree.roots)
    try output.drive(.pwm(permille: 500))
    do {
      try output.drive(.pwm(permille: permille))
      Issue.record("taken")
    } catch {
      #expect(error.code == EINVAL)
    }
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "500000", "nothing was changed")
    _ = consume output
  }

  @Test(arguments: [false, true])
  func letting_go_drives_minus_12_volts_and_leaves_the_output_on(isInverted: Bool) throws {
    let tree = try tree()
    var description = Self.pilot
    description.isInverted = isInverted
    var output = try PWMOutput(description, roots: tree.roots)
    try output.drive(.steadyHigh)
    _ = consume output
    #expect(try tree.read("\(Self.folder)/duty_cycle") == (isInverted ? "1000000" : "0"))
    #expect(try tree.read("\(Self.folder)/enable") == "1")
  }

  @Test func an_output_that_runs_goes_on_until_it_is_driven() throws {
    let tree = try tree()
    try tree.pwmChannel(Self.folder, period: 1_000_000, duty: 530_000, enable: 1)
    var output = try PWMOutput(Self.pilot, initial: .steadyLow, roots: tree.roots)
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "530000")
    try output.drive(.steadyHigh)
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "1000000")
    _ = consume output
  }

  @Test func polarity_is_made_normal() throws {
    let tree = try tree()
    try tree.pwmChannel(Self.folder, period: 1_000_000, duty: 1000, polarity: "inversed", enable: 1)
    let output = try PWMOutput(Self.pilot, roots: tree.roots)
    #expect(try tree.read("\(Self.folder)/polarity") == "normal")
    #expect(try tree.read("\(Self.folder)/enable") == "1")
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "0")
    _ = consume output
  }

  /// The kernel refuses a duty above the period, so the order of the writes counts.
  @Test(arguments: [
    (5_000_000, 4_000_000, ["duty_cycle", "period", "duty_cycle"]),
    (20_000_000, 20_000_000, ["duty_cycle", "period", "duty_cycle"]),
    (5_000_000, 1_000_000, ["period", "duty_cycle"]),
    (1_000, 900, ["period", "duty_cycle"]),
    (0, 0, ["period", "duty_cycle"]),
  ])
  func a_foreign_period_is_replaced_without_a_duty_above_it(
    period: Int, duty: Int, writes: [String]
  ) throws {
    let tree = try tree()
    try tree.pwmChannel(Self.folder, period: period, duty: duty, enable: 1)
    let watch = try WriteWatch("\(tree.path)/\(Self.folder)")
    let output = try PWMOutput(Self.pilot, initial: .digital, roots: tree.roots)
    #expect(watch.names() == writes)
    #expect(try tree.read("\(Self.folder)/period") == "1000000")
    #expect(try tree.read("\(Self.folder)/duty_cycle") == "50000")
    _ = consume output
  }

  @Test func a_change_of_duty_is_one_write() throws {
    let tree = try tree()
    var output = try PWMOutput(Self.pilot, roots: tree.roots)
    let watch = try WriteWatch("\(tree.path)/\(Self.folder)")
    try output.drive(.steadyHigh)
    try output.drive(.digital)
    try output.drive(.steadyLow)
    // Equal happenings in a row are told once.
    #expect(watch.names() == ["duty_cycle"])
    _ = consume output
  }

  @Test func a_channel_is_exported_and_its_files_are_waited_for() throws {
    let tree = try DeviceTree()
    try tree.pwm(0, "20fc000.pwm", exports: nil)
    try tree.remove("sys/class/pwm/pwmchip0/export")
    let export = "\(tree.path)/sys/class/pwm/pwmchip0/export"
    try #require(mkfifo(export, 0o600) == 0)
    // The kernel's part: a channel appears some time after its number was written.
    let kernel = Thread {
      let file = open(export, O_RDONLY)
      var text = [UInt8](repeating: 0, count: 8)
      let got = read(file, &text, 8)
      close(file)
      guard got > 0, String(decoding: text[..<got], as: UTF8.self) == "1\n" else { return }
      usleep(50_000)
      try? tree.pwmChannel("sys/class/pwm/pwmchip0/pwm1")
    }
    kernel.start()
    let output = try PWMOutput(PWMDescription(device: "20fc000.pwm", channel: 1), roots: tree.roots)
    #expect(try tree.read("sys/class/pwm/pwmchip0/pwm1/enable") == "1")
    _ = consume output
  }

  @Test func what_is_missing_is_told() throws {
    let tree = try tree()
    func failure(_ description: PWMDescription, _ tree: DeviceTree) -> LinuxError? {
      do {
        _ = try PWMOutput(description, roots: tree.roots)
        return nil
      } catch { return error }
    }
    let unknown = failure(PWMDescription(device: "pwmchip2", channel: 0), tree)
    #expect(unknown?.code == ENODEV)
    #expect("\(try #require(unknown))".contains("there is: 2080000.pwm, 20fc0000.pwm, 20fc000.pwm"))
    let beyond = failure(PWMDescription(device: "20fc000.pwm", channel: 2), tree)
    #expect("\(try #require(beyond))".contains("2 channels"))
    #expect(
      failure(PWMDescription(device: "20fc000.pwm", channel: 0, periodNanoseconds: 0), tree)?.code == EINVAL)
    try tree.pwm(3, "20fc000.pwm")
    #expect(failure(Self.pilot, tree)?.code == ENOTUNIQ)
    let none = failure(Self.pilot, try DeviceTree())
    #expect("\(try #require(none))".contains("CONFIG_PWM_SYSFS"))
  }
}

/// Files of a folder in the order in which they were written.
private final class WriteWatch {
  private let descriptor: Int32

  init(_ folder: String) throws {
    descriptor = inotify_init1(Int32(IN_NONBLOCK))
    try #require(descriptor >= 0)
    try #require(inotify_add_watch(descriptor, folder, UInt32(IN_CLOSE_WRITE)) >= 0)
  }

  deinit { close(descriptor) }

  func names() -> [String] {
    var buffer = [UInt8](repeating: 0, count: 16384)
    let count = read(descriptor, &buffer, buffer.count)
    var names: [String] = []
    var at = 0
    while at + 16 <= count {
      // struct inotify_event: watch, mask, cookie, length of the name, name.
      let length = Int(buffer[at + 12]) | Int(buffer[at + 13]) << 8
      names.append(String(decoding: buffer[at + 16..<at + 16 + length].prefix { $0 != 0 }, as: UTF8.self))
      at += 16 + length
    }
    return names
  }
}
