public import Wire

/// What can happen to a charger or a vehicle at its edge, both sides alike.
///
/// Octets of the TCP connection do not come this way but by `receive(_:at:perform:)`, as a borrowed span.
public enum NetworkEvent: Sendable {
  /// An Ethernet frame of a HomePlug EtherType arrived on the modem's interface.
  case frame([UInt8])
  /// A link-local address became usable (RTM_NEWADDR without IFA_F_TENTATIVE), or was lost.
  case address(IPv6Address?)
  /// A datagram on the SDP port. `mac` is the link-layer source where the driver knows it.
  case datagram([UInt8], from: V2GEndpoint, mac: MACAddress?)
  /// Charger: where connections are accepted. An unspecified address stands for the link-local one.
  case listening(V2GEndpoint)
  /// The connection that was asked for or listened for is up. A second one beside it is for the driver to refuse;
  /// here it is only noted.
  case connected(V2GEndpoint)
  /// It is gone, by either side, or could not be made.
  case disconnected
}

/// What a charger or a vehicle wants from its network, both sides alike.
public enum NetworkAction: Sendable {
  /// An Ethernet frame to the modem's interface.
  case frame([UInt8])
  /// A datagram from the SDP socket. `nil`: to all nodes of the link, port 15118.
  case datagram([UInt8], to: V2GEndpoint?)
  /// Charger: accept one connection on this endpoint, or stop to.
  case listen(Bool)
  /// Vehicle: open the connection.
  case connect(V2GEndpoint)
  /// Octets for the connection. Valid for the length of the call.
  case send([UInt8])
  /// Send what is queued, then close.
  case close
}
