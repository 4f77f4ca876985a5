import BoardRuntime
import Glibc

exit(Daemon.main(CommandLine.arguments))
