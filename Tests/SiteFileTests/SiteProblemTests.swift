import SiteFile
import Testing

@Suite struct SiteProblemTests {
  @Test func a_problem_prints_as_compilers_print_them() {
    let error = SiteFileError(
      path: "site.yaml",
      problems: [
        SiteProblem(line: 3, column: 5, key: "log.level", text: "'loud' is none of error, warning"),
        SiteProblem(line: 0, column: 0, key: "", text: "the file cannot be read"),
      ])
    #expect(
      "\(error)" == """
        site.yaml:3:5: log.level: 'loud' is none of error, warning
        site.yaml: the file cannot be read
        """)
  }

  @Test func log_levels_go_from_quiet_to_loud() {
    let levels = SiteConfiguration.LogSettings.Level.allCases
    #expect(levels == levels.sorted())
    #expect(levels.first == .error && levels.last == .trace)
  }
}
