import ArgumentParser

/// The flag `--json`. Whether it is given is known before the arguments are parsed, since their mistakes are reported as JSON too:
/// `Console.isJSON` says so, and this only declares it.
struct JSONOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print the answer as one JSON object: ok, data and problems.")
    var isGiven = false
}
