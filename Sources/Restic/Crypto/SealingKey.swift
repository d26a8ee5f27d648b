import Crypto
import CryptoExtras

/// The keys of a repository: they seal everything in it but its key files. See "Keys, Encryption and MAC" in restic's design document.
package struct SealingKey: Hashable, Sendable {
    /// Bytes that sealing adds: the initialization vector before, and the code behind.
    package static let overhead = vectorLength + codeLength
    private static let vectorLength = 16
    private static let codeLength = 16

    /// For AES-256.
    let encryption: [UInt8]
    /// For the code: an AES-128 key, and the part of a Poly1305 key that is always the same.
    let (codeKey, codeFactor): ([UInt8], [UInt8])

    /// - Parameters:
    ///   - encryption: 32 bytes.
    ///   - codeKey: 16 bytes.
    ///   - codeFactor: 16 bytes; clamped here.
    init(encryption: [UInt8], codeKey: [UInt8], codeFactor: [UInt8]) {
        precondition(encryption.count == 32 && codeKey.count == 16 && codeFactor.count == 16)
        self.encryption = encryption
        self.codeKey = codeKey
        var factor = codeFactor
        for index in [3, 7, 11, 15] { factor[index] &= 15 }
        for index in [4, 8, 12] { factor[index] &= 252 }
        self.codeFactor = factor
    }

    /// A key for a new repository, from the system's random numbers.
    package static func random() -> SealingKey {
        func bytes(_ count: Int) -> [UInt8] { unsafe SymmetricKey(size: .init(bitCount: 8 * count)).withUnsafeBytes { unsafe Array($0) } }
        return SealingKey(encryption: bytes(32), codeKey: bytes(16), codeFactor: bytes(16))
    }

    /// Distinguishes repositories, and gives nothing of the key away.
    package var fingerprint: BlobID { BlobID(of: encryption + codeKey + codeFactor) }

    /// Encrypts and authenticates under a new random vector.
    package func seal(_ content: [UInt8]) -> [UInt8] {
        var vector = [UInt8](repeating: 0, count: SealingKey.vectorLength)
        // A vector of zeros is refused by restic.
        while vector.allSatisfy({ $0 == 0 }) { for index in vector.indices { vector[index] = UInt8.random(in: 0...255) } }
        return seal(content, vector: vector)
    }

    func seal(_ content: [UInt8], vector: [UInt8]) -> [UInt8] {
        let cipher = apply(to: content, vector: vector)
        var sealed: [UInt8] = []
        sealed.reserveCapacity(cipher.count + SealingKey.overhead)
        sealed += vector
        sealed += cipher
        sealed += code(of: cipher.span, vector: vector)
        return sealed
    }

    /// What was sealed; nil where the bytes are not what `seal` gave under this key.
    package func open(_ sealed: ArraySlice<UInt8>) -> [UInt8]? {
        guard sealed.count >= SealingKey.overhead else { return nil }
        let vector = Array(sealed.prefix(SealingKey.vectorLength))
        let cipher = Array(sealed.dropFirst(SealingKey.vectorLength).dropLast(SealingKey.codeLength))
        let expected = code(of: cipher.span, vector: vector)
        // All bytes are compared, wherever the first difference is.
        guard zip(expected, sealed.suffix(SealingKey.codeLength)).reduce(0, { $0 | ($1.0 ^ $1.1) }) == 0 else { return nil }
        return apply(to: cipher, vector: vector)
    }

    package func open(_ sealed: [UInt8]) -> [UInt8]? { open(sealed[...]) }

    /// AES in counter mode, which is its own inverse.
    private func apply(to content: [UInt8], vector: [UInt8]) -> [UInt8] {
        guard !content.isEmpty else { return [] }
        do {
            return Array(try AES._CTR.encrypt(content, using: SymmetricKey(data: encryption), nonce: AES._CTR.Nonce(nonceBytes: vector)))
        } catch {
            fatalError("AES-256 in counter mode refused a key of 32 bytes or a vector of 16: \(error)")
        }
    }

    private func code(of cipher: Span<UInt8>, vector: [UInt8]) -> [UInt8] {
        var pad = vector
        do { try AES.permute(&pad, key: SymmetricKey(data: codeKey)) } catch { fatalError("AES-128 refused a key of 16 bytes: \(error)") }
        return Poly1305.code(of: cipher, key: (codeFactor + pad).span)
    }
}
