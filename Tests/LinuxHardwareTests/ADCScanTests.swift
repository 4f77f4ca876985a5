import Foundation
import Glibc
import HAL
import Testing
import Wire

@testable import LinuxHardware

@Suite struct ADCScanTests {
  static func channel(_ number: UInt32) -> ADCDescription {
    ADCDescription(device: "2198000.adc", channel: number, numerator: 2, denominator: 1, offsetMillivolts: -1000)
  }

  /// An ADC with channels 2 and 5 and a time stamp, whose buffer runs already with another channel.
  func tree(_ types: [Int: String] = [2: "le:u12/16>>0", 5: "le:u12/16>>0"]) throws -> DeviceTree {
    let tree = try DeviceTree()
    let folder = "sys/bus/iio/devices/iio:device1"
    try tree.adc(1, "2198000.adc", [2: "1\n", 5: "1\n"])
    for (number, type) in types {
      try tree.write("0\n", "\(folder)/scan_elements/in_voltage\(number)_en")
      try tree.write("\(type)\n", "\(folder)/scan_elements/in_voltage\(number)_type")
      try tree.write("\(number)\n", "\(folder)/scan_elements/in_voltage\(number)_index")
    }
    try tree.write("1\n", "\(folder)/scan_elements/in_timestamp_en")
    try tree.write("1\n", "\(folder)/scan_elements/in_voltage7_en")
    try tree.write("\n", "\(folder)/trigger/current_trigger")
    try tree.write("2\n", "\(folder)/buffer/length")
    try tree.write("1\n", "\(folder)/buffer/enable")
    try tree.write("pilot-mid\n", "sys/bus/iio/devices/trigger0/name")
    try tree.write("", "dev/iio:device1")
    return tree
  }

  func append(_ octets: [UInt8], to tree: DeviceTree) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: "\(tree.path)/dev/iio:device1"))
    try file.seekToEnd()
    try file.write(contentsOf: Data(octets))
    try file.close()
  }

  func failure(_ action: () throws(LinuxError) -> Void) -> LinuxError? {
    do throws(LinuxError) {
      try action()
      return nil
    } catch { return error }
  }

  @Test func the_device_is_set_up_for_its_channels_and_the_trigger_and_stopped_at_the_end() throws {
    let tree = try tree()
    let folder = "sys/bus/iio/devices/iio:device1"
    do {
      let scan = try ADCScan([Self.channel(5), Self.channel(2)], trigger: "pilot-mid", roots: tree.roots)
      #expect(try tree.read("\(folder)/scan_elements/in_voltage2_en") == "1")
      #expect(try tree.read("\(folder)/scan_elements/in_voltage5_en") == "1")
      #expect(try tree.read("\(folder)/scan_elements/in_voltage7_en") == "0")
      #expect(try tree.read("\(folder)/scan_elements/in_timestamp_en") == "0")
      #expect(try tree.read("\(folder)/trigger/current_trigger") == "pilot-mid")
      #expect(try tree.read("\(folder)/buffer/length") == "128")
      #expect(try tree.read("\(folder)/buffer/enable") == "1")
      #expect(try scan.newest() == nil)
    }
    #expect(try tree.read("\(folder)/buffer/enable") == "0")
  }

  @Test func the_newest_conversion_counts_in_the_order_that_was_asked_for() throws {
    let tree = try tree()
    let scan = try ADCScan([Self.channel(5), Self.channel(2)], trigger: "pilot-mid", roots: tree.roots)
    try append([1, 0, 2, 0, 0xE8, 0x03, 0x10, 0x00], to: tree)
    #expect(try scan.newest() == [16 * 2 - 1000, 1000 * 2 - 1000])
    #expect(try scan.newest() == nil, "once")
    // Half a conversion, and the rest of it.
    try append([7, 0, 8], to: tree)
    #expect(try scan.newest() == nil)
    try append([0], to: tree)
    #expect(try scan.newest() == [8 * 2 - 1000, 7 * 2 - 1000])
  }

  @Test func a_buffer_that_ran_over_says_nothing_of_now() throws {
    let tree = try tree()
    let scan = try ADCScan([Self.channel(2), Self.channel(5)], trigger: "pilot-mid", roots: tree.roots)
    try append([UInt8](repeating: 1, count: 4 * 128), to: tree)
    #expect(try scan.newest() == nil)
    try append([1, 0, 2, 0], to: tree)
    #expect(try scan.newest() == [-998, -996])
    try append([UInt8](repeating: 0, count: 4 * 127), to: tree)
    #expect(try scan.newest() == [-1000, -1000])
  }

  @Test(arguments: [
    ("le:u12/16>>0", [0xFF, 0x0F], 4095), ("le:s12/16>>4", [0xF0, 0xFF], -1),
    ("be:s16/16>>0", [0x80, 0x00], -32_768), ("be:u10/16>>6", [0xFF, 0xC0], 1023),
    ("le:s24/32>>8", [0x00, 0x00, 0x00, 0x80], -8_388_608), ("le:u8/8>>0", [0x7F], 127),
    ("le:s64/64>>0", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], -1),
    ("le:u64/64>>0", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], Int.max),
  ])
  func an_element_is_read_by_its_type(type: String, octets: [UInt8], value: Int) throws {
    let place = try #require(ScanLayout.Place(type: type, index: 0))
    #expect(place.octets == octets.count)
    #expect(place.value(octets) == value)
  }

  @Test(arguments: [
    "", "le:u12/16", "xe:u12/16>>0", "le:x12/16>>0", "le:u12/16X2>>0", "le:u17/16>>0", "le:u12/16>>5",
    "le:u0/16>>0", "le:u12/24>>0", "le:u12/16>>-1", "le:u99999999999999999999/16>>0", "::::", "le:",
  ])
  func what_is_no_type_is_an_error(type: String) throws {
    #expect(ScanLayout.Place(type: type, index: 0) == nil)
    let tree = try tree([2: type, 5: "le:u12/16>>0"])
    let error = failure { () throws(LinuxError) in
      _ = try ADCScan([Self.channel(2), Self.channel(5)], trigger: "pilot-mid", roots: tree.roots)
    }
    #expect(error?.code == ENOTSUP)
  }

  @Test func elements_are_aligned_to_their_size_and_ordered_by_their_index() throws {
    let tree = try tree([2: "le:u8/8>>0", 5: "le:u24/32>>0"])
    let scan = try ADCScan([Self.channel(5), Self.channel(2)], trigger: "pilot-mid", roots: tree.roots)
    try append([3, 9, 9, 9, 4, 0, 0, 0], to: tree)
    #expect(try scan.newest() == [-992, -994])
  }

  @Test func a_trigger_or_a_channel_that_is_not_there_is_named() throws {
    let tree = try tree()
    let trigger = failure { () throws(LinuxError) in
      _ = try ADCScan([Self.channel(2), Self.channel(5)], trigger: "other", roots: tree.roots)
    }
    #expect(trigger?.code == ENODEV && "\(String(describing: trigger))".contains("pilot-mid"))
    let channel = failure { () throws(LinuxError) in
      try DevicePresence.find([Self.channel(2), Self.channel(3)], trigger: "pilot-mid", roots: tree.roots)
    }
    #expect(channel?.code == ENOENT)
    let none = failure { () throws(LinuxError) in
      try DevicePresence.find([Self.channel(2), Self.channel(5)], trigger: "pilot-mid", roots: tree.roots)
    }
    #expect(none == nil)
    #expect(try tree.read("sys/bus/iio/devices/iio:device1/buffer/enable") == "1", "looking changes nothing")
  }
}

@Suite struct PWMCaptureTests {
  static let description = PWMDescription(device: "4000.timer", channel: 0)

  func tree(_ capture: String? = "1000000 533000\n") throws -> DeviceTree {
    let tree = try DeviceTree()
    try tree.pwm(0, "4000.timer")
    if let capture { try tree.write(capture, "sys/class/pwm/pwmchip0/pwm0/capture") }
    return tree
  }

  @Test(arguments: [
    ("1000000 533000\n", false, PilotSignal.pwm(permille: 533)), ("1000000 533000", true, .pwm(permille: 467)),
    ("1000000 50000\n", false, .pwm(permille: 50)), ("960000 480000\n", false, .pwm(permille: 500)),
    ("1050000 1\n", false, .none), ("1000000 400\n", false, .none), ("1000000 0\n", false, .none),
    ("1000000 1000000\n", false, .none), ("1060000 500000\n", false, .none), ("940000 500000\n", false, .none),
    ("0 0\n", false, .none), ("", false, .none), ("1000000\n", false, .none), ("x y\n", false, .none),
    ("1000000 -5\n", false, .none), ("1000000 5 5\n", false, .none),
  ])
  func a_measurement_is_a_duty_or_none(text: String, isInverted: Bool, signal: PilotSignal) {
    #expect(PWMCapture.signal(text, isInverted: isInverted) == signal)
  }

  @Test func measurements_come_from_a_thread_until_they_are_not_wanted() throws {
    let tree = try tree()
    let loop = try EventLoop()
    let capture = try PWMCapture(Self.description, roots: tree.roots)
    var told: [PilotSignal] = []
    try capture.attach(to: loop, told: { told.append($0) }, failed: { Issue.record("\($0)") })
    func run(_ until: () -> Bool) throws {
      let end = loop.now + .seconds(10)
      while !until(), loop.now < end { try loop.step(until: loop.now + .milliseconds(20)) }
    }
    try run { told.count >= 3 }
    #expect(told.prefix(3) == [.pwm(permille: 533), .pwm(permille: 533), .pwm(permille: 533)])
    try tree.write("1000000 100000\n", "sys/class/pwm/pwmchip0/pwm0/capture")
    try run { told.last == .pwm(permille: 100) }
    #expect(told.last == .pwm(permille: 100))
    capture.detach()
    let count = told.count
    try loop.step(until: loop.now + .milliseconds(50))
    #expect(told.count == count)
  }

  @Test func a_driver_that_does_not_measure_is_named() throws {
    let tree = try tree(nil)
    #expect(throws: LinuxError.self) { _ = try PWMCapture(Self.description, roots: tree.roots) }
  }

  @Test func a_capture_that_fails_is_told_once() throws {
    let tree = try tree(nil)
    // A directory can be opened and not be read.
    try tree.write("", "sys/class/pwm/pwmchip0/pwm0/capture/x")
    let loop = try EventLoop()
    let capture = try PWMCapture(Self.description, roots: tree.roots)
    var failures: [Int32] = []
    try capture.attach(to: loop, told: { _ in Issue.record("a measurement") }, failed: { failures.append($0.code) })
    let end = loop.now + .seconds(10)
    while failures.isEmpty, loop.now < end { try loop.step(until: loop.now + .milliseconds(20)) }
    try loop.step(until: loop.now + .milliseconds(50))
    #expect(failures == [EISDIR])
  }
}
