import Foundation

/// Random moments at which to cut short what takes a while, spread over it however fast the machine is just now.
package struct Moments {
    private var random: SeededRandom
    private let name: String
    /// How long the whole takes, as far as is known: what was cut short teaches it.
    private var whole: Double
    package private(set) var cut = 0
    package private(set) var late = 0

    /// - Parameter whole: How long it takes on an idle machine.
    package init(_ name: String, seed: UInt64, whole: Duration) {
        random = SeededRandom(seed: seed)
        self.name = name
        self.whole = whole / .seconds(1)
        print("\(name): seed \(seed)")
    }

    /// Sleeps until the next one.
    package mutating func wait() { Thread.sleep(forTimeInterval: Double.random(in: 0.05...1.2, using: &random) * whole) }

    /// - Parameter wasOver: Whether the moment came when all was done.
    package mutating func note(wasOver: Bool) {
        if wasOver { late += 1 } else { cut += 1 }
        let isKnown = cut > 0 && late > 0
        whole *= wasOver ? (isKnown ? 0.8 : 0.6) : (isKnown ? 1.07 : 1.5)
    }

    /// Whether they came before the end as well as after it.
    package var areSpread: Bool {
        print("\(name): \(cut) moments came before the end, \(late) after it")
        return cut > 0 && late > 0
    }
}
