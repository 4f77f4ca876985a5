import AppProtocolMessages
import EXI
import ISO15118_2Messages
import Testing
import Wire

/// A peer whose decoder holds less than the schema allows.
@Suite struct PeerLimitsTests {
  private static func handshake(
    _ count: Int, in arena: inout EXIArena, name: String = "urn:din:70121:2012:MsgDef"
  )
    -> AppProtocolDocument
  {
    let namespace = arena.string(name)
    let protocols = arena.list(
      (1...count).map {
        AppProtocol(
          protocolNamespace: namespace, versionNumberMajor: 2, versionNumberMinor: 0, schemaID: UInt8($0),
          priority: UInt8($0))
      })
    return .supportedAppProtocolReq(SupportedAppProtocolReq(appProtocol: protocols))
  }

  private func kind(_ document: AppProtocolDocument, from arena: EXIArena, _ limits: PeerLimits?) -> EXIError
    .Kind?
  {
    var output = OutputBuffer()
    do {
      try document.encode(into: &output, source: arena.span, limits: limits)
      return nil
    } catch {
      #expect(output.octets.isEmpty)
      return error.kind
    }
  }

  @Test(arguments: [(5, true), (6, false), (20, false)])
  func a_list_the_peer_has_no_room_for_is_refused(count: Int, fits: Bool) {
    var arena = EXIArena(capacity: 2048)
    let document = Self.handshake(count, in: &arena)
    #expect(kind(document, from: arena, nil) == nil)
    #expect(kind(document, from: arena, .libcbv2g) == (fits ? nil : .peerLimit))
  }

  @Test(arguments: [(19, true), (20, false)])
  func a_full_list_is_refused_where_the_peer_codes_its_end_otherwise(count: Int, fits: Bool) {
    var arena = EXIArena(capacity: 2048)
    let document = Self.handshake(count, in: &arena)
    #expect(kind(document, from: arena, PeerLimits(sparesLastItem: true)) == (fits ? nil : .peerLimit))
  }

  @Test func text_outside_ascii_is_refused_inside_a_list_too() {
    var arena = EXIArena(capacity: 2048)
    let document = Self.handshake(2, in: &arena, name: "urn:käse")
    #expect(kind(document, from: arena, nil) == nil)
    #expect(kind(document, from: arena, .libcbv2g) == .peerLimit)
  }

  @Test func a_list_inside_the_items_of_a_list_is_refused() throws {
    var arena = EXIArena(capacity: 8192)
    func schedule(_ count: Int) -> SAScheduleList {
      let entries = arena.list(
        (0..<count).map {
          PMaxScheduleEntry(
            timeInterval: .relativeTimeInterval(RelativeTimeInterval(start: UInt32($0), duration: nil)),
            pMax: PhysicalValue(multiplier: 0, unit: .W, value: 11_000))
        })
      let tuple = SAScheduleTuple(
        saScheduleTupleID: 1, pMaxSchedule: PMaxSchedule(pMaxScheduleEntry: entries), salesTariff: nil)
      return SAScheduleList(saScheduleTuple: arena.list(CollectionOfOne(tuple)))
    }
    for (count, fits) in [(12, true), (13, false)] {
      let message = ISO15118_2Messages.V2G_Message(
        header: MessageHeader(sessionID: arena.binary([0])),
        body: Body(
          bodyElement: .chargeParameterDiscoveryRes(
            ChargeParameterDiscoveryRes(
              responseCode: .OK, evseProcessing: .Finished, saSchedules: .saScheduleList(schedule(count)),
              evseChargeParameter: .acEVSEChargeParameter(
                AC_EVSEChargeParameter(
                  acEVSEStatus: AC_EVSEStatus(notificationMaxDelay: 0, evseNotification: .None, rcd: false),
                  evseNominalVoltage: PhysicalValue(multiplier: 0, unit: .V, value: 230),
                  evseMaxCurrent: PhysicalValue(multiplier: 0, unit: .A, value: 16)))))))
      var plain = OutputBuffer()
      try message.encode(into: &plain, source: arena.span)
      var limited = OutputBuffer()
      if fits {
        try message.encode(into: &limited, source: arena.span, limits: .libcbv2g)
        #expect(limited.octets == plain.octets)
      } else {
        let error = #expect(throws: EXIError.self) {
          try message.encode(into: &limited, source: arena.span, limits: .libcbv2g)
        }
        #expect(error?.kind == .peerLimit)
      }
    }
  }
}
