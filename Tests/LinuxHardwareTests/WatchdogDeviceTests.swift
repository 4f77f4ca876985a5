import Glibc
import LinuxHardware
import Testing

@Suite struct WatchdogDeviceTests {
  @Test func letting_go_leaves_it_running_and_disarming_stops_it() throws {
    let tree = try DeviceTree()
    try tree.write("", "dev/watchdog")
    var crashed = try WatchdogDevice(roots: tree.roots)
    try crashed.pet()
    try crashed.pet()
    _ = consume crashed
    #expect(try tree.read("dev/watchdog") == "\0\0", "no magic character")
    try tree.write("", "dev/watchdog")
    var planned = try WatchdogDevice(roots: tree.roots)
    try planned.pet()
    try planned.disarm()
    #expect(try tree.read("dev/watchdog") == "\0V")
  }

  @Test func a_system_without_one_is_told() throws {
    let tree = try DeviceTree()
    do throws(LinuxError) {
      _ = try WatchdogDevice(roots: tree.roots)
      Issue.record("opened")
    } catch {
      #expect(error.code == ENOENT)
      #expect("\(error)".contains("softdog"))
    }
    try tree.write("", "dev/watchdog0")
    do throws(LinuxError) {
      _ = try WatchdogDevice(timeoutSeconds: 30, name: "watchdog0", roots: tree.roots)
      Issue.record("a plain file has no time")
    } catch {
      #expect(error.code == ENOTTY)
    }
  }
}
