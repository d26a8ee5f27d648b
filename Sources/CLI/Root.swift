import ArgumentParser
import Logging
@main struct R: ParsableCommand { mutating func run() { print("hi") } }
