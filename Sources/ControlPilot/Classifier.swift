public import HAL

/// The state a level stands for, given the state before: IEC 61851-1 Table A.4 with its gaps between the bands
/// filled by memory. Pure, total, and the only place where a level becomes a state.
///
/// Apply it to the positive part of the pilot. With an oscillating pilot the negative part must be
/// `isNegativeLevelSound`.
/// - Parameters:
///   - millivolts: the level, mV against protective earth.
///   - previous: the state held so far.
public func pilotState(millivolts: Int, previous: PilotState) -> PilotState {
  switch millivolts {
  case 13_001...: .fault
  case 11_000...: .A
  case 10_000...: previous == .A ? .A : .B
  case 8_000...: .B
  case 7_000...: previous == .A || previous == .B ? .B : .C
  case 5_000...: .C
  case 4_000...: previous == .A || previous == .B || previous == .C ? .C : .D
  case 2_000...: .D
  case 1_000...: previous == .A || previous.isConnected ? .D : .E
  case (-1_000)...: .E
  // Not in the standard: a margin below E for front ends with an offset, and one above F likewise.
  case (-2_000)...: previous == .fault || previous == .F ? .fault : .E
  case (-10_000)...: .fault
  case (-11_000)...: previous == .F ? .F : .fault
  case (-13_000)...: .F
  default: .fault
  }
}

/// True where the negative part of an oscillating pilot is the open-circuit one, as the diode of a sound
/// vehicle leaves it (IEC 61851-1 Annex A.2.2). Without the diode, R2 loads it to -8.8 V or nearer to zero.
public func isNegativeLevelSound(millivolts: Int) -> Bool {
  pilotState(millivolts: millivolts, previous: .F) == .F
}
