import BoardSimulation
import HAL
import Testing

@Suite struct BoardTests {
  @Test func the_simulation_board_is_sound() {
    #expect(SimulationBoard.board.problems == [])
    #expect(SimulationBoard.board.name == "simulation")
  }

  @Test func a_board_says_what_is_wrong_with_it() {
    var board = SimulationBoard.board
    board.name = "my board"
    board.outlets[1].milliampsMax = 5_999
    // One for the name, and whatever else a current that small contradicts at its outlet.
    #expect(board.problems.contains { $0.hasPrefix("name") })
    #expect(board.problems.contains { $0.hasPrefix("outlets[1].milliampsMax") })
    #expect(!board.problems.contains { $0.hasPrefix("outlets[0]") })
    board.outlets[0].receiverLossDecibels = 256
    #expect(board.problems.contains { $0.hasPrefix("outlets[0].receiverLossDecibels") })
    board.outlets = []
    #expect(board.problems.contains { $0.hasPrefix("outlets:") })
  }
}
