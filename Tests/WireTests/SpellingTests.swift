import Testing
import Wire

@Suite struct SpellingTests {
  static let words = ["board", "connectors", "current-max", "current-min", "evse-id", "id", "journal", "log"]

  @Test(arguments: [
    ("bord", "board"), ("baord", "board"), ("Board", "board"), ("connector", "connectors"),
    ("currentMax", "current-max"), ("current_min", "current-min"), ("evseid", "evse-id"), ("lgo", "log"),
    ("journals", "journal"), ("conn", "connectors"),
  ])
  func a_slip_is_recognised(word: String, meant: String) {
    #expect(nearestWord(to: word, among: Self.words) == meant)
  }

  @Test(arguments: ["", "ocpp", "xy", "timeout", "-", String(repeating: "abc", count: 30)])
  func another_word_is_not(word: String) {
    #expect(nearestWord(to: word, among: Self.words) == nil)
  }
}
