import ArgumentParser
import Glibc
import Init

// First of all, and for every command: what stands in the environment is for this program.
OwnStart.hide()
// Process 1 is another program in the same file: it must not start threads, read configuration or hold memory of its own.
let words = OwnStart.arguments
if words.first == "run", !words.contains("--no-init"), !words.contains("--help"), !words.contains("-h") {
    var process = InitProcess(arguments: words.filter { $0 != "--init" } + ["--no-init"])
    exit(process.run())
}
await Root.begin(words)
