public import HAL
import BoardSimulation
import BoardSimulationEv
import BoardGeneric
import BoardRaspberrypiQca7000
import BoardRaspberrypiQca7000Ev
import BoardChargebyteTarragon
import BoardChargebyteChargeSom
import BoardChargebyteEvachargeSe
import BoardPionixBelaybox
import BoardPhytecPhyverso

/// Every board this program knows.
public enum BoardCatalogue {
  /// The simulation first, then by name.
  public static let boards: [BoardDescription] =
    [SimulationBoard.board]
    + [
      SimulationEvBoard.board,
      GenericBoard.board,
      RaspberrypiQca7000Board.board,
      RaspberrypiQca7000EvBoard.board,
      TarragonBoard.board,
      ChargeSomBoard.board,
      EvachargeSeBoard.board,
      BelayboxBoard.board,
      PhyversoBoard.board,
    ].sorted { $0.name < $1.name }

  /// The board of this name.
  public static func board(named name: String) -> BoardDescription? { boards.first { $0.name == name } }

  /// The boards a machine may be, the surest first: by `compatible`, then by a part of the model, then by DMI.
  ///
  /// - Parameters:
  ///   - compatible: entries of `/proc/device-tree/compatible`, the most specific first.
  ///   - model: `/proc/device-tree/model`, empty where there is none.
  ///   - dmi: board and product names of the firmware's tables.
  public static func detect(compatible: [String], model: String, dmi: [String]) -> [BoardDescription] {
    var found: [(rank: Int, board: BoardDescription)] = []
    for board in boards {
      let ranks = board.matches.compactMap { match in
        switch match {
        case .compatible(let text): compatible.firstIndex(of: text)
        case .model(let text): model.holds(text) ? 1_000 : nil
        case .dmi(let text): dmi.contains(text) ? 2_000 : nil
        }
      }
      if let rank = ranks.min() { found.append((rank, board)) }
    }
    return found.sorted { ($0.rank, $0.board.name) < ($1.rank, $1.board.name) }.map(\.board)
  }
}
