import ArgumentParser
import Glibc
import Init

// Process 1 is another program in the same file: it must not start threads, read configuration or hold memory of its own.
let words = Array(CommandLine.arguments.dropFirst())
if words.first == "run", !words.contains("--no-init"), !words.contains("--help"), !words.contains("-h") {
    var process = InitProcess(arguments: words.filter { $0 != "--init" } + ["--no-init"])
    exit(process.run())
}
await Root.begin()
