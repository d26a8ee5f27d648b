import Crypto
import CryptoExtras
package import Files
import Foundation

/// A file below `keys/`: the repository's key, sealed with one that a password gives. A repository has one for each of its passwords.
package struct KeyFile: Sendable {
    /// What scrypt costs: memory is 128 × `rounds` × `blockSize` bytes.
    package struct Cost: Hashable, Sendable {
        package var rounds: Int
        package var blockSize: Int
        package var parallelism: Int

        package init(rounds: Int, blockSize: Int = 8, parallelism: Int = 1) {
            self.rounds = rounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// What restic takes at most on its own: 32 MiB.
        package static let usual = Cost(rounds: 1 << 15)

        /// The most memory that a key file may ask for, in bytes.
        private static let mostMemory = 64 << 20

        var isBearable: Bool {
            rounds > 1 && rounds.nonzeroBitCount == 1 && (1...64).contains(blockSize) && (1...16).contains(parallelism) && rounds <= 1 << 24
                && 128 * rounds * blockSize <= Cost.mostMemory
        }
    }

    private struct Content: Codable {
        var created: String
        var username: String
        var hostname: String
        var kdf: String
        var N: Int
        var r: Int
        var p: Int
        var salt: Data
        var data: Data
    }

    private struct Keys: Codable {
        struct Code: Codable {
            var k: Data
            var r: Data
        }

        var mac: Code
        var encrypt: Data
    }

    private static let saltLength = 64

    /// The content of a new key file: plain JSON. Takes the time and memory of `cost`.
    /// - Parameters:
    ///   - created: When, for people.
    ///   - host: Where, for people.
    package static func make(
        _ key: SealingKey, password: String, cost: Cost = .usual, created: FileTime, user: String, host: String
    ) throws(ResticError) -> [UInt8] {
        let salt = unsafe SymmetricKey(size: .init(bitCount: 8 * saltLength)).withUnsafeBytes { unsafe Array($0) }
        let keys = Keys(mac: .init(k: Data(key.codeKey), r: Data(key.codeFactor)), encrypt: Data(key.encryption))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let plain = try? encoder.encode(keys) else { throw .damaged("the new key") }
        let sealed = try derive(password, salt, cost).seal(Array(plain))
        let content = Content(
            created: ResticTime.text(created), username: user, hostname: host, kdf: "scrypt", N: cost.rounds, r: cost.blockSize,
            p: cost.parallelism, salt: Data(salt), data: Data(sealed))
        guard let bytes = try? encoder.encode(content) else { throw .damaged("the new key") }
        return Array(bytes)
    }

    /// The repository's key, where the password is that of this file; nil where it is another one's. Takes the time and memory that the file names.
    /// - Throws: `damaged` for a file that is not a key file, or asks for more than 64 MiB.
    package static func open(_ bytes: [UInt8], password: String) throws(ResticError) -> SealingKey? {
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)), content.kdf == "scrypt" else { throw .damaged("a key file") }
        let cost = Cost(rounds: content.N, blockSize: content.r, parallelism: content.p)
        guard cost.isBearable else { throw .damaged("a key file") }
        guard let plain = try derive(password, Array(content.salt), cost).open(Array(content.data)) else { return nil }
        guard let keys = try? JSONDecoder().decode(Keys.self, from: Data(plain)), keys.encrypt.count == 32, keys.mac.k.count == 16, keys.mac.r.count == 16
        else { throw .damaged("a key file") }
        return SealingKey(encryption: Array(keys.encrypt), codeKey: Array(keys.mac.k), codeFactor: Array(keys.mac.r))
    }

    static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws(ResticError) -> SealingKey {
        let derived: SymmetricKey
        do {
            derived = try KDF.Scrypt.deriveKey(
                from: Array(password.utf8), salt: salt, outputByteCount: 64, rounds: cost.rounds, blockSize: cost.blockSize, parallelism: cost.parallelism)
        } catch {
            throw .damaged("a key file")
        }
        let bytes = unsafe derived.withUnsafeBytes { unsafe Array($0) }
        return SealingKey(encryption: Array(bytes[..<32]), codeKey: Array(bytes[32..<48]), codeFactor: Array(bytes[48...]))
    }
}
