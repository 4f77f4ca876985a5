import ControlAPI
import Foundation
import Testing

@testable import BoardRuntime

/// When a device that failed is tried again by a new start, which forgets what was ordered since the last.
@Suite struct RestartTests {
  typealias Place = RestartRule.Place

  @Test(arguments: [
    ([Place(isBroken: true)], true), ([Place()], false), ([Place(isBroken: true), Place()], true),
    ([Place(isBroken: true, isIdle: false)], true),
    // Somebody is plugged in, also where nothing flows: the vehicle would see the pilot go and come back.
    ([Place(isBroken: true), Place(isIdle: false)], false),
    // A customer walks to the plug.
    ([Place(isBroken: true), Place(isGranted: true)], false),
    ([Place(isBroken: true, isGranted: true)], true),
    // An electrician's pause and a load management's limit end with a new start, the broken connector's too.
    ([Place(isBroken: true), Place(isHeldBack: true)], false),
    ([Place(isBroken: true, isHeldBack: true)], false),
  ])
  func what_was_ordered_outlasts_a_broken_device(places: [Place], isDue: Bool) {
    #expect(RestartRule(starts: 0).isDue(places, sinceStart: .seconds(61)) == isDue)
    #expect(!RestartRule(starts: 0).isDue(places, sinceStart: .seconds(59)))
  }

  @Test func a_device_that_stays_broken_is_tried_less_and_less_often() throws {
    #expect(
      (0..<8).map { RestartRule(starts: $0).pause }
        == [60, 120, 240, 480, 960, 1920, 3600, 3600].map { .seconds($0) })
    #expect(
      RestartRule(starts: .max).pause == .seconds(3600) && RestartRule(starts: -1).pause == .seconds(60))
    let folder = FileManager.default.temporaryDirectory.appending(path: "coupler-run-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for count in 0..<3 {
      let rule = RestartRule(folder: folder)
      #expect(rule.starts == count)
      rule.remember(folder: folder, ranFor: rule.pause)
    }
    RestartRule(folder: folder).remember(folder: folder, ranFor: .seconds(8000))
    #expect(RestartRule(folder: folder).starts == 1, "it worked for hours in between")
    RestartRule.forget(folder: folder)
    #expect(RestartRule(folder: folder).starts == 0)
    try "many".write(toFile: folder + "/restarts", atomically: true, encoding: .utf8)
    #expect(RestartRule(folder: folder).starts == 0 && RestartRule(folder: nil).starts == 0)
  }

  /// 60 s of a driver that rounds are a contactor that stays closed for 60 s after SIGKILL.
  @Test func a_watchdog_that_takes_longer_than_asked_for_is_told() {
    #expect(HardwareWatchdog.concern(wanted: 10, actual: 60)?.contains("60 s of the 10 s") == true)
    for actual in [9, 10] { #expect(HardwareWatchdog.concern(wanted: 10, actual: actual) == nil) }
  }

  /// Of a connector: what its place is made of.
  @Test func grants_pauses_and_limits_count() throws {
    func rig(_ free: Bool = false) throws -> ControlDeskTests.Rig {
      try ControlDeskTests.Rig(.ac, free: free)
    }
    #expect(try rig().connector.restartPlace == Place())
    #expect(try rig(true).connector.restartPlace == Place(), "everybody may charge after a start, too")
    let granted = try rig()
    granted.connector.authorize(true)
    #expect(granted.connector.restartPlace == Place(isGranted: true))
    let paused = try rig()
    paused.connector.pause()
    #expect(paused.connector.restartPlace == Place(isHeldBack: true))
    let narrowed = try rig()
    try narrowed.connector.narrow(ControlLimits(milliamps: 10_000))
    #expect(narrowed.connector.restartPlace == Place(isHeldBack: true))
  }
}
