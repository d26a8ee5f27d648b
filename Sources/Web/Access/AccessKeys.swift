import Crypto
import Foundation
import JobKit
import Settings

/// What is made of the token: whether another one is the same, the cookies of those who have logged in, and the marks of their forms. A value.
///
/// All keys are derived from the token, so another token ends every login. Nothing is kept: a restart ends none.
struct AccessKeys: Sendable {
    /// How long a login lasts.
    static let loginLasts = Duration.seconds(30 * 86_400)

    private let token: SymmetricKey
    private let login: SymmetricKey
    private let form: SymmetricKey

    init(_ token: Secret) {
        let secret = SymmetricKey(data: Data(token.revealed.utf8))
        func key(_ use: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: Data("shipkeeper \(use)".utf8), outputByteCount: 32)
        }
        (self.token, login, form) = (key("token"), key("login"), key("form"))
    }

    /// Whether this is the token. Takes as long for any wrong one of the same length.
    func isRight(_ candidate: String) -> Bool { AccessKeys(Secret(candidate)).proof == proof }

    /// Of equal tokens equal. Two codes are compared in constant time. Source: swift-crypto, `HashedAuthenticationCode.==`.
    private var proof: HMAC<SHA256>.MAC { HMAC<SHA256>.authenticationCode(for: Data("proof".utf8), using: token) }

    /// What the cookie of a new login holds: until when it is valid, some chance, and the code of both.
    func login(at now: Date) -> String {
        let end = Int64(now.adding(AccessKeys.loginLasts).timeIntervalSince1970)
        let chance = unsafe SymmetricKey(size: .bits128).withUnsafeBytes { unsafe $0.map { AccessKeys.hex($0) }.joined() }
        let text = "\(end).\(chance)"
        return "\(text).\(AccessKeys.hex(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: login)))"
    }

    /// Whether a cookie is one of ours, and still valid.
    func isValid(_ cookie: String, at now: Date) -> Bool {
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let end = Int64(parts[0]), let code = AccessKeys.bytes(parts[2]) else { return false }
        guard HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data("\(parts[0]).\(parts[1])".utf8), using: login) else { return false }
        return Double(end) > now.timeIntervalSince1970
    }

    /// The mark of forms of this login: no other site can know it.
    func mark(of cookie: String) -> String { AccessKeys.hex(HMAC<SHA256>.authenticationCode(for: Data(cookie.utf8), using: form)) }

    func isMark(_ mark: String, of cookie: String) -> Bool {
        guard let code = AccessKeys.bytes(mark[...]) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(cookie.utf8), using: form)
    }

    private static func hex(_ code: some Sequence<UInt8>) -> String { code.map(hex).joined() }
    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    /// Nil for what is not 32 bytes in hexadecimal digits.
    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
