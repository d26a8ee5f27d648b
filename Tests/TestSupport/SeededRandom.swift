/// Random numbers that come again with the same seed.
package struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mix = state
        mix = (mix ^ (mix >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mix = (mix ^ (mix >> 27)) &* 0x94d0_49bb_1331_11eb
        return mix ^ (mix >> 31)
    }

    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
