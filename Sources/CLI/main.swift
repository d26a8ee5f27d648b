import ArgumentParser
import Glibc
import Init

// First of all, and for every command: what stands in the environment is for this program.
OwnStart.hide()
// Process 1 is a program of its own, which stays when this one is replaced or dies.
let words = OwnStart.arguments
if words.first == "run", !words.contains("--no-init"), !words.contains("--help"), !words.contains("-h") {
    let reason = InitProgram.begin(words.filter { $0 != "--init" } + ["--no-init"])
    Console.error("runs without an init, for that can't be started: \(reason)")
}
await Root.begin(words)
