import SiteFile

extension SitePlan {
  /// For people: the file that was read, or that there was none.
  var name: String { path ?? "built-in site of board \(board.name)" }

  /// The site file that this plan was made of, read again, and what differs. A file that is gone since is told: the built-in
  /// site in its place would let everybody charge, with everything that the board can.
  func reread(_ options: DaemonOptions) throws(Problems) -> (plan: SitePlan, changes: SiteChanges) {
    guard let path, let configuration else {
      throw Problems(description: "the \(name) has no file to read again; a site file is taken by a restart")
    }
    var options = options
    options.sitePath = path
    let new = try SitePlan(options)
    return (new, new.configuration.map { configuration.changes(to: $0) } ?? SiteChanges())
  }
}
