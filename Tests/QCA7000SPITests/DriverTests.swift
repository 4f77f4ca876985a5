import QCA7000SPI
import SimulatedHardware
import Testing
import Wire

@Suite struct DriverTests {
  @Test func it_finds_the_chip_resets_it_and_waits_for_its_processor() {
    var rig = SPIRig()
    rig.start()
    rig.run(.seconds(5)) { $0.driver.isInSync }
    // The chip boots 0.3 s from 0; found at 1 s, since a chip that boots does not answer; reset; 0.3 s more.
    #expect(rig.now < .zero + .milliseconds(1310))
    #expect(rig.traces == [.noChip(signature: 0), .resetting, .inSync])
    #expect(rig.carriers == [true])
    #expect(rig.driver.counters.triggeredResets == 1)
    #expect(rig.chip.counters.resets == 1)
  }

  @Test func at_rest_it_has_no_deadline_and_no_message() {
    var rig = SPIRig.inSync()
    rig.receive(frame(1))
    rig.send(frame(2))
    rig.run(.milliseconds(500))
    let messages = rig.messages
    #expect(rig.delivered == [frame(1)])
    #expect(rig.driver.deadline == nil)
    rig.run(.seconds(100_000))
    #expect(rig.messages == messages)
  }

  @Test func frames_go_both_ways_in_order() {
    var rig = SPIRig.inSync()
    let lengths = [60, 61, 300, 1518]
    for number in 0..<40 {
      let octets = frame(UInt64(number), count: lengths[number % 4])
      rig.send(octets)
      rig.receive(octets)
      rig.run(.milliseconds(4))
    }
    rig.run(.seconds(1))
    let expected = (0..<40).map { frame(UInt64($0), count: lengths[$0 % 4]) }
    #expect(rig.delivered == expected)
    #expect(rig.transmitted == expected)
    #expect(rig.driver.counters.delivered == 40)
    #expect(rig.driver.counters.sent == 40)
    #expect(rig.driver.counters.syncLosses == 0)
    #expect(rig.driver.framing.errors == 0)
  }

  @Test func short_frames_of_the_host_are_padded() {
    var rig = SPIRig.inSync()
    rig.send(frame(7, count: 26))
    rig.run(.milliseconds(10))
    #expect(rig.transmitted == [frame(7, count: 26) + [UInt8](repeating: 0, count: 34)])
  }

  @Test(arguments: [false, true])
  func a_full_write_buffer_is_waited_for(legacy: Bool) {
    var rig = SPIRig.inSync(
      driver: { $0.legacyMode = legacy }, chip: { $0.legacyMode = legacy })
    for number in 0..<12 { rig.send(frame(UInt64(number), count: 1518)) }
    rig.run(.seconds(1))
    #expect(rig.transmitted == (0..<12).map { frame(UInt64($0), count: 1518) })
    #expect(rig.driver.counters.writeBufferMisses > 0)
    #expect(rig.chip.counters.writeOverruns == 0)
  }

  @Test func what_the_queue_cannot_take_is_refused_and_counted() {
    var rig = SPIRig.inSync(driver: { $0.queueMax = 4 })
    for number in 0..<10 { rig.send(frame(UInt64(number), count: 1000)) }
    rig.run(.seconds(1))
    let counters = rig.driver.counters
    #expect(Int(counters.sent) == rig.transmitted.count)
    #expect(counters.sent + counters.transmitRingFull == 10)
    #expect(counters.transmitRingFull > 0)
    rig.send([1, 2, 3])
    rig.send(frame(1, count: 1519))
    #expect(rig.driver.counters.refusedTooShort == 1)
    #expect(rig.driver.counters.refusedTooLong == 1)
  }

  @Test func without_sync_frames_are_refused() {
    var rig = SPIRig()
    rig.send(frame(1))
    rig.start()
    rig.send(frame(2))
    #expect(rig.driver.counters.refusedNoCarrier == 2)
  }

  @Test func a_chip_that_resets_itself_is_in_sync_again_when_it_has_booted() {
    var rig = SPIRig.inSync()
    rig.toChip(.reset)
    rig.run(.milliseconds(400))
    #expect(rig.driver.isInSync)
    #expect(rig.carriers == [true, false, true])
    #expect(rig.driver.counters.deviceResets == 1)
    #expect(rig.driver.counters.triggeredResets == 1)
    rig.send(frame(1))
    rig.receive(frame(2))
    rig.run(.milliseconds(10))
    #expect(rig.transmitted == [frame(1)] && rig.delivered == [frame(2)])
  }

  @Test func a_chip_that_does_not_answer_is_looked_for_every_second() {
    var rig = SPIRig(chip: { $0.bootTime = .seconds(10_000) })
    rig.start()
    rig.run(.milliseconds(9_500))
    #expect(rig.messages == 10)
    #expect(rig.traces == [.noChip(signature: 0)])
  }

  @Test func a_reset_without_CPU_ON_is_repeated_after_three_rounds() {
    var rig = SPIRig()
    rig.start()
    rig.run(.seconds(2)) { $0.chip.counters.resets == 1 }
    // Its interrupt would come at 300 ms; a chip that dies in its reset.
    rig.chip = QCA7000Chip(.init(), seed: 1, at: rig.now + .seconds(4))
    rig.run(.seconds(10)) { $0.driver.isInSync }
    #expect(rig.driver.counters.resetTimeouts == 1)
    #expect(rig.driver.counters.triggeredResets == 2)
    #expect(rig.driver.isInSync)
  }

  @Test func a_stale_first_signature_does_not_matter() {
    let rig = SPIRig.inSync(chip: { $0.faults.staleSignature = true })
    #expect(rig.driver.counters.badSignatures == 0)
    #expect(rig.driver.isInSync)
  }

  @Test func a_bus_that_fails_is_tried_again_after_a_second() {
    var rig = SPIRig.inSync()
    rig.failures = 1
    rig.send(frame(1))
    rig.run(.milliseconds(100))
    #expect(!rig.driver.isInSync)
    #expect(rig.driver.counters.spiErrors == 1)
    #expect(rig.driver.counters.droppedAtSyncLoss == 1)
    #expect(rig.carriers == [true, false])
    rig.run(.seconds(2)) { $0.driver.isInSync }
    #expect(rig.driver.isInSync)
  }

  @Test func a_missed_interrupt_is_made_up_for_while_there_is_traffic() {
    var rig = SPIRig.inSync()
    rig.send(frame(1))
    rig.run(.milliseconds(10))
    rig.chip.faults.missedInterrupts = 1_000_000
    rig.receive(frame(2))
    rig.run(.milliseconds(200))
    #expect(rig.delivered == [frame(2)])
    #expect(rig.driver.counters.missedInterrupts == 1)
  }

  @Test func a_missed_interrupt_after_a_rest_is_made_up_for_by_the_next_frame() {
    var rig = SPIRig.inSync()
    rig.run(.seconds(1))
    rig.chip.faults.missedInterrupts = 1_000_000
    rig.receive(frame(2))
    rig.run(.seconds(1))
    #expect(rig.delivered.isEmpty)
    rig.send(frame(1))
    rig.run(.milliseconds(10))
    #expect(rig.delivered == [frame(2)])
  }

  @Test func without_an_interrupt_line_the_chip_is_polled() {
    var rig = SPIRig(driver: { $0.pollInterval = .milliseconds(5) })
    rig.chip.faults.missedInterrupts = 1_000_000
    rig.start()
    rig.run(.seconds(3)) { $0.driver.isInSync }
    #expect(rig.now < .zero + .milliseconds(1310))
    rig.receive(frame(2))
    rig.run(.milliseconds(10))
    #expect(rig.delivered == [frame(2)])
    #expect(rig.driver.counters.missedInterrupts == 0)
  }

  @Test(arguments: [false, true])
  func frames_that_come_during_service_are_not_forgotten(holds: Bool) {
    // PKT_AVLBL of a frame that came between survey and acknowledgement is cleared with the one before.
    for delay in stride(from: 0, through: 400, by: 3) {
      var rig = SPIRig.inSync(driver: { $0.timers.recheck = nil }, chip: { $0.holdsPacketAvailable = holds })
      rig.receive(frame(1))
      rig.run(.microseconds(delay))
      rig.receive(frame(2))
      rig.run(.milliseconds(10))
      #expect(rig.delivered == [frame(1), frame(2)], "\(delay) µs")
    }
  }

  @Test func a_read_buffer_that_overflows_costs_frames_and_counts_them() {
    var rig = SPIRig.inSync()
    for number in 0..<100 { rig.receive(frame(UInt64(number), count: 100)) }
    rig.run(.milliseconds(50))
    #expect(rig.delivered.count + rig.chip.counters.readOverruns == 100)
    #expect(rig.chip.counters.readOverruns > 0)
    #expect(rig.driver.isInSync)
  }

  @Test func a_hanging_line_ends_in_a_reset() {
    var rig = SPIRig.inSync(chip: { $0.lineRate = 1 })
    for number in 0..<4 { rig.send(frame(UInt64(number), count: 1518)) }
    rig.run(.seconds(3))
    #expect(rig.driver.counters.transmitTimeouts == 1)
    #expect(rig.driver.counters.droppedAtSyncLoss == 2)
    #expect(rig.chip.counters.writeLostInReset == 2)
    #expect(rig.driver.isInSync)
  }

  @Test func registers_are_read_back_where_that_is_asked_for() {
    var rig = SPIRig.inSync(driver: { $0.writeVerifications = 3 })
    for number in 0..<10 {
      rig.send(frame(UInt64(number)))
      rig.receive(frame(UInt64(number)))
      rig.run(.milliseconds(3))
    }
    #expect(rig.delivered.count == 10 && rig.transmitted.count == 10)
    rig.chip.faults.mosiBitErrors = 100_000
    for number in 0..<200 {
      rig.send(frame(UInt64(number)))
      rig.run(.milliseconds(3))
    }
    #expect(rig.driver.counters.rereads > 0)
  }

  @Test(arguments: [QCA7000Interrupts.readBufferError, .writeBufferError])
  func errors_of_a_buffer_reset_the_chip(error: QCA7000Interrupts) {
    var rig = SPIRig.inSync()
    var actions: [QCA7000ChipAction] = []
    var message = SPIMessage()
    if error == .readBufferError {
      message.readFrames(10)
    } else {
      message.writeFrames(frame(1), 0..<60)
    }
    // Somebody else on the bus; as good as noise.
    _ = rig.chip.exchange(message, at: rig.now) { actions.append($0) }
    #expect(actions == [.interrupt])
    rig.toDriver(.interrupt)
    rig.run(.seconds(1))
    let counters = rig.driver.counters
    #expect(counters.syncLosses == 1)
    #expect((error == .readBufferError ? counters.readBufferErrors : counters.writeBufferErrors) == 1)
    #expect(counters.triggeredResets == 2)
    #expect(rig.driver.isInSync)
  }

  @Test func it_stops_for_good_until_it_is_started_again() {
    var rig = SPIRig.inSync()
    rig.send(frame(1))
    rig.toDriver(.stop)
    rig.run(.seconds(5))
    #expect(rig.carriers == [true, false])
    #expect(rig.driver.deadline == nil)
    #expect(rig.driver.counters.droppedAtSyncLoss == 1)
    rig.toDriver(.start)
    rig.run(.seconds(5)) { $0.driver.isInSync }
    #expect(rig.driver.isInSync)
  }

  /// Answers that no chip gives: each octet random. The driver never traps, never runs away, and keeps its bounds.
  @Test func a_bus_that_answers_anything_does_no_harm() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    for round in 0..<20 {
      var configuration = QCA7000Configuration()
      configuration.legacyMode = round % 2 == 1
      configuration.writeVerifications = round % 3
      var driver = QCA7000Driver(configuration)
      var now = Instant.zero
      var pending: [SPIMessage] = []
      var events: [QCA7000Event] = [.start]
      var transfers = 0
      for _ in 0..<2000 {
        var actions: [QCA7000Action] = []
        if let message = pending.popLast() {
          transfers += 1
          var answer = [UInt8](repeating: 0, count: message.count)
          for index in answer.indices { answer[index] = UInt8(truncatingIfNeeded: generator.next()) }
          // A good signature more often than noise has one.
          if generator.next() % 4 != 0 {
            for at in [2, 6] where at + 1 < answer.count { (answer[at], answer[at + 1]) = (0xAA, 0x55) }
            for at in [10, 14] where at + 1 < answer.count { (answer[at], answer[at + 1]) = (0x0C, 0x5B) }
          }
          if generator.next() % 8 == 0 { answer.removeLast(Int(generator.next() % 4)) }
          driver.transferred(answer.span.bytes, at: now) { actions.append($0) }
        } else if let event = events.popLast() {
          driver.handle(event, at: now) { actions.append($0) }
        } else if generator.next() % 2 == 0 {
          driver.handle(.send(frame(generator.next())), at: now) { actions.append($0) }
        } else if generator.next() % 2 == 0 {
          driver.handle(.interrupt, at: now) { actions.append($0) }
        } else {
          if let deadline = driver.deadline { now = max(now, deadline) }
          driver.handle(.timeout, at: now) { actions.append($0) }
        }
        for case .transfer(let message) in actions {
          #expect(message.count <= 5000)
          #expect(message.selects.reduce(0, +) == message.count)
          pending.append(message)
        }
        #expect(pending.count <= 1)
        #expect(driver.queued <= configuration.queueMax)
      }
      #expect(transfers > 100)
    }
  }
}
