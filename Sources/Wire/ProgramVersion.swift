/// Which version of the programs this is: told by `--version` and over the control socket, and the package's.
///
/// It stands here alone. A new one also gets an entry in `packaging/changelog`; `packaging/build.sh` compares the two.
public enum ProgramVersion {
  public static let text = "0.1.0"
}
