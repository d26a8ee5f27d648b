import Crypto
import Foundation

/// What each answer demands of browsers. Pure.
enum SecurityHeaders {
    /// - Parameters:
    ///   - frameAncestors: Sites that may show the page in a frame, in the words of the header; empty for none but this one.
    static func of(_ answer: WebAnswer, frameAncestors: [String]) -> [(name: String, value: String)] {
        let ancestors = frameAncestors.isEmpty ? ["'self'"] : frameAncestors
        let policy = [
            "default-src 'none'", "script-src 'self'", "style-src 'self' \(styleOfWaiting)", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'",
            "form-action 'self'", "base-uri 'none'", "frame-ancestors \(ancestors.joined(separator: " "))",
        ]
        return [
            ("Content-Security-Policy", policy.joined(separator: "; ")), ("X-Content-Type-Options", "nosniff"),
            // A browser that is to send no referrer says nothing of the origin of a form either.
            ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ("Cache-Control", answer.isLasting ? "public, max-age=31536000, immutable" : "no-store"),
        ] + (answer.isLasting ? [] : [("Vary", "Accept-Language, Cookie")])
    }

    /// Of answers for programs.
    static let ofData: [(name: String, value: String)] = [
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox"), ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Vary", "Cookie, Authorization"),
    ]

    /// The waiting page brings its style along, so that it is whole in one answer.
    private static let styleOfWaiting = "'sha256-\(Data(SHA256.hash(data: Data(WaitingPage.style.utf8))).base64EncodedString())'"
}
