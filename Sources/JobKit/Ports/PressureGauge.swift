/// Measures how much processes wait for what they need.
package protocol PressureGauge: Sendable {
    /// The part of the last ten seconds in which some process waited for processor, disk or memory, in percent: the largest of the three. 0 where the system
    /// does not say. Does not block.
    func percent() -> Double
}
