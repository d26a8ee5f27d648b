import Files
import Foundation
import Testing

@testable import Restic

/// The vectors were made with restic 0.14 and with other implementations of the same algorithms.
@Suite("sealing")
struct CryptoTests {
    private func hex(_ text: String) -> [UInt8] {
        stride(from: 0, to: text.count, by: 2).map { at in
            let start = text.index(text.startIndex, offsetBy: at)
            return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }

    private let key = SealingKey(encryption: Array(0x00...0x1f), codeKey: Array(0x20...0x2f), codeFactor: Array(0x30...0x3f))
    private let vector = Array(1...16) as [UInt8]

    @Test(
        "Poly1305 agrees with other implementations",
        arguments: [
            (0, "737a81888f969da4abb2b9c0c7ced5dc"), (1, "827d8b9997b2c3d1afeafb09c8223442"), (15, "27d2ad58a1327751ccc50d784751ef72"),
            (16, "d96cf4daf87ced3ad3bfb3c8fdfa04ff"), (17, "6191fd38c652156ce8708fe954fa6798"), (1000, "cf0586e339b4934db433f000704999c5"),
        ])
    func codes(length: Int, code: String) {
        let key = (0..<32).map { UInt8(($0 * 7 + 3) % 256) }
        let message = (0..<length).map { UInt8(($0 * 31) % 256) }
        #expect(Poly1305.code(of: message.span, key: key.span) == hex(code))
    }

    @Test("Poly1305 at the edges of its field: sums just below, at and above 2^130 - 5, and all bits set")
    func edges() {
        // From RFC 8439, appendix A.3: vectors 7 to 11, with r and s as they are there.
        func code(_ r: String, _ s: String, _ message: String) -> [UInt8] { Poly1305.code(of: hex(message).span, key: (hex(r) + hex(s)).span) }
        let (two, zero) = ("02000000000000000000000000000000", String(repeating: "0", count: 32))
        let ones = String(repeating: "f", count: 32)
        #expect(code(two, zero, ones) == hex("03000000000000000000000000000000"))
        #expect(code(two, ones, two) == hex("03000000000000000000000000000000"))
        let one = "01000000000000000000000000000000"
        #expect(
            code(one, zero, ones + "f0ffffffffffffffffffffffffffffff" + "11000000000000000000000000000000") == hex("05000000000000000000000000000000"))
        #expect(code(one, zero, ones + "fbfefefefefefefefefefefefefefefe" + "01010101010101010101010101010101") == hex(zero))
        #expect(code(two, zero, "fdffffffffffffffffffffffffffffff") == hex("faffffffffffffffffffffffffffffff"))
    }

    @Test("sealing agrees with restic")
    func seal() {
        let none = hex("51993eae684fb8c5c03eb9eb6cb14b8e")
        #expect(key.seal([], vector: vector) == vector + none)
        #expect(key.seal(Array("hello".utf8), vector: vector) == vector + hex("feeb4aabe4") + hex("02f9e847344a68da8154841b49e231d9"))
        let many = [UInt8](repeating: 0x61, count: 40)
        let cipher = "f7ef47a6eab10989a4b694150668a435e8ee4abb8bd3fd38091f633ed60c2b47f7a9f3dd2ac0e2f2"
        #expect(key.seal(many, vector: vector) == vector + hex(cipher) + hex("b175ab4488ef0b5d344b5f7574c0ae39"))
    }

    @Test("what was sealed opens, and with any bit changed, cut short, or under another key does not", arguments: [0, 1, 15, 16, 17, 5000])
    func open(length: Int) {
        let content = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let sealed = key.seal(content)
        #expect(sealed.count == length + SealingKey.overhead)
        #expect(key.open(sealed) == content)
        for index in Array(sealed.indices.prefix(40)) + Array(sealed.indices.suffix(40)) {
            var broken = sealed
            broken[index] ^= 1 << (index % 8)
            #expect((key.open(broken) == nil) as Bool, "byte \(index)")
        }
        for missing in [1, 16, 32, sealed.count] { #expect(key.open(sealed.dropLast(missing)) == nil) }
        #expect(SealingKey.random().open(sealed) == nil)
        #expect(key.seal(content) != key.seal(content), "a vector is used once")
    }

    @Test("scrypt agrees with restic")
    func scrypt() throws {
        let derived = try KeyFile.derive("x", Array(0x00...0x3f), .usual)
        #expect(derived.encryption == hex("3613f3a7e17e159c6e6fb8d21e49f4c1463f393ba6e4881ee623f1162fd7f825"))
        #expect(derived.codeKey == hex("11714439ec0b31d9b0f33d4cdd6c98a4"))
    }

    @Test("a key file opens with its password and no other; one that is no key file, or asks for much memory, is damaged")
    func keyFile() throws {
        let cost = KeyFile.Cost(rounds: 1024)
        let file = try KeyFile.make(key, password: "密码 1", cost: cost, created: FileTime(seconds: 1_800_000_000), user: "u", host: "h")
        #expect(try KeyFile.open(file, password: "密码 1") == key)
        #expect(try KeyFile.open(file, password: "密码 2") == nil)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("\"created\":\"2027-01-15T08:00:00Z\"") && text.contains("\"kdf\":\"scrypt\""))
        for (old, new) in [
            ("\"N\":1024", "\"N\":1048576"), ("\"N\":1024", "\"N\":1000"), ("\"N\":1024", "\"N\":-1"), ("scrypt", "md5"), ("\"r\":8", "\"r\":0"),
        ] {
            #expect(throws: ResticError.damaged("a key file"), "\(new)") { try KeyFile.open(Array(text.replacing(old, with: new).utf8), password: "密码 1") }
        }
        for text in ["", "{}", "[]", "\u{0}"] { #expect(throws: ResticError.damaged("a key file")) { try KeyFile.open(Array(text.utf8), password: "x") } }
    }
}
