/// The one-time authenticator of RFC 8439, section 2.5: no library that comes with us offers it by itself.
///
/// Numbers are held in three limbs of 44, 44 and 42 bits, so that products fit into 128 bits.
struct Poly1305 {
    private static let low44: UInt64 = 0xfff_ffff_ffff
    private static let low42: UInt64 = 0x3ff_ffff_ffff

    private let (r0, r1, r2): (UInt64, UInt64, UInt64)
    private let (pad0, pad1): (UInt64, UInt64)
    private var (h0, h1, h2): (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// The code of a message under a key that is used for nothing else.
    /// - Parameter key: 32 bytes: r, which is clamped here, and s.
    static func code(of message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
        var state = Poly1305(key: key)
        var at = 0
        while message.count - at >= 16 {
            state.add(load(message, at), load(message, at + 8), high: 1 << 40)
            at += 16
        }
        if at < message.count {
            var last = [UInt8](repeating: 0, count: 16)
            for index in at..<message.count { last[index - at] = message[index] }
            last[message.count - at] = 1
            state.add(load(last.span, 0), load(last.span, 8), high: 0)
        }
        return state.finish()
    }

    private init(key: Span<UInt8>) {
        let (t0, t1) = (Poly1305.load(key, 0), Poly1305.load(key, 8))
        r0 = t0 & 0xffc_0fff_ffff
        r1 = (t0 >> 44 | t1 << 20) & 0xfff_ffc0_ffff
        r2 = (t1 >> 24) & 0x00f_ffff_fc0f
        (pad0, pad1) = (Poly1305.load(key, 16), Poly1305.load(key, 24))
    }

    private static func load(_ bytes: Span<UInt8>, _ at: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[at + index]) << (8 * UInt64(index)) }
        return value
    }

    private static func product(_ left: UInt64, _ right: UInt64) -> UInt128 { UInt128(left) * UInt128(right) }

    private mutating func add(_ t0: UInt64, _ t1: UInt64, high: UInt64) {
        h0 += t0 & Poly1305.low44
        h1 += (t0 >> 44 | t1 << 20) & Poly1305.low44
        h2 += (t1 >> 24) & Poly1305.low42 | high
        // 2^130 is 5 here; the limbs begin 2 bits further up.
        let (s1, s2) = (r1 * 20, r2 * 20)
        let d0 = Poly1305.product(h0, r0) + Poly1305.product(h1, s2) + Poly1305.product(h2, s1)
        var d1 = Poly1305.product(h0, r1) + Poly1305.product(h1, r0) + Poly1305.product(h2, s2)
        var d2 = Poly1305.product(h0, r2) + Poly1305.product(h1, r1) + Poly1305.product(h2, r0)
        h0 = UInt64(truncatingIfNeeded: d0) & Poly1305.low44
        d1 += d0 >> 44
        h1 = UInt64(truncatingIfNeeded: d1) & Poly1305.low44
        d2 += d1 >> 44
        h2 = UInt64(truncatingIfNeeded: d2) & Poly1305.low42
        h0 += UInt64(truncatingIfNeeded: d2 >> 42) * 5
        h1 += h0 >> 44
        h0 &= Poly1305.low44
    }

    private mutating func carry() {
        h2 += h1 >> 44
        h1 &= Poly1305.low44
        h0 += (h2 >> 42) * 5
        h2 &= Poly1305.low42
        h1 += h0 >> 44
        h0 &= Poly1305.low44
    }

    private mutating func finish() -> [UInt8] {
        carry()
        carry()
        // The number less 2^130 - 5, taken where that is not negative.
        var g0 = h0 + 5
        var g1 = h1 + g0 >> 44
        g0 &= Poly1305.low44
        let g2 = h2 &+ (g1 >> 44) &- 1 << 42
        g1 &= Poly1305.low44
        let isSmaller = g2 >> 63
        let mask = isSmaller &- 1
        h0 = h0 & ~mask | g0 & mask
        h1 = h1 & ~mask | g1 & mask
        h2 = h2 & ~mask | g2 & mask
        let number = UInt128(h0) + UInt128(h1) << 44 + UInt128(h2 & 0xff_ffff_ffff) << 88
        let sum = number &+ (UInt128(pad1) << 64 | UInt128(pad0))
        return (0..<16).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt128($0))) }
    }
}
