/// What keeps a power stage that another program drives from being relied on.
public enum PowerStageTrouble: String, Hashable, Sendable, CaseIterable {
  /// Its program was never heard, or not for too long, or is gone.
  case silent
  /// It says that it is faulty.
  case faulty
  /// It gives more than it was told to.
  case disobeying
}

extension SafetySupervisor {
  /// A power stage that cannot be relied on ends what is demanded of it, also before anything is closed.
  mutating func observe(_ trouble: PowerStageTrouble?, _ perform: (Action) -> Void) {
    facts.stageTrouble = trouble
    // Where something is closed, `settle` opens it and tells then.
    if facts.demand != nil, !isContactorCommandedClosed { refuseDemand(perform) }
  }

  /// Nothing is demanded of a power stage that could not follow.
  mutating func refuseDemand(_ perform: (Action) -> Void) {
    if let trouble = facts.stageTrouble(settings) { raise(.powerStage(trouble), perform) }
  }
}
