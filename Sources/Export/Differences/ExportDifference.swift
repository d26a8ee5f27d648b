package import Settings

/// Something that the engine does in another way than shipkeeper, or not at all.
package struct ExportDifference: Hashable, Sendable {
    package enum What: Hashable, Sendable {
        case reading(ReadingDifference)
        case schedule(ScheduleDifference)
        case service(ServiceDifference)
        case container(ContainerDifference)
    }

    package var what: What
    /// Where the configuration says it.
    package var place: SourcePlace

    /// What is said of it: an error where something is left out, else a warning.
    package var problem: Problem {
        let words =
            switch what {
            case .reading(let difference): difference.words
            case .schedule(let difference): difference.words
            case .service(let difference): difference.words
            case .container(let difference): difference.words
            }
        return Problem(words.severity, at: place, words.message, hint: words.hint)
    }
}

/// A difference in words.
struct DifferenceWords {
    var severity = Problem.Severity.warning
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil, isLeftOut: Bool = false) {
        (self.message, self.hint, severity) = (message, hint, isLeftOut ? .error : .warning)
    }
}

extension Exported {
    mutating func differs(_ what: ReadingDifference, at place: SourcePlace) { note(.reading(what), at: place) }
    mutating func differs(_ what: ScheduleDifference, at place: SourcePlace) { note(.schedule(what), at: place) }
    mutating func differs(_ what: ServiceDifference, at place: SourcePlace) { note(.service(what), at: place) }
    mutating func differs(_ what: ContainerDifference, at place: SourcePlace) { note(.container(what), at: place) }

    // What is the same for several jobs is said at the first place alone.

    mutating func differsOnce(_ what: ReadingDifference, at place: SourcePlace) { noteOnce(.reading(what), at: place) }
    mutating func differsOnce(_ what: ScheduleDifference, at place: SourcePlace) { noteOnce(.schedule(what), at: place) }
    mutating func differsOnce(_ what: ServiceDifference, at place: SourcePlace) { noteOnce(.service(what), at: place) }
    mutating func differsOnce(_ what: ContainerDifference, at place: SourcePlace) { noteOnce(.container(what), at: place) }

    private mutating func noteOnce(_ what: ExportDifference.What, at place: SourcePlace) {
        if !differences.contains(where: { $0.what == what }) { note(what, at: place) }
    }
}
