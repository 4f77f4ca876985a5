public import Wire
public import ControlPilot
public import HAL
public import ISO15118
public import SLAC
public import Safety
public import V2GTransport
public import Wire

/// What happened in a node, one line of a timeline. Plain values: the text is made on the host.
public enum NodeTrace: Sendable {
  /// The state of the control pilot as this side sees it.
  case pilot(from: PilotState, to: PilotState)
  /// What is wrong on the pilot, where no try of a vehicle ends by it (charger).
  case pilotFault(PilotFault)
  /// What the charger puts on the pilot, or what the vehicle measures there.
  case duty(PilotDuty)
  /// What the charger offers, as the vehicle reads it.
  case offer(PilotOffer)
  case slac(SLACTrace)
  /// What pilot and SLAC did to each other (charger).
  case coupling(CouplingTrace)
  /// A frame of the modem's interface that was of no use.
  case frame(FrameTrace)
  /// The link-local address of this side became usable.
  case address(IPv6Address)
  case sdpServer(SDPServerTrace)
  case sdpClient(SDPClientTrace)
  /// The TCP connection of the session.
  case connection(ConnectionTrace)
  case session(SessionTrace)
  case safety(SafetyTrace)
  /// Present values, at most once a second while energy flows.
  case energy(EnergyReading)
  case phase(NodePhase)
  case ended(NodeOutcome)
}

/// Life of the one TCP connection of a session.
public enum ConnectionTrace: Hashable, Sendable {
  case listening(V2GEndpoint)
  case connecting(V2GEndpoint)
  case opened(V2GEndpoint)
  /// A second connection was refused while a session runs.
  case refused(V2GEndpoint)
  case closed
  /// Octets on the connection that no V2GTP parser can step over.
  case broken(V2GTPError)
}

/// What the supervisor did.
public enum SafetyTrace: Sendable {
  case contactor(closed: Bool)
  case powerStage(enabled: Bool)
  case lock(Bool)
  case fault(SafetyFault)
  /// A latched fault no longer holds.
  case cleared(SafetyFault)
  /// The outlet is live, by the mirror contacts.
  case energized(Bool)
  /// A vehicle that charges by the duty alone asks for energy, and this has kept the contactor open for a second or more.
  /// Again on each change.
  case waiting([ClosingObstacle])
}

/// Present values of the energy path.
public struct EnergyReading: Equatable, Sendable {
  /// Between the poles (DC), or from phase to neutral (AC).
  public var millivolts: Int
  /// Per phase with AC.
  public var milliamps: Int
  /// 1 with DC.
  public var phases: Int
  /// Energy since the session started, in Wh.
  public var wattHours: Int
  /// State of charge in percent where it is known.
  public var socPercent: Int?

  public init(
    millivolts: Int, milliamps: Int, phases: Int = 1, wattHours: Int, socPercent: Int? = nil
  ) {
    self.millivolts = millivolts
    self.milliamps = milliamps
    self.phases = phases
    self.wattHours = wattHours
    self.socPercent = socPercent
  }
}

/// The phases of a charge session as a person at the charger would name them. A summary shows the time each
/// one took.
public enum NodePhase: Int, CaseIterable, Sendable, Comparable {
  /// No vehicle.
  case idle
  /// Plugged in; the pilot is being brought to 5 %.
  case pilot
  /// CM_SLAC_PARM to CM_SLAC_MATCH.
  case matching
  /// CM_SET_KEY to D-LINK_READY.
  case joining
  /// Address, SDP, TCP.
  case discovery
  /// supportedAppProtocol to ChargeParameterDiscovery.
  case setup
  /// CableCheck and PreCharge, or waiting for the contactor.
  case preparation
  case energy
  /// PowerDelivery(Stop) to SessionStop.
  case stopping
  /// Session over, vehicle still plugged in.
  case finished

  public static func < (a: NodePhase, b: NodePhase) -> Bool { a.rawValue < b.rawValue }
}

/// How a plug-in ended.
public enum NodeOutcome: Sendable {
  /// The session ended in order (SessionStop), with the energy of the session in Wh.
  case completed(SessionOutcome, wattHours: Int)
  case failed(NodeFailure)
}

/// Which layer failed, and why.
public enum NodeFailure: Error, Sendable {
  case pilot(PilotFault)
  case slac(MatchFailure)
  case linkLost(LinkLoss)
  /// No usable link-local address on the interface.
  case noAddress
  case discovery(SDPFailure)
  /// The TCP connection could not be made, or broke before the session knew.
  case connection
  case session(ISO15118.SessionFailure)
  case safety(SafetyFault)
  /// The vehicle was unplugged before the session ended in order.
  case unplugged(during: NodePhase)
  /// The charger stopped to offer energy, or took the pilot away.
  case pilotLost(during: NodePhase)
  /// Nothing happened for longer than any timer of any layer: a defect of this software, please report.
  case stuck(during: NodePhase)
}
