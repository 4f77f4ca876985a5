extension SiteConfiguration {
  /// Reads and checks the site file at `path`. All that is wrong with it is told at once.
  public static func load(path: String) throws(SiteFileError) -> SiteConfiguration {
    throw SiteFileError(
      path: path, problems: [SiteProblem(line: 0, column: 0, key: "", text: "site files are not read yet")])
  }

  /// As `load`, from octets at hand; `path` is for the messages.
  public static func read(_ octets: [UInt8], path: String) throws(SiteFileError) -> SiteConfiguration {
    try load(path: path)
  }

  /// What differs from this configuration to `new`, for a reload.
  public func changes(to new: SiteConfiguration) -> SiteChanges { SiteChanges() }
}
