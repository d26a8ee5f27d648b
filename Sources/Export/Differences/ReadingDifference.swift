/// What the machine says on which the file is exported, and what has no place in the output. Names are those of jobs.
package enum ReadingDifference: Hashable, Sendable {
    /// A variable that the shell of this machine has set.
    case variableOfThisMachine(String)
    case noPublicURL
    /// A job that nothing starts.
    case leftOutManual(String)
    case leftOutSwitchedOff(String)
    /// An action that nothing carries out.
    case noActions(String)

    var words: DifferenceWords {
        switch self {
        case .variableOfThisMachine(let name):
            .init("\(name) has the value of this machine in the output", hint: "give the one of the image: --env-file with a line \(name)=value")
        case .noPublicURL:
            .init(
                "SHIPKEEPER_PUBLIC_URL is http://127.0.0.1 with the port there, since the public address is not known",
                hint: "--env-file with a line PUBLIC_URL=https://app.example.com")
        case .leftOutManual(let job):
            .init("\(job) is left out: it runs only when it is started manually, and no shipkeeper is there to start it", isLeftOut: true)
        case .leftOutSwitchedOff(let job): .init("\(job) is left out: \"enabled\" is false")
        case .noActions(let action): .init("actions are left out: no shipkeeper runs that would carry out \(action)", isLeftOut: true)
        }
    }
}
