import Node

/// Things that come to pass at a time of their own.
enum SiteHappening {
  case charger(ChargerEvent)
  case vehicle(VehicleEvent)
  case octets([UInt8], to: SiteSide, generation: Int)
  case disconnected(SiteSide, generation: Int)
  case opened(generation: Int)
  case unplug
  case plugIn
  case vehicleDies
  case resetConnection
}
