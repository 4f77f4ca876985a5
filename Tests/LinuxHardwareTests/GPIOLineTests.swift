import CGPIOD
import Foundation
import Glibc
import HAL
import LinuxHardware
import Testing

extension GPIOTests {
  /// Lines of the kernel's simulated chips: finding, driving, reading, and what is said when that fails.
  @Suite struct Lines {
    @Test func the_library_is_one_that_is_known() throws {
      let version = String(cString: cgpio_library_version())
      print("libgpiod \(version)")
      #expect([1, 2].contains(cgpio_library_major()))
      #expect(version.hasPrefix("\(cgpio_library_major())."))
    }

    @Test func a_line_is_found_by_name_and_driven() throws {
      let first = try SimulatedChip("first", ["OTHER", nil])
      let second = try SimulatedChip("second", [nil, nil, "RELAY_1_ENABLE"])
      var relay = try GPIOOutput(LineDescription(.named("RELAY_1_ENABLE")), initial: true)
      #expect(try second.level(2))
      try relay.set(false)
      #expect(try !second.level(2))
      try relay.set(true)
      #expect(try second.level(2))
      let value = relay.value
      #expect(value)
      _ = first
    }

    @Test func a_line_is_found_by_chip_label_and_offset() throws {
      let chip = try SimulatedChip("2198000.gpio", [nil, nil, nil, nil])
      let place = LineDescription.Place.offset(chip: "2198000.gpio", 3)
      var line = try GPIOOutput(LineDescription(place))
      try line.set(true)
      #expect(try chip.level(3))
      let missing = #expect(throws: LinuxError.self) {
        _ = try GPIOInput(LineDescription(.offset(chip: "no such chip", 3)))
      }
      #expect(missing?.code == ENOENT)
      let beyond = #expect(throws: LinuxError.self) {
        _ = try GPIOInput(LineDescription(.offset(chip: "2198000.gpio", 4)))
      }
      #expect(beyond?.code == EINVAL, "\(String(describing: beyond))")
      #expect("\(try #require(beyond))".contains("no such offset"))
    }

    @Test func a_line_is_found_by_the_device_behind_its_chip() throws {
      let first = try SimulatedChip("expander", [nil, nil])
      let second = try SimulatedChip("expander2", [nil, nil], label: "expander")
      var line = try GPIOOutput(LineDescription(.device(path: second.devicePath, 1)))
      try line.set(true)
      #expect(try second.level(1))
      #expect(try !first.level(1))
      let missing = #expect(throws: LinuxError.self) {
        _ = try GPIOInput(LineDescription(.device(path: "platform/gpio-sim.none", 1)))
      }
      #expect(missing?.code == ENOENT)
    }

    @Test func a_name_that_is_there_twice_is_refused() throws {
      let first = try SimulatedChip("first", ["SENSE", "TWICE", "TWICE"])
      let second = try SimulatedChip("second", ["SENSE"])
      for name in ["SENSE", "TWICE"] {
        let error = #expect(throws: LinuxError.self) { _ = try GPIOInput(LineDescription(.named(name))) }
        #expect(error?.code == ENOTUNIQ)
        #expect("\(try #require(error))".contains("several have this name"))
      }
      _ = (first, second)
    }

    @Test func an_alias_of_a_chip_is_no_second_chip() throws {
      let chip = try SimulatedChip("chip", ["ONCE"])
      let alias = "/dev/gpiochip99"
      try #require(symlink(chip.chipName, alias) == 0)
      defer { unlink(alias) }
      for place in [LineDescription.Place.named("ONCE"), .offset(chip: "chip", 0)] {
        var line = try GPIOOutput(LineDescription(place))
        try line.set(true)
        #expect(try chip.level(0))
      }
    }

    @Test func a_user_without_rights_is_told_the_group() throws {
      let chip = try SimulatedChip("chip", ["LINE"])
      try #require(seteuid(65534) == 0)
      let errors = [LineDescription.Place.named("LINE"), .offset(chip: "chip", 0)].map { place in
        #expect(throws: LinuxError.self) { _ = try GPIOInput(LineDescription(place)) }
      }
      try #require(seteuid(0) == 0)
      for error in errors {
        #expect(error?.code == EACCES)
        #expect("\(try #require(error))".contains("group gpio"))
      }
      _ = chip
    }

    @Test func two_chips_with_one_label_are_refused() throws {
      let chip = try SimulatedChip("label", ["A"])
      let other = try SimulatedChip("label2", ["B"], label: "label")
      let error = #expect(throws: LinuxError.self) {
        _ = try GPIOInput(LineDescription(.offset(chip: "label", 0)))
      }
      #expect(error?.code == ENOTUNIQ)
      _ = (chip, other)
    }

    @Test func a_name_that_is_nowhere_is_told_with_the_way_to_look() throws {
      let chip = try SimulatedChip("chip", ["CP_INVERT"])
      for name in ["CP_INVER", "CP_INVERT2", "", String(repeating: "x", count: 1000)] {
        let error = #expect(throws: LinuxError.self) { _ = try GPIOInput(LineDescription(.named(name))) }
        #expect(error?.code == ENOENT)
        #expect("\(try #require(error))".contains("gpioinfo"))
      }
      _ = chip
    }

    @Test func active_low_turns_both_directions_around() throws {
      let chip = try SimulatedChip("chip", ["OUT_N", "IN_N"])
      var output = try GPIOOutput(LineDescription(.named("OUT_N"), isActiveLow: true), initial: false)
      #expect(try chip.level(0), "inactive is high")
      try output.set(true)
      #expect(try !chip.level(0))
      let input = try GPIOInput(LineDescription(.named("IN_N"), isActiveLow: true))
      try chip.pull(1, true)
      #expect(try !input.isActive())
      try chip.pull(1, false)
      #expect(try input.isActive())
    }

    @Test func bias_pulls_an_input() throws {
      let chip = try SimulatedChip("chip", ["UP", "DOWN"])
      defer { withExtendedLifetime(chip) {} }
      // What a test pulls outside would be stronger: it is high by another resistor before.
      do {
        let before = try GPIOInput(LineDescription(.named("DOWN"), bias: .pullUp))
        #expect(try before.isActive())
      }
      let up = try GPIOInput(LineDescription(.named("UP"), bias: .pullUp))
      let down = try GPIOInput(LineDescription(.named("DOWN"), bias: .pullDown))
      #expect(try up.isActive())
      #expect(try !down.isActive())
    }

    @Test func an_open_drain_output_is_accepted() throws {
      let chip = try SimulatedChip("chip", ["RESET_N"])
      var line = try GPIOOutput(LineDescription(.named("RESET_N"), drive: .openDrain), initial: false)
      #expect(try !chip.level(0))
      try line.set(true)
    }

    @Test func a_line_of_somebody_else_is_told_with_the_holder() throws {
      let chip = try SimulatedChip(
        "chip", ["HELD", "OURS"], hogs: [SimulatedChip.Hog(offset: 0, consumer: "another driver")])
      let error = #expect(throws: LinuxError.self) { _ = try GPIOOutput(LineDescription(.named("HELD"))) }
      #expect(error?.code == EBUSY)
      #expect("\(try #require(error))".contains("\"another driver\" holds it"))
      let first = try GPIOInput(LineDescription(.named("OURS")), consumer: "coupler 1")
      let again = #expect(throws: LinuxError.self) { _ = try GPIOInput(LineDescription(.named("OURS"))) }
      #expect("\(try #require(again))".contains("\"coupler 1\" holds it"))
      _ = (chip, first)
    }

    @Test func a_line_can_be_taken_again_when_it_was_let_go() throws {
      let chip = try SimulatedChip("chip", ["LINE"])
      for _ in 0..<50 {
        _ = try GPIOOutput(LineDescription(.named("LINE")))
        _ = try GPIOEdges(LineDescription(.named("LINE")))
      }
      _ = chip
    }

    /// A second descriptor keeps the request alive, so that the level after letting go can be seen; the simulation would
    /// otherwise return to its pull.
    @Test(arguments: [(true, false), (false, true)])
    func letting_go_drives_the_safe_level(safe: Bool, isActiveLow: Bool) throws {
      let chip = try SimulatedChip("chip", ["LINE"])
      try chip.pull(0, safe == isActiveLow)
      let before = gpioDescriptors()
      var line = try GPIOOutput(
        LineDescription(.named("LINE"), isActiveLow: isActiveLow), initial: !safe, safe: safe)
      let held = gpioDescriptors().subtracting(before).map { dup($0) }
      try #require(!held.isEmpty)
      try line.set(!safe)
      #expect(try chip.level(0) == (!safe != isActiveLow))
      _ = consume line
      #expect(try chip.level(0) == (safe != isActiveLow))
      for descriptor in held { close(descriptor) }
      #expect(try chip.level(0) == (safe == isActiveLow), "given back: the pull decides")
    }

    @Test func a_chip_that_is_gone_is_told() throws {
      let chip = try SimulatedChip("chip", ["OUT", "IN"])
      var output = try GPIOOutput(LineDescription(.named("OUT")))
      let input = try GPIOInput(LineDescription(.named("IN")))
      try chip.unplug()
      let driven = #expect(throws: LinuxError.self) { try output.set(true) }
      #expect(driven?.code == ENODEV)
      let claimed = output.value
      #expect(!claimed, "what was not driven is not claimed")
      let read = #expect(throws: LinuxError.self) { _ = try input.isActive() }
      #expect(read?.code == ENODEV)
      #expect("\(try #require(read))".contains("its chip is gone"))
    }

    @Test func a_debounced_input_ignores_a_short_change() throws {
      let chip = try SimulatedChip("chip", ["BUTTON"])
      let line = LineDescription(.named("BUTTON"), debounce: .milliseconds(40))
      let button = try GPIOInput(line)
      #expect(try !button.isActive())
      try chip.pull(0, true)
      waitForEdge()
      #expect(try !button.isActive())
      try chip.pull(0, false)
      waitForEdge()
      #expect(try !button.isActive())
      try chip.pull(0, true)
      waitForEdge()
      for _ in 0..<10 {
        _ = try button.isActive()
        usleep(10_000)
      }
      #expect(try button.isActive())
    }

    /// Descriptors of this process that hold lines.
    private func gpioDescriptors() -> Set<Int32> {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
      return Set(
        names.compactMap { name in
          let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
          return target?.contains("gpio-line") == true ? Int32(name) : nil
        })
    }
  }
}
