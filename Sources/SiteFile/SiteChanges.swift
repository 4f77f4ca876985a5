/// What differs between two site files, for a reload by SIGHUP.
public struct SiteChanges: Hashable, Sendable {
  /// One setting that differs.
  public struct Change: Hashable, Sendable {
    /// "connectors[1].limits.current-max"
    public var key: String
    /// As a site file says it; `nil` where the setting is not given.
    public var old: String?
    public var new: String?

    public init(key: String, old: String?, new: String?) {
      self.key = key
      self.old = old
      self.new = new
    }
  }

  /// Taken while the daemon runs.
  public var live: [Change] = []
  /// Taken by the next start only. Where there is one, a reload takes nothing of the file: half of it would be a
  /// station that neither file describes.
  public var needRestart: [Change] = []

  public init() {}

  public var isEmpty: Bool { live.isEmpty && needRestart.isEmpty }
}
