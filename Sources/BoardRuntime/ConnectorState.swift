public import HAL
import Node
import Safety

/// What is known of a connector beyond its node, for those who ask.
public struct ConnectorState: Sendable {
  /// The mirror contacts say closed.
  public private(set) var isContactorClosed = false
  public private(set) var isLocked = false
  public private(set) var output = PowerReading.zero
  /// What the meter shows, Wh.
  public private(set) var meterWattHours = 0
  /// What the session got, Wh.
  public private(set) var sessionWattHours = 0
  public private(set) var lastEnd: String?

  mutating func note(_ event: ChargerEvent) {
    switch event {
    case .contactorFeedback(let closed): isContactorClosed = closed
    case .lock(let locked): isLocked = locked
    case .output(let reading, let wattHours):
      output = reading
      meterWattHours = wattHours
    default: break
    }
  }

  mutating func note(_ trace: NodeTrace) {
    switch trace {
    case .energy(let reading): sessionWattHours = reading.wattHours
    case .phase(.pilot): sessionWattHours = 0
    case .ended(let outcome):
      lastEnd = "\(outcome)"
      if case .completed(_, let wattHours) = outcome { sessionWattHours = wattHours }
    default: break
    }
  }
}
