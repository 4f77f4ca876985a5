import ControlPilot
import HAL
import ISO15118
import SLAC
import Safety
public import V2GTransport
import Wire

extension NodeTrace {
  /// The layer a line of the timeline belongs to.
  public var layer: String {
    switch self {
    case .pilot, .pilotFault, .duty, .offer: "pilot"
    case .slac: "slac"
    case .coupling: "pilot"
    case .frame: "link"
    case .address: "link"
    case .sdpServer, .sdpClient: "sdp"
    case .connection: "tcp"
    case .session: "v2g"
    case .safety: "safety"
    case .energy: "energy"
    case .phase: "phase"
    case .ended: "end"
    }
  }

  /// What kind of line it is, for scripts.
  public var event: String {
    switch self {
    case .pilot: "state"
    case .pilotFault: "fault"
    case .duty: "duty"
    case .offer: "offer"
    case .slac: "slac"
    case .coupling: "coupling"
    case .frame(.summary): "frames"
    case .frame: "frame"
    case .address: "address"
    case .sdpServer, .sdpClient: "sdp"
    case .connection: "connection"
    case .session(let trace):
      switch trace {
      case .received: "received"
      case .sent: "sent"
      case .answered: "answered"
      case .secc, .evcc: "state"
      case .negotiated: "negotiated"
      case .session: "session"
      case .ignoredPayload, .ignoredMessage: "ignored"
      case .failure: "failure"
      }
    case .safety: "safety"
    case .energy: "energy"
    case .phase: "phase"
    case .ended(.completed): "completed"
    case .ended(.failed): "failed"
    }
  }
}

extension NodeTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .pilot(let old, let new): "state \(old) -> \(new)"
    case .pilotFault(let fault): "\(fault)"
    case .duty(let duty): "charger drives \(duty)"
    case .offer(let offer): "vehicle reads \(offer)"
    case .slac(let trace): "\(trace)"
    case .coupling(let trace): "\(trace)"
    case .frame(let trace): "\(trace)"
    case .address(let address): "address \(address)"
    case .sdpServer(let trace): "\(trace)"
    case .sdpClient(let trace): "\(trace)"
    case .connection(let trace): "\(trace)"
    case .session(let trace): "\(trace)"
    case .safety(let trace): "\(trace)"
    case .energy(let reading): "\(reading)"
    case .phase(let phase): "\(phase)"
    case .ended(let outcome): "\(outcome)"
    }
  }
}

extension SDPServerTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .answered(let asked, let given, let to): "answered \(to): asked for \(asked), gets \(given)"
    case .refused(let reason, let from): "not answered \(from): \(reason)"
    }
  }
}

extension SDPClientTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .asked(let security, let request): "asks all nodes for a SECC, \(security), request \(request)"
    case .found(let endpoint, let security, let requests):
      "found the SECC at \(endpoint), \(security), after \(requests) request(s)"
    case .refused(let reason, let from): "answer of \(from) refused: \(reason)"
    }
  }
}

extension ConnectionTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .listening(let endpoint): "listening on \(endpoint)"
    case .connecting(let endpoint): "connecting to \(endpoint)"
    case .opened(let endpoint): "connected with \(endpoint)"
    case .refused(let endpoint): "refused a connection of \(endpoint): no session is due"
    case .closed: "closed by the peer"
    case .broken(let error): "\(error)"
    }
  }
}

extension SafetyTrace: CustomStringConvertible {
  public var description: String {
    switch self {
    case .contactor(let closed): closed ? "contactor commanded closed" : "contactor commanded open"
    case .powerStage(let enabled): enabled ? "power stage enabled" : "power stage disabled"
    case .lock(let lock): lock ? "connector locks" : "connector unlocks"
    case .fault(let fault): "fault: \(fault)"
    case .cleared(let fault): "cleared: \(fault)"
    case .energized(let live): live ? "outlet live" : "outlet dead"
    case .waiting(let obstacles):
      "nothing closes: " + obstacles.map(\.rawValue).joined(separator: ", ")
    }
  }
}

/// Thousandths as a decimal number with one place.
private func decimal(thousandths value: Int) -> String {
  let tenths = (value.magnitude + 50) / 100
  return (value < 0 ? "-" : "") + "\(tenths / 10).\(tenths % 10)"
}

extension EnergyReading: CustomStringConvertible {
  public var description: String {
    let watts = millivolts / 1000 * milliamps / 1000 * phases
    var text =
      "\(decimal(thousandths: millivolts)) V  \(decimal(thousandths: milliamps)) A\(phases > 1 ? " x \(phases)" : "")  "
    text += "\(decimal(thousandths: watts)) kW  \(wattHours) Wh"
    if let socPercent { text += "  SoC \(socPercent) %" }
    return text
  }
}

extension NodePhase: CustomStringConvertible {
  public var description: String {
    switch self {
    case .idle: "idle"
    case .pilot: "pilot"
    case .matching: "matching"
    case .joining: "joining"
    case .discovery: "discovery"
    case .setup: "setup"
    case .preparation: "preparation"
    case .energy: "energy"
    case .stopping: "stopping"
    case .finished: "finished"
    }
  }
}

extension NodeOutcome: CustomStringConvertible {
  public var description: String {
    switch self {
    case .completed(let outcome, let wattHours): "session \(outcome), \(wattHours) Wh"
    case .failed(let failure): "failed in \(failure.layer): \(failure)"
    }
  }
}

extension NodeFailure: CustomStringConvertible {
  /// The layer in which it failed, for exit messages and reports.
  public var layer: String {
    switch self {
    case .pilot, .pilotLost, .unplugged: "control pilot"
    case .slac: "SLAC"
    case .linkLost, .noAddress: "link"
    case .discovery: "SDP"
    case .connection: "TCP"
    case .session: "ISO 15118-2"
    case .safety: "safety"
    case .stuck: "node"
    }
  }

  public var description: String {
    switch self {
    case .pilot(let fault): "\(fault)"
    case .slac(let failure): "\(failure) (\(failure.clause))"
    case .linkLost(let loss): "power-line link lost: \(loss.rawValue)"
    case .noAddress: "no usable link-local address on the interface; is it up?"
    case .discovery(let failure): "\(failure)"
    case .connection: "the connection could not be made, or broke"
    case .session(let failure): "\(failure)"
    case .safety(let fault): "\(fault)"
    case .unplugged(let phase): "unplugged during \(phase)"
    case .pilotLost(let phase): "the charger took the pilot away during \(phase)"
    case .stuck(let phase): "nothing happened during \(phase) for longer than any timer; please report"
    }
  }
}
